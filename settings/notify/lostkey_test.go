package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/settings/notify"
)

func sealedBy(t *testing.T, keys ...keyring.Key) func(*notify.Config) {
	t.Helper()
	ring, err := keyring.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *notify.Config) { c.Keys, c.Attempts = ring, 4 }
}

// A letter whose key was dropped is tried a few times, for the case that another
// node has sealed it by a key that this one learns at its next start, and then given
// up: the log and the dead letter name the key, and nothing of it is sent or kept.
func TestR41_ALetterWhoseKeyIsGoneIsGivenUp(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		gone := keyring.Generate()
		if err := open(t, db, sealedBy(t, gone)).Deliver(t.Context(), reset("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		p := open(t, db, sealedBy(t, keyring.Generate()))
		tries := 0
		for range 720 {
			tries += p.flush(t)
			p.now = p.now.Add(5 * time.Second)
		}
		log := p.log.String()
		if tries != 4 || strings.Count(log, "level=WARN") != 3 || strings.Count(log, "level=ERROR") != 1 || strings.Count(log, gone.ID) != 4 {
			t.Errorf("%d tries in an hour, and the log is\n%s", tries, log)
		}
		if strings.Contains(log, "ada@") || strings.Contains(log, "Ada") {
			t.Errorf("something personal is logged: %s", log)
		}
		dead, err := p.DeadItems(t.Context(), 10)
		if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Reason, gone.ID) || dead[0].Body != nil || dead[0].Attempts != 4 {
			t.Errorf("dead letters: %+v, %v", dead, err)
		}
		if n := len(p.mail.letters()); n != 0 {
			t.Errorf("%d letters were sent", n)
		}
	})
}

// A node that learns the key before the tries are over sends the letter.
func TestR41_ALetterWaitsForItsKey(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		old, next := keyring.Generate(), keyring.Generate()
		if err := open(t, db, sealedBy(t, next, old)).Deliver(t.Context(), reset("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		behind := open(t, db, sealedBy(t, old))
		if behind.flush(t) != 1 || len(behind.mail.letters()) != 0 {
			t.Error("it was not taken, or was sent")
		}
		restarted := open(t, db, sealedBy(t, old, next))
		restarted.now = behind.now.Add(time.Minute)
		if restarted.flush(t) != 1 || len(restarted.mail.letters()) != 1 {
			t.Error("it was not sent by the node that has the key")
		}
	})
}
