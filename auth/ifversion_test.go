package auth_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
)

// between lets a change come right before the next transaction, or right before
// the next update of a user.
type between struct {
	database
	before, update func()
}

func (b *between) InTx(ctx context.Context, f func(context.Context) error) error {
	run(&b.before)
	return b.database.InTx(ctx, f)
}

type betweenUsers struct {
	profile.Store
	b *between
}

func (u betweenUsers) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	run(&u.b.update)
	return u.Store.Update(ctx, id, p, events...)
}

func run(f *func()) {
	if once := *f; once != nil {
		*f = nil
		once()
	}
}

// refused: a change of the address with that version is stale, and leaves no
// trace.
func (c *change) refused(t *testing.T, what string, version int64) {
	t.Helper()
	messages := len(c.mail.all)
	if err := c.BeginEmailChange(t.Context(), home, c.id, adaNew, version); !errors.Is(err, storage.ErrStale) {
		t.Errorf("%s: %v; want storage.ErrStale", what, err)
	}
	c.user(t, func(u profile.User) bool { return u.PendingEmail == "" }, "no address is pending")
	if n := len(c.mail.all); n != messages {
		t.Errorf("%s: %d messages were sent", what, n-messages)
	}
	kinds := c.kinds(t)
	if slices.Contains(kinds, authevent.EmailChangeRequested) {
		t.Errorf("%s: the events are %v", what, kinds)
	}
}

func (c *change) kinds(t *testing.T) (kinds []activity.Kind) {
	t.Helper()
	events, err := c.db.Activity().Page(t.Context(), activity.Query{UserID: c.id.User.ID, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (c *change) rival(t *testing.T, name string) {
	t.Helper()
	if _, err := c.db.Users().Update(t.Context(), c.id.User.ID, profile.Patch{DisplayName: &name}); err != nil {
		t.Error(err)
	}
}

func TestBeginEmailChangeIfVersion(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		b := &between{database: db}
		c := openChange(t, b)
		c.refused(t, "an old version", c.now(t).Version-1)
		c.refused(t, "a version to come", c.now(t).Version+1)
		b.before = func() { c.rival(t, "one") }
		c.refused(t, "a change before the transaction", c.now(t).Version)
		if err := c.BeginEmailChange(t.Context(), home, c.id, adaNew, c.now(t).Version); err != nil {
			t.Errorf("the present version: %v", err)
		}
		// Without a version whatever comes between is kept.
		b.before = func() { c.rival(t, "two") }
		c.begin(t, adaTwo)
		c.user(t, func(u profile.User) bool { return u.DisplayName == "two" }, "its name is the new one")
	})
}

// apart is a database with the users of a host in another.
type apart struct {
	*between
	users profile.Store
}

func (a apart) Users() profile.Store { return a.users }

// A host's own users are not locked with their password, so that one may change
// inside the transaction.
func TestBeginEmailChangeIfVersionOfAHostsUsers(t *testing.T) {
	open := func() (*change, *between) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
		b := &between{database: migrated(t, db, err)}
		return openChange(t, apart{b, betweenUsers{memstore.New().Users(), b}}, func(c *auth.Config) {
			c.Stores = b.AuthApart()
		}), b
	}
	c, b := open()
	b.update = func() { c.rival(t, "one") }
	c.refused(t, "a change inside the transaction", c.now(t).Version)
	c.user(t, func(u profile.User) bool { return u.DisplayName == "one" }, "its name is the new one")
	b.update = func() { c.rival(t, "two") }
	c.begin(t, adaTwo)
	c.user(t, func(u profile.User) bool { return u.DisplayName == "two" }, "its name is the new one")

	// In a caller's transaction too, where nothing can be tried again.
	c, b = open()
	b.update = func() { c.rival(t, "three") }
	err := b.InTx(t.Context(), func(ctx context.Context) error {
		return c.BeginEmailChange(ctx, home, c.id, adaNew, c.now(t).Version)
	})
	if !errors.Is(err, storage.ErrStale) {
		t.Errorf("in a transaction: %v; want storage.ErrStale", err)
	}
}
