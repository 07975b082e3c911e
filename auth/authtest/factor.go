package authtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

const factorKind = "conform"

// newFactor returns a confirmed factor of the user with every field filled in.
func newFactor(user string) authstore.FactorRecord {
	at := conform.Time()
	return authstore.FactorRecord{
		ID: rand.Text(), UserID: user, Kind: factorKind, Name: "Tÿpe 'x' \\ \u202e", Lookup: rand.Text(),
		Counter: 7, Data: []byte("\x00\xff'\\x41\x80"), CreatedAt: at, LastUsedAt: at.Add(time.Second),
	}
}

func pendingFactor(user string) authstore.FactorRecord {
	r := newFactor(user)
	r.Pending, r.ExpiresAt, r.LastUsedAt = true, r.CreatedAt.Add(10*time.Minute), time.Time{}
	r.SessionID = rand.Text()
	return r
}

func addedFactor(t *testing.T, h Harness, r authstore.FactorRecord) authstore.FactorRecord {
	t.Helper()
	conform.Must(t, "AddFactor", h.Stores.Factors.AddFactor(conform.Context(t), r))
	return r
}

// factorsAre checks that the user has exactly those, in order.
func factorsAre(t *testing.T, ctx context.Context, h Harness, user string, want ...authstore.FactorRecord) {
	t.Helper()
	got, err := h.Stores.Factors.Factors(ctx, user)
	conform.Must(t, "Factors", err)
	if len(got) != len(want) {
		t.Fatalf("the user has %d factors, want %d", len(got), len(want))
	}
	for i := range got {
		sameFactor(t, got[i], want[i])
	}
}

func sameFactor(t *testing.T, got, want authstore.FactorRecord) {
	t.Helper()
	sameTimes := got.CreatedAt.Equal(want.CreatedAt) && got.LastUsedAt.Equal(want.LastUsedAt) && got.ExpiresAt.Equal(want.ExpiresAt)
	if got.ID != want.ID || got.UserID != want.UserID || got.Kind != want.Kind || got.Name != want.Name || got.Lookup != want.Lookup ||
		got.Counter != want.Counter || !bytes.Equal(got.Data, want.Data) || got.Pending != want.Pending || got.SessionID != want.SessionID || !sameTimes {
		t.Errorf("the factor is\n%+v, want\n%+v", got, want)
	}
}

// used is r after a use with that counter.
func used(r authstore.FactorRecord, counter int64) authstore.FactorRecord {
	r.Counter, r.Data, r.LastUsedAt = counter, []byte("used"), r.CreatedAt.Add(time.Hour)
	return r
}

func factorCases(t *testing.T, h Harness) {
	fs := h.Stores.Factors
	t.Run("they come back as they were, the oldest first", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		young, old, plain := newFactor(user), pendingFactor(user), authstore.FactorRecord{ID: rand.Text(), UserID: user, Kind: "plain"}
		old.CreatedAt = old.CreatedAt.Add(-time.Hour)
		young.Data = bytes.Repeat([]byte{0}, authstore.MaxData)
		plain.CreatedAt = young.CreatedAt.Add(-time.Minute)
		for _, r := range []authstore.FactorRecord{young, old, plain} {
			addedFactor(t, h, r)
		}
		addedFactor(t, h, newFactor(h.newUser(t)))
		factorsAre(t, ctx, h, user, old, plain, young)
		factorsAre(t, ctx, h, "")
		factorsAre(t, ctx, h, "no\x00text\xff")
	})
	t.Run("found by its lookup", func(t *testing.T) {
		ctx := conform.Context(t)
		r := addedFactor(t, h, newFactor(h.newUser(t)))
		got, err := fs.FactorByLookup(ctx, r.Kind, r.Lookup)
		conform.Must(t, "FactorByLookup", err)
		sameFactor(t, got, r)
		bare := newFactor(r.UserID)
		bare.Lookup = ""
		addedFactor(t, h, bare)
		for name, ask := range map[string][2]string{
			"another kind": {"other", r.Lookup}, "lower case": {r.Kind, strings.ToLower(r.Lookup)}, "a part": {r.Kind, r.Lookup[1:]},
			"nothing": {r.Kind, ""}, "no text": {r.Kind, "\xff"}, "a NUL": {r.Kind, r.Lookup + "\x00"},
		} {
			if _, err := fs.FactorByLookup(ctx, ask[0], ask[1]); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: error %v, want one matching storage.ErrNotFound", name, err)
			}
		}
	})
	t.Run("S26 a lookup is one record's of its kind", func(t *testing.T) {
		ctx, user, thief := conform.Context(t), h.newUser(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		for name, owner := range map[string]string{"another user": thief, "the same user": user} {
			for _, bad := range []authstore.FactorRecord{newFactor(owner), pendingFactor(owner)} {
				e := event(owner)
				bad.Lookup = r.Lookup
				err := fs.AddFactor(ctx, bad, e)
				if taken, ok := errors.AsType[*storage.TakenError](err); !ok || taken.Field != "lookup" {
					t.Errorf("%s: error %v, want a TakenError of lookup", name, err)
				}
				wroteEvent(t, ctx, h, e, false)
			}
		}
		elsewhere := newFactor(thief)
		elsewhere.Kind, elsewhere.Lookup = "other", r.Lookup
		addedFactor(t, h, elsewhere)
		factorsAre(t, ctx, h, thief, elsewhere)
		factorsAre(t, ctx, h, user, r)
		raced := newFactor("")
		won := 0
		for _, err := range conform.Together(20, func(int) error {
			n := newFactor(thief)
			n.Lookup = raced.Lookup
			return fs.AddFactor(ctx, n)
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, storage.ErrTaken) {
				t.Errorf("a loser got %v, want an error matching storage.ErrTaken", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 20 got the lookup, want 1", won)
		}
	})
	t.Run("what cannot be is refused", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		for name, spoil := range map[string]func(*authstore.FactorRecord){
			"no ID": func(r *authstore.FactorRecord) { r.ID = "" }, "no user": func(r *authstore.FactorRecord) { r.UserID = "" },
			"no kind": func(r *authstore.FactorRecord) { r.Kind = "" }, "a session that is no text": func(r *authstore.FactorRecord) { r.SessionID = "\xff" }, "a NUL": func(r *authstore.FactorRecord) { r.Name = "a\x00" },
			"no text": func(r *authstore.FactorRecord) { r.Lookup = "\xff" }, "too much data": func(r *authstore.FactorRecord) { r.Data = make([]byte, authstore.MaxData+1) },
			"a long name": func(r *authstore.FactorRecord) { r.Name = strings.Repeat("ä", 101) }, "an ID that is there": func(n *authstore.FactorRecord) { n.ID = r.ID },
		} {
			bad, e := newFactor(user), event(user)
			spoil(&bad)
			if err := fs.AddFactor(ctx, bad, e); err == nil {
				t.Errorf("%s: nil, want an error", name)
			}
			wroteEvent(t, ctx, h, e, false)
		}
		factorsAre(t, ctx, h, user, r)
	})
	t.Run("S18 a pending one replaces that of its kind", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		first, second := addedFactor(t, h, pendingFactor(user)), pendingFactor(user)
		elsewhere, stranger := pendingFactor(user), addedFactor(t, h, pendingFactor(h.newUser(t)))
		elsewhere.Kind, elsewhere.CreatedAt = "other", elsewhere.CreatedAt.Add(-time.Minute)
		addedFactor(t, h, elsewhere)
		e := event(user)
		conform.Must(t, "AddFactor", fs.AddFactor(ctx, second, e))
		wroteEvent(t, ctx, h, e, true)
		factorsAre(t, ctx, h, user, elsewhere, second)
		if err := fs.UseFactor(ctx, used(first, 9), authstore.Pending, true); !errors.Is(err, storage.ErrStale) {
			t.Errorf("confirming the first: error %v, want one matching storage.ErrStale", err)
		}
		for _, err := range conform.Together(20, func(int) error { return fs.AddFactor(ctx, pendingFactor(user)) }) {
			conform.Must(t, "AddFactor", err)
		}
		list, err := fs.Factors(ctx, user)
		if err != nil || len(list) != 2 {
			t.Errorf("after 20 at once the user has %d factors (error %v), want 2", len(list), err)
		}
		factorsAre(t, ctx, h, stranger.UserID, stranger)
	})
}

func useFactorCases(t *testing.T, h Harness) {
	fs := h.Stores.Factors
	for name, c := range map[string]struct {
		counter int64
		rises   bool
		ok      bool
	}{
		"a higher counter":                    {8, true, true},
		"a far higher counter":                {1 << 62, true, true},
		"the same counter that must rise":     {7, true, false},
		"a lower counter":                     {6, true, false},
		"the same counter that may stay":      {7, false, true},
		"a lower counter that may stay":       {6, false, false},
		"a higher counter that may also stay": {8, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, user := conform.Context(t), h.newUser(t)
			r, e := addedFactor(t, h, newFactor(user)), event(user)
			err := fs.UseFactor(ctx, used(r, c.counter), authstore.Confirmed, c.rises, e)
			wroteEvent(t, ctx, h, e, c.ok)
			if c.ok {
				conform.Must(t, "UseFactor", err)
				factorsAre(t, ctx, h, user, used(r, c.counter))
				return
			}
			if !errors.Is(err, storage.ErrStale) {
				t.Errorf("error %v, want one matching storage.ErrStale", err)
			}
			factorsAre(t, ctx, h, user, r)
		})
	}
	t.Run("pending and confirmed are not the same", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r := addedFactor(t, h, pendingFactor(user))
		if err := fs.UseFactor(ctx, used(r, 8), authstore.Confirmed, true); !errors.Is(err, storage.ErrStale) {
			t.Errorf("using a pending one: error %v, want one matching storage.ErrStale", err)
		}
		want := used(r, 8)
		conform.Must(t, "confirm", fs.UseFactor(ctx, want, authstore.Pending, true))
		want.Pending, want.ExpiresAt, want.SessionID = false, time.Time{}, ""
		factorsAre(t, ctx, h, user, want)
		if err := fs.UseFactor(ctx, used(r, 9), authstore.Pending, true); !errors.Is(err, storage.ErrStale) {
			t.Errorf("confirming twice: error %v, want one matching storage.ErrStale", err)
		}
	})
	t.Run("another user's, or none", func(t *testing.T) {
		ctx, user, thief := conform.Context(t), h.newUser(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		stolen, unknown := used(r, 9), used(r, 9)
		stolen.UserID, unknown.ID = thief, rand.Text()
		for name, n := range map[string]authstore.FactorRecord{"another user's": stolen, "an unknown ID": unknown} {
			if err := fs.UseFactor(ctx, n, authstore.Confirmed, true); !errors.Is(err, storage.ErrStale) {
				t.Errorf("UseFactor of %s: error %v, want one matching storage.ErrStale", name, err)
			}
		}
		for name, id := range map[string][2]string{
			"another user's": {thief, r.ID}, "an unknown ID": {user, rand.Text()}, "no ID": {user, ""},
			"no text": {user, "\xff\x00"}, "nobody's": {"", r.ID},
		} {
			e := event(thief)
			if err := fs.RemoveFactor(ctx, id[0], id[1], e); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("RemoveFactor of %s: error %v, want one matching storage.ErrNotFound", name, err)
			}
			if err := fs.RenameFactor(ctx, id[0], id[1], "mine"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("RenameFactor of %s: error %v, want one matching storage.ErrNotFound", name, err)
			}
			wroteEvent(t, ctx, h, e, false)
		}
		factorsAre(t, ctx, h, user, r)
	})
	t.Run("R14 of 100 uses of one step one is let through", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		won := 0
		for _, err := range conform.Together(100, func(int) error {
			return fs.UseFactor(ctx, used(r, 8), authstore.Confirmed, true, event(user))
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, storage.ErrStale):
				t.Errorf("a loser got %v, want an error matching storage.ErrStale", err)
			}
		}
		events := len(conform.Events(t, ctx, h.Activity, user))
		if won != 1 || h.Activity != nil && events != 1 {
			t.Errorf("%d of 100 were let through and %d events were written, want 1 and 1", won, events)
		}
	})
}

func removeFactorCases(t *testing.T, h Harness) {
	fs := h.Stores.Factors
	t.Run("rename and remove", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r, kept, e := addedFactor(t, h, newFactor(user)), newFactor(user), event(user)
		kept.CreatedAt = kept.CreatedAt.Add(time.Hour)
		addedFactor(t, h, kept)
		conform.Must(t, "RenameFactor", fs.RenameFactor(ctx, user, r.ID, "Yubi 鍵"))
		r.Name = "Yubi 鍵"
		factorsAre(t, ctx, h, user, r, kept)
		conform.Must(t, "RemoveFactor", fs.RemoveFactor(ctx, user, r.ID, e))
		wroteEvent(t, ctx, h, e, true)
		factorsAre(t, ctx, h, user, kept)
	})
	t.Run("all of one user", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		other := addedFactor(t, h, newFactor(h.newUser(t)))
		addedFactor(t, h, newFactor(user))
		addedFactor(t, h, pendingFactor(user))
		for _, want := range []int{2, 0} {
			if n, err := fs.RemoveFactors(ctx, user); err != nil || n != want {
				t.Errorf("RemoveFactors: %d and error %v, want %d", n, err, want)
			}
		}
		factorsAre(t, ctx, h, user)
		factorsAre(t, ctx, h, other.UserID, other)
	})
	t.Run("purge of pending ones", func(t *testing.T) {
		ctx, at := conform.Context(t), conform.Time().Add(-100*time.Hour) // before those of other cases
		confirmed, user := newFactor(h.newUser(t)), h.newUser(t)
		confirmed.ExpiresAt = at.Add(-time.Hour)
		addedFactor(t, h, confirmed)
		endless := pendingFactor(user)
		endless.ExpiresAt = time.Time{}
		addedFactor(t, h, endless)
		var owners []string
		for range 5 {
			r := pendingFactor(h.newUser(t))
			r.ExpiresAt = at
			owners = append(owners, addedFactor(t, h, r).UserID)
		}
		for _, step := range []struct {
			before      time.Time
			limit, want int
		}{{at, 100, 0}, {at.Add(time.Microsecond), 3, 3}, {at.Add(time.Microsecond), 3, 2}, {at.Add(time.Microsecond), 3, 0}} {
			if n, err := fs.PurgeFactors(ctx, step.before, step.limit); err != nil || n != step.want {
				t.Errorf("PurgeFactors with limit %d: %d and error %v, want %d", step.limit, n, err, step.want)
			}
		}
		for _, owner := range owners {
			factorsAre(t, ctx, h, owner)
		}
		factorsAre(t, ctx, h, confirmed.UserID, confirmed)
		factorsAre(t, ctx, h, user, endless)
	})
}
