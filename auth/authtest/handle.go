package authtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// newHandle returns 64 random bytes, with those that a text would lose among them.
func newHandle() []byte {
	handle := make([]byte, authstore.MaxHandle)
	rand.Read(handle)
	copy(handle, "\x00\xff'\\x41\x80")
	return handle
}

// keptHandle has the store keep a new handle of the user, and returns it.
func keptHandle(t *testing.T, h Harness, user string) []byte {
	t.Helper()
	handle := newHandle()
	got, err := h.Stores.Handles.KeepHandle(conform.Context(t), user, handle, conform.Time())
	conform.Must(t, "KeepHandle", err)
	if !bytes.Equal(got, handle) {
		t.Fatalf("KeepHandle of a user's first handle: %x, want %x", got, handle)
	}
	return handle
}

// handleIs checks that the user has that handle, or none when it is nil.
func handleIs(t *testing.T, ctx context.Context, h Harness, user string, want []byte) {
	t.Helper()
	got, err := h.Stores.Handles.Handle(ctx, user)
	if want == nil {
		if !errors.Is(err, storage.ErrNotFound) || got != nil {
			t.Errorf("Handle: %x and error %v, want nothing and one matching storage.ErrNotFound", got, err)
		}
		return
	}
	conform.Must(t, "Handle", err)
	if !bytes.Equal(got, want) {
		t.Errorf("Handle: %x, want %x", got, want)
	}
}

// handleCases are for Stores that have Handles.
func handleCases(t *testing.T, h Harness) {
	hs := h.Stores.Handles
	if hs == nil {
		t.Log("the stores have no authstore.HandleStore")
		return
	}
	t.Run("T14e the first that is kept stays", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		handleIs(t, ctx, h, user, nil)
		first := keptHandle(t, h, user)
		for name, next := range map[string][]byte{"another": newHandle(), "the same": first} {
			got, err := hs.KeepHandle(ctx, user, next, conform.Time().Add(time.Hour))
			conform.Must(t, "KeepHandle of "+name, err)
			if !bytes.Equal(got, first) {
				t.Errorf("KeepHandle of %s: %x, want the first, %x", name, got, first)
			}
		}
		handleIs(t, ctx, h, user, first)
		handleIs(t, ctx, h, h.newUser(t), nil)
	})
	t.Run("of any length", func(t *testing.T) {
		for _, n := range []int{1, 2, authstore.MaxHandle - 1} {
			ctx, user := conform.Context(t), h.newUser(t)
			handle := newHandle()[authstore.MaxHandle-n:]
			_, err := hs.KeepHandle(ctx, user, handle, conform.Time())
			conform.Must(t, "KeepHandle", err)
			handleIs(t, ctx, h, user, handle)
			conform.Must(t, "EraseHandle", hs.EraseHandle(ctx, user)) // few users can have so short a one
		}
	})
	t.Run("the ID of the user", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		_, err := hs.KeepHandle(ctx, user, []byte(user), conform.Time())
		conform.Must(t, "KeepHandle", err)
		handleIs(t, ctx, h, user, []byte(user))
	})
	t.Run("what is handed in and out is nobody's to change", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		given := newHandle()
		want := bytes.Clone(given)
		kept, err := hs.KeepHandle(ctx, user, given, conform.Time())
		conform.Must(t, "KeepHandle", err)
		given[0], kept[1] = 'x', 'x'
		handleIs(t, ctx, h, user, want)
		got, err := hs.Handle(ctx, user)
		conform.Must(t, "Handle", err)
		got[2] = 'x'
		handleIs(t, ctx, h, user, want)
	})
	for name, offer := range map[string]func(user string) []byte{
		"handles of their own": func(string) []byte { return newHandle() },
		"one handle":           func(user string) []byte { return []byte(user) },
	} {
		t.Run("T14e 20 at once with "+name+" get the same", func(t *testing.T) {
			ctx, user := conform.Context(t), h.newUser(t)
			got := make([][]byte, 20)
			for _, err := range conform.Together(len(got), func(i int) (err error) {
				got[i], err = hs.KeepHandle(ctx, user, offer(user), conform.Time())
				return err
			}) {
				conform.Must(t, "KeepHandle", err)
			}
			for _, g := range got {
				if !bytes.Equal(g, got[0]) {
					t.Errorf("one of 20 got %x, another %x", g, got[0])
				}
			}
			handleIs(t, ctx, h, user, got[0])
		})
	}
	t.Run("T14e one of another user is taken", func(t *testing.T) {
		ctx, owner, other := conform.Context(t), h.newUser(t), h.newUser(t)
		handle := keptHandle(t, h, owner)
		got, err := hs.KeepHandle(ctx, other, handle, conform.Time())
		if taken, ok := errors.AsType[*storage.TakenError](err); !ok || taken.Field != "handle" || got != nil {
			t.Errorf("KeepHandle: %x and error %v, want nothing and a TakenError of handle", got, err)
		}
		handleIs(t, ctx, h, other, nil)
		handleIs(t, ctx, h, owner, handle)
	})
	t.Run("what cannot be is refused", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		for name, bad := range map[string]struct {
			user   string
			handle []byte
		}{
			"no handle": {user, nil}, "no bytes": {user, []byte{}}, "too many bytes": {user, make([]byte, authstore.MaxHandle+1)},
			"nobody's": {"", newHandle()}, "no text": {"\xff", newHandle()}, "a NUL": {user + "\x00", newHandle()},
		} {
			if got, err := hs.KeepHandle(ctx, bad.user, bad.handle, conform.Time()); err == nil || got != nil {
				t.Errorf("%s: %x and error %v, want nothing and an error", name, got, err)
			}
			if bad.user != user {
				handleIs(t, ctx, h, bad.user, nil)
			}
		}
		handleIs(t, ctx, h, user, nil)
	})
	t.Run("erased with its user, and no other's", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		keptHandle(t, h, user)
		other := h.newUser(t)
		stays := keptHandle(t, h, other)
		for range 2 { // the second time there is none
			conform.Must(t, "EraseHandle", hs.EraseHandle(ctx, user))
			handleIs(t, ctx, h, user, nil)
		}
		for _, nobody := range []string{"", "no\x00text\xff", other + " "} {
			conform.Must(t, "EraseHandle of nobody", hs.EraseHandle(ctx, nobody))
		}
		handleIs(t, ctx, h, other, stays)
		handleIs(t, ctx, h, user, nil)
		keptHandle(t, h, user)
	})
	t.Run("ended context", func(t *testing.T) {
		user, other := h.newUser(t), h.newUser(t)
		handle := keptHandle(t, h, user)
		conform.EndedContext(t, []conform.Call{
			{Name: "Handle", Do: func(ctx context.Context) error { _, err := hs.Handle(ctx, user); return err }},
			{Name: "KeepHandle", Do: func(ctx context.Context) error {
				_, err := hs.KeepHandle(ctx, other, newHandle(), conform.Time())
				return err
			}},
			{Name: "EraseHandle", Do: func(ctx context.Context) error { return hs.EraseHandle(ctx, user) }},
		})
		handleIs(t, conform.Context(t), h, user, handle)
		handleIs(t, conform.Context(t), h, other, nil)
	})
	t.Run("transaction", func(t *testing.T) { handleTxCases(t, h) })
}

// handleTxCases change handles inside transactions.
func handleTxCases(t *testing.T, h Harness) {
	type do = func(context.Context) error
	type made = func(context.Context) bool
	hs := h.Stores.Handles
	has := func(ctx context.Context, user string) bool { _, err := hs.Handle(ctx, user); return err == nil }
	owner, other := h.newUser(t), h.newUser(t)
	handle := keptHandle(t, h, owner)
	conform.Refusals(t, h.Tx, []conform.Refusal{
		{
			Name: "a user without a handle", Is: storage.ErrNotFound,
			Do: func(ctx context.Context) error { _, err := hs.Handle(ctx, other); return err },
		},
		{
			Name: "the handle of another user", Is: storage.ErrTaken,
			Do: func(ctx context.Context) error {
				_, err := hs.KeepHandle(ctx, other, handle, conform.Time())
				return err
			},
		},
	})
	conform.Transactions(t, h.Tx, []conform.Change{
		change("KeepHandle", h, func(t *testing.T, user string) (do, made) {
			return func(ctx context.Context) error {
				_, err := hs.KeepHandle(ctx, user, newHandle(), conform.Time())
				return err
			}, func(ctx context.Context) bool { return has(ctx, user) }
		}),
		change("EraseHandle", h, func(t *testing.T, user string) (do, made) {
			keptHandle(t, h, user)
			return func(ctx context.Context) error { return hs.EraseHandle(ctx, user) },
				func(ctx context.Context) bool { return !has(ctx, user) }
		}),
	})
}
