package authtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// hashOf stands for an encoded hash; stores keep any text.
func hashOf(s string) string { return "$conform$m=19456,t=2,p=1$c2FsdA$" + s }

func passwordCases(t *testing.T, h Harness) {
	p := h.Stores.Passwords
	t.Run("a user without one has none", func(t *testing.T) {
		passwordIs(t, conform.Context(t), h, h.newUser(t), "")
	})
	t.Run("a user that does not exist has none", func(t *testing.T) {
		for _, id := range []string{"999999999999", "", "no such user"} {
			passwordIs(t, conform.Context(t), h, id, "")
			got, err := p.LockPassword(conform.Context(t), id)
			if got != "" || err != nil {
				t.Errorf("LockPassword of no user: %q and error %v, want none", got, err)
			}
		}
	})
	t.Run("set, replace and clear", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), h.newUser(t)
		present := ""
		for _, next := range []string{hashOf("a"), hashOf("b"), hashOf(strings.Repeat("long", 50)), ""} {
			conform.Must(t, "SetPassword", p.SetPassword(ctx, user, present, next))
			passwordIs(t, ctx, h, user, next)
			present = next
		}
		passwordIs(t, ctx, h, other, "")
	})
	t.Run("erased, it is as if there never was one", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), h.newUser(t)
		for _, id := range []string{user, other} {
			conform.Must(t, "SetPassword", p.SetPassword(ctx, id, "", hashOf("a")))
		}
		for range 2 {
			conform.Must(t, "Erase", p.Erase(ctx, user))
			passwordIs(t, ctx, h, user, "")
		}
		passwordIs(t, ctx, h, other, hashOf("a"))
		conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("b")))
		for _, id := range []string{"999999999999", "", "no such user"} {
			conform.Must(t, "Erase of no user", p.Erase(ctx, id))
		}
	})
	t.Run("a stale hash changes nothing", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("present")))
		for _, old := range []string{"", hashOf("other"), strings.ToUpper(hashOf("present")), hashOf("present") + " "} {
			e := event(user)
			if err := p.SetPassword(ctx, user, old, hashOf("next"), e); !errors.Is(err, storage.ErrStale) {
				t.Errorf("SetPassword with the old hash %q: error %v, want one matching storage.ErrStale", old, err)
			}
			passwordIs(t, ctx, h, user, hashOf("present"))
			wroteEvent(t, ctx, h, e, false)
		}
		bare := h.newUser(t)
		if err := p.SetPassword(ctx, bare, hashOf("any"), hashOf("next")); !errors.Is(err, storage.ErrStale) {
			t.Errorf("SetPassword with an old hash where there is none: error %v, want one matching storage.ErrStale", err)
		}
		passwordIs(t, ctx, h, bare, "")
	})
	t.Run("of 50 concurrent changes of one hash one wins", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		for range 2 { // of no hash, and then of one
			old, err := p.PasswordHash(ctx, user)
			conform.Must(t, "PasswordHash", err)
			winner, won := 0, 0
			for i, err := range conform.Together(50, func(i int) error {
				return p.SetPassword(ctx, user, old, hashOf(fmt.Sprint(len(old), ".", i)))
			}) {
				switch {
				case err == nil:
					winner, won = i, won+1
				case !errors.Is(err, storage.ErrStale):
					t.Errorf("a loser got %v, want an error matching storage.ErrStale", err)
				}
			}
			if won != 1 {
				t.Fatalf("%d of 50 concurrent SetPassword of one old hash won, want 1", won)
			}
			passwordIs(t, ctx, h, user, hashOf(fmt.Sprint(len(old), ".", winner)))
		}
	})
	t.Run("events are written with it or neither is", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		e := event(user)
		conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("a"), e))
		wroteEvent(t, ctx, h, e, true)
		bad, ok := h.unwritable(t, user)
		if !ok {
			return
		}
		fresh := event(user)
		if err := p.SetPassword(ctx, user, hashOf("a"), hashOf("b"), fresh, bad); err == nil {
			t.Error("SetPassword with an event whose ID exists: nil, want an error")
		}
		passwordIs(t, ctx, h, user, hashOf("a"))
		wroteEvent(t, ctx, h, fresh, false)
	})
	t.Run("setting one of no user is not found, where users are known", func(t *testing.T) {
		if h.Users == nil {
			return
		}
		ctx, e := conform.Context(t), event("999999999998")
		err := p.SetPassword(ctx, e.UserID, "", hashOf("a"), e)
		if err == nil {
			// The store keeps passwords apart from users, as it may.
			passwordIs(t, ctx, h, e.UserID, hashOf("a"))
			return
		}
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("SetPassword of no user: error %v, want nil or one matching storage.ErrNotFound", err)
		}
		wroteEvent(t, ctx, h, e, false)
	})
}

func passwordIs(t *testing.T, ctx context.Context, h Harness, user, want string) {
	t.Helper()
	got, err := h.Stores.Passwords.PasswordHash(ctx, user)
	if err != nil || got != want {
		t.Errorf("PasswordHash: %q and error %v, want %q", got, err, want)
	}
}

func lockCases(t *testing.T, h Harness) {
	p := h.Stores.Passwords
	t.Run("outside a transaction it only reads", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("a")))
		got, err := p.LockPassword(ctx, user)
		if err != nil || got != hashOf("a") {
			t.Errorf("LockPassword: %q and error %v, want the hash", got, err)
		}
		conform.Must(t, "SetPassword after it", p.SetPassword(ctx, user, hashOf("a"), hashOf("b")))
	})
	if h.Tx == nil {
		return
	}
	t.Run("others wait until the transaction ends", func(t *testing.T) { lockHolds(t, h) })
	t.Run("of 20 that lock and then set none is stale", func(t *testing.T) { lockedChain(t, h) })
}

// lockHolds starts a SetPassword while a transaction holds the lock. It must
// not take effect before the transaction's own, and is stale after it.
func lockHolds(t *testing.T, h Harness) {
	p := h.Stores.Passwords
	for range 10 {
		ctx, user := conform.Context(t), h.newUser(t)
		conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("a")))
		var other chan error
		err := h.Tx.InTx(ctx, func(tx context.Context) error {
			old, err := p.LockPassword(tx, user)
			if err != nil {
				return err
			}
			if other == nil { // fn may run again
				other = make(chan error, 1)
				begun := make(chan struct{})
				go func() {
					close(begun)
					other <- p.SetPassword(ctx, user, hashOf("a"), hashOf("thief"))
				}()
				<-begun
			}
			for range 20 {
				if got, err := p.PasswordHash(tx, user); err != nil || got != old {
					return fmt.Errorf("under the lock the hash became %q, %w", got, errors.Join(err))
				}
			}
			return p.SetPassword(tx, user, old, hashOf("owner"))
		})
		if err != nil {
			t.Fatalf("lock and set in a transaction, beside another SetPassword: %v", err)
		}
		if err := <-other; !errors.Is(err, storage.ErrStale) {
			t.Fatalf("a SetPassword that began under the lock: error %v, want one matching storage.ErrStale", err)
		}
		passwordIs(t, ctx, h, user, hashOf("owner"))
	}
}

func lockedChain(t *testing.T, h Harness) {
	const writers = 20
	p := h.Stores.Passwords
	ctx, user := conform.Context(t), h.newUser(t)
	conform.Must(t, "SetPassword", p.SetPassword(ctx, user, "", hashOf("")))
	for i, err := range conform.Together(writers, func(int) error {
		return h.Tx.InTx(ctx, func(ctx context.Context) error {
			old, err := p.LockPassword(ctx, user)
			if err != nil {
				return err
			}
			return p.SetPassword(ctx, user, old, old+"x")
		})
	}) {
		if err != nil {
			t.Errorf("transaction %d that locked the password could not set it: %v", i, err)
		}
	}
	passwordIs(t, ctx, h, user, hashOf(strings.Repeat("x", writers)))
}
