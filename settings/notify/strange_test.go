package notify_test

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/notify"
)

// TestT02_StrangersGetNoNotices: whoever signs up with somebody else's address has no notice
// sent there, however much happens in the account, until the account is a week old. The host
// whose users do not say what was proved may send them.
func TestT02_StrangersGetNoNotices(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		u, err := db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		sent := func(n *notify.Notifier, at time.Time) int {
			t.Helper()
			p.now = at
			before := len(p.mail.letters())
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				for range 30 {
					if err := n.Record(ctx, activity.NewEvent(ctx, authevent.SessionsEnded, u.ID, at, nil)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for p.flush(t) > 0 {
			}
			return len(p.mail.letters()) - before
		}
		const week = 7 * 24 * time.Hour
		for _, at := range []time.Time{u.CreatedAt, u.CreatedAt.Add(week - time.Second)} {
			if n := sent(p.Notifier, at); n != 0 {
				t.Errorf("%v after the sign-up a stranger got %d letters", at.Sub(u.CreatedAt), n)
			}
		}
		if n := sent(p.Notifier, u.CreatedAt.Add(week)); n != 30 {
			t.Errorf("a week after the sign-up %d letters went", n)
		}
		if u, err = db.Users().Update(t.Context(), u.ID, profile.Patch{EmailVerified: new(true)}); err != nil {
			t.Fatal(err)
		}
		if n := sent(p.Notifier, u.CreatedAt.Add(time.Hour)); n != 30 {
			t.Errorf("to an address that was proved %d letters went", n)
		}
	})
}
