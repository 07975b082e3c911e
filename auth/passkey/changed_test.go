package passkey_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/internal/softkey"
)

// lines are what a log got.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// count is how many records of the kind have that reason.
func (l *lines) count(kind activity.Kind, reason string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, fmt.Sprintf("kind=%s ", kind)) && strings.Contains(line, "reason="+reason+"\n") {
			n++
		}
	}
	return n
}

// A passkey whose backup eligibility is not what it was when it was added is refused, in
// each of the ceremonies, and the owner's feed and the log tell it from an answer that is
// wrong. The passkey as it was goes on working.
func TestT14d_APasskeyThatBecomesEligibleForBackupIsTold(t *testing.T) {
	for name, at := range map[string]struct{ added, now byte }{
		"eligible now":        {0, softkey.Eligible},
		"backed up now":       {0, softkey.Eligible | softkey.BackedUp},
		"no longer eligible":  {softkey.Eligible, 0},
		"no longer backed up": {softkey.Eligible | softkey.BackedUp, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				var log lines
				w := open(t, db, func(c *auth.Config) {
					c.LimitStore, c.Logger = limit.Off{}, slog.New(slog.NewTextHandler(&log, nil))
				})
				p := w.register("ada")
				p.key = softkey.New(origin)
				p.key.Flags |= at.added
				p.add(p.key, "Phone")
				user := p.id().User.ID
				told := func(kind activity.Kind, reason string, want int) {
					t.Helper()
					events, err := db.Activity().Page(t.Context(), activity.Query{UserID: user, Limit: 100, Kind: kind})
					if err != nil {
						t.Fatal(err)
					}
					got := 0
					for _, e := range events {
						if e.Detail["method"] == auth.KindPasskey && e.Detail["reason"] == reason {
							got++
						}
					}
					if logged := log.count(kind, reason); got != want || logged != want {
						t.Errorf("%s as %s: %d in the feed and %d in the log, want %d", kind, reason, got, logged, want)
					}
				}
				changed := *p.key
				changed.Flags = changed.Flags&^at.added | at.now

				ch := w.begin()
				_, err := w.signIn(ch, changed.Get(ch.Options))
				w.refused("alone", err, auth.ErrInvalidCredentials)
				told(authevent.SignInFailed, "changed", 1)

				half, err := w.nodes[0].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
				if err != nil {
					t.Fatal(err)
				}
				who, err := w.nodes[0].AuthenticateHalf(t.Context(), half.Token)
				if err != nil {
					t.Fatal(err)
				}
				if ch, err = w.nodes[0].BeginPasskeyProof(t.Context(), who); err != nil {
					t.Fatal(err)
				}
				answer := func(key softkey.Key) auth.Answer {
					return auth.Answer{Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: key.Get(ch.Options)}}
				}
				_, err = w.nodes[1].FinishSignIn(t.Context(), home, who, answer(changed), false)
				w.refused("the second factor", err, authfactor.ErrChangedPasskey)
				w.refused("the second factor", err, auth.ErrInvalidCode)
				told(authevent.SecondFactorFailed, "changed", 1)

				if ch, err = w.nodes[0].BeginPasskeyProof(t.Context(), p.id()); err != nil {
					t.Fatal(err)
				}
				_, err = w.nodes[1].ReauthenticateWith(t.Context(), home, p.id(), answer(changed))
				w.refused("a proof", err, authfactor.ErrChangedPasskey)
				told(authevent.ReauthenticationFailed, "changed", 1)

				// Without the key nobody can have the owner told so.
				forged := changed
				forged.Lie = func(a *softkey.Answer) { a.Forge = true }
				ch = w.begin()
				_, err = w.signIn(ch, forged.Get(ch.Options))
				w.refused("forged", err, auth.ErrInvalidCredentials)
				told(authevent.SignInFailed, "changed", 1)
				told(authevent.SignInFailed, "wrong", 1)

				ch = w.begin()
				if _, err := w.signIn(ch, p.key.Get(ch.Options)); err != nil {
					t.Errorf("the passkey as it was: %v", err)
				}
			})
		})
	}
}

// A copy is logged by the reason that the owner's feed has, too.
func TestT14d_TheLogHasTheReasonOfTheFeed(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		var log lines
		w := open(t, db, func(c *auth.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		p := w.withPasskey("ada")
		copied := *p.key
		copied.Count = 1
		ch := w.begin()
		_, err := w.signIn(ch, copied.Get(ch.Options))
		w.refused("a copy", err, auth.ErrInvalidCredentials)
		if n := log.count(authevent.SignInFailed, "copied"); n != 1 {
			t.Errorf("%d records of a copy, want 1", n)
		}
	})
}
