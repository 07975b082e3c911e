package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// told keeps who was changed, and what others could see then.
type told struct {
	users []string
	bios  []string
}

func watch(t *testing.T, db *sqlstore.DB) *told {
	var w told
	db.Watch(func(id string) {
		w.users = append(w.users, id)
		u, err := db.Users().User(context.WithoutCancel(t.Context()), id)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		w.bios = append(w.bios, u.Bio)
	})
	return &w
}

// take empties the list.
func (w *told) take() []string {
	defer func() { w.users, w.bios = nil, nil }()
	return w.users
}

func TestR17_EveryChangeOfAUserIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		ada, bob := user(t, ctx, db, "ada"), user(t, ctx, db, "bob")
		_, s := signedIn(t, db, ada.ID)
		sessions, passwords := db.Auth().Sessions, db.Auth().Passwords
		bio, stale := "new", profile.Patch{IfVersion: 99}
		stale.Bio = &bio
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		w := watch(t, db)
		for _, tt := range []struct {
			name string
			do   func() error
			err  error
			want []string
		}{
			{"profile", func() error { _, err := db.Users().Update(ctx, ada.ID, profile.Patch{Bio: &bio}); return err }, nil, []string{ada.ID}},
			{"stale", func() error { _, err := db.Users().Update(ctx, ada.ID, stale); return err }, storage.ErrStale, []string{ada.ID}},
			{"cancelled", func() error { _, err := db.Users().Update(cancelled, bob.ID, profile.Patch{Bio: &bio}); return err }, context.Canceled, []string{bob.ID}},
			{"password", func() error { return passwords.SetPassword(ctx, ada.ID, "", "hash") }, nil, []string{ada.ID}},
			{"rotation", func() error {
				next := s
				next.TokenHash[0]++
				return sessions.RotateSession(ctx, s.TokenHash, next)
			}, nil, []string{ada.ID}},
			{"end", func() error { return sessions.EndSession(ctx, ada.ID, s.ID) }, nil, []string{ada.ID}},
			{"end all", func() error { _, err := sessions.EndSessions(ctx, bob.ID, ""); return err }, nil, []string{bob.ID}},
			{"purge", func() error { _, err := sessions.PurgeSessions(ctx, time.Now(), 10); return err }, nil, []string{""}},
			{"read", func() error { _, err := db.Users().User(ctx, ada.ID); return err }, nil, nil},
		} {
			if err := tt.do(); !errors.Is(err, tt.err) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
			}
			if got := w.take(); !slices.Equal(got, tt.want) {
				t.Errorf("%s: told %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

func TestR17_AChangeIsToldAfterItsTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		ada, bob := user(t, ctx, db, "ada"), user(t, ctx, db, "bob")
		w := watch(t, db)
		change := func(ctx context.Context, id, bio string) {
			t.Helper()
			if _, err := db.Users().Update(ctx, id, profile.Patch{Bio: &bio}); err != nil {
				t.Error(err)
			}
		}
		if db.InTransaction(ctx) {
			t.Error("no transaction is one")
		}
		in := func(end func() error) (err error) {
			defer func() {
				if v := recover(); v != nil {
					err = v.(error)
				}
			}()
			return db.InTx(ctx, func(ctx context.Context) error {
				if !db.InTransaction(ctx) {
					t.Error("a transaction is none")
				}
				change(ctx, ada.ID, "in")
				err := db.InTx(ctx, func(ctx context.Context) error {
					change(ctx, bob.ID, "in")
					return nil
				})
				if err != nil {
					return err
				}
				if got := w.take(); got != nil {
					t.Errorf("told %v before the commit", got)
				}
				return end()
			})
		}
		for name, end := range map[string]func() error{
			"rolled back": func() error { return errOnPurpose },
			"panicked":    func() error { panic(errOnPurpose) },
		} {
			if err := in(end); !errors.Is(err, errOnPurpose) {
				t.Errorf("%s: %v", name, err)
			}
			if !slices.Equal(w.bios, []string{"", ""}) {
				t.Errorf("%s: seen %q", name, w.bios)
			}
			if got := w.take(); !slices.Equal(got, []string{ada.ID, bob.ID}) {
				t.Errorf("%s: told %v", name, got)
			}
		}
		if err := in(func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(w.bios, []string{"in", "in"}) {
			t.Errorf("when it was told others saw %q", w.bios)
		}
		if got := w.take(); !slices.Equal(got, []string{ada.ID, bob.ID}) {
			t.Errorf("told %v", got)
		}
	})
}

var _ authstore.Watched = (*sqlstore.DB)(nil)
