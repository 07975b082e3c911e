package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// twoWorkers are those of one process of runTwo.
const twoWorkers = 2

// slowLines is a Sender that takes 50 ms, and writes a line at the beginning of each letter
// and one at its end.
type slowLines struct{ to *os.File }

func (l slowLines) Send(ctx context.Context, letter notify.Letter) error {
	_, err := l.to.WriteString("+" + letter.Text + "\n")
	select {
	case <-time.After(50 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	_, end := l.to.WriteString("-" + letter.Text + "\n")
	return errors.Join(err, end)
}

// runTwo is the life of a process with two workers.
func runTwo(ctx context.Context, db *sqlstore.DB, to *os.File) error {
	n, err := ofTwo(db, os.Getenv(workerKey), to)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

func ofTwo(db *sqlstore.DB, key string, to *os.File) (*notify.Notifier, error) {
	keys, err := keyring.Parse(key)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{Store: db.Outbox(), Keys: keys, Policy: notify.Policy{
		Senders: map[authmail.Channel]notify.Sender{authmail.BySMS: slowLines{to}}, Workers: twoWorkers, Poll: 100 * time.Millisecond,
		Render: func(m authmail.Message, _ string) (notify.Letter, error) { return notify.Letter{Text: m.Code}, nil },
	}})
}

// R28: two processes send 600 notices of one account and some of another one. A link that
// is written meanwhile goes before all that no worker has in hand yet; those of one account
// are sent one at a time, in their order, by both processes.
func TestR28_TwoProcessesSendALinkFirst(t *testing.T) {
	for name, at := range map[string]func(t *testing.T) string{
		"SQLite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "app.db") },
		"Postgres": func(t *testing.T) string { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			at, sent, key := at(t), filepath.Join(t.TempDir(), "sent"), keyring.Generate().Encode()
			db, err := openDatabase(t.Context(), at)
			if err == nil {
				t.Cleanup(func() { db.Close() })
				err = db.Migrate(t.Context(), sqlstore.MigrateOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
			n, err := ofTwo(db, key, nil)
			if err != nil {
				t.Fatal(err)
			}
			deliver := func(kind authmail.Kind, user, code string) {
				t.Helper()
				if err := n.Deliver(t.Context(), authmail.Message{Kind: kind, Channel: authmail.BySMS, To: "+41791234567", UserID: user, Code: code}); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 600 {
				deliver(authmail.Notice, "many", fmt.Sprintf("many-%03d", i))
			}
			for i := range 10 {
				deliver(authmail.Notice, fmt.Sprint("few", i), fmt.Sprintf("few-%03d", i))
			}
			for range 2 {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), workerDatabase+"="+at, workerKey+"="+key, workerSent+"="+sent, workerRuns+"=1")
				said := &bytes.Buffer{}
				cmd.Stderr = said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					cmd.Process.Kill()
					cmd.Wait()
					if t.Failed() {
						t.Logf("a process said: %.2000s", said)
					}
				})
			}
			written := func() []string {
				data, err := os.ReadFile(sent)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				whole := data[:bytes.LastIndexByte(data, '\n')+1]
				return strings.Fields(string(whole))
			}
			until := func(what string, ok func(list []string) bool) []string {
				t.Helper()
				for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
					if list := written(); ok(list) {
						return list
					}
					if time.Now().After(end) {
						t.Fatalf("not in a minute: %s: %.300q … %q", what, written(), written()[max(0, len(written())-6):])
					}
				}
			}
			until("both send", func(list []string) bool { return len(list) > 12 })
			deliver(authmail.Reset, "ada", "link")
			before := len(written())
			list := until("the link is sent", func(list []string) bool { return slices.Contains(list, "-link") })
			begun := 0
			for _, line := range list[before:max(before, slices.Index(list, "+link"))] {
				if strings.HasPrefix(line, "+") {
					begun++
				}
			}
			if begun > 2*twoWorkers+1 {
				t.Errorf("%d letters were begun before the link: %.500q", begun, list[before:])
			}
			list = until("the others are sent", func(list []string) bool {
				return slices.Contains(list, "-many-030") && slices.Contains(list, "-few-009")
			})
			var many []string
			for _, line := range list {
				if strings.Contains(line, "many-") {
					many = append(many, line)
				}
			}
			for i := range many {
				if want := fmt.Sprintf("%cmany-%03d", "+-"[i%2], i/2); many[i] != want {
					t.Fatalf("line %d of one account is %s, want %s", i, many[i], want)
				}
			}
			// The others had their turn after the first ones of the account with many.
			if first := list[:slices.Index(list, "-few-009")]; slices.Contains(first, "+many-012") {
				t.Errorf("others waited for the account with many: %.500q", first)
			}
			t.Logf("%d letters were begun between the link's commit and its sending", begun)
		})
	}
}
