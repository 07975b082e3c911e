package notify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
)

// slowMailer sends each letter in the last moment that it has, and tells others of
// that moment.
type slowMailer struct {
	mailer
	t       *testing.T
	timeout time.Duration
	// wait is what goes on elsewhere until the letter is sent.
	wait func()
}

func (m *slowMailer) Send(ctx context.Context, l notify.Letter) error {
	// The clock of a context is the real one, so it is only looked at.
	if end, bounded := ctx.Deadline(); !bounded || time.Until(end) > m.timeout {
		m.t.Errorf("a letter may take until %v, want %v at most", end, m.timeout)
	}
	m.wait()
	return m.mailer.Send(ctx, l)
}

// A letter that takes as long as it may is not sent by another node too, also when that
// one's clock is 3 minutes ahead.
func TestR28_SlowLettersAreSentOnce(t *testing.T) {
	const messages, timeout, ahead = 25, 30 * time.Second, 3 * time.Minute
	onDatabases(t, func(t *testing.T, db database) {
		slow := &slowMailer{t: t, timeout: timeout}
		// Both nodes have the same keys, as nodes of one host do.
		var keys func(c *notify.Config)
		other := open(t, db, func(c *notify.Config) {
			k := c.Keys
			keys = func(c *notify.Config) { c.Keys = k }
		})
		node := open(t, db, keys, func(c *notify.Config) {
			c.SendTimeout = timeout
			c.Senders = map[authmail.Channel]notify.Sender{authmail.ByEmail: slow}
		})
		for i := range messages {
			if err := node.Deliver(t.Context(), resetOf(fmt.Sprint(i), fmt.Sprintf("u%d@example.org", i))); err != nil {
				t.Fatal(err)
			}
		}
		slow.wait = func() {
			node.now = node.now.Add(timeout)
			other.now = node.now.Add(ahead)
			other.flush(t) // ten at most
		}
		for node.flush(t) > 0 {
		}
		times := map[string]int{}
		for _, l := range append(slow.letters(), other.mail.letters()...) {
			times[l.To]++
		}
		for i := range messages {
			if n := times[fmt.Sprintf("u%d@example.org", i)]; n != 1 {
				t.Errorf("letter %d was sent %d times", i, n)
			}
		}
		if len(slow.letters()) < 2 || len(other.mail.letters()) == 0 {
			t.Errorf("%d letters were slow and %d were not, want several and some", len(slow.letters()), len(other.mail.letters()))
		}
	})
}
