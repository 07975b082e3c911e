package authtest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

const (
	purpose      authstore.Purpose = "conform"
	otherPurpose authstore.Purpose = "conform.other"
)

// newTicket returns a ticket of the user with every field filled in. Its Data
// has bytes that no text has.
func newTicket(user string) authstore.Ticket {
	at := conform.Time()
	return authstore.Ticket{
		Hash: newHash(), Purpose: purpose, UserID: user, Data: []byte("\x00\xff'\\x41{}\r\n\x80"),
		CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

// added writes n tickets of the user.
func added(t *testing.T, h Harness, user string, n int) []authstore.Ticket {
	t.Helper()
	list := make([]authstore.Ticket, n)
	for i := range list {
		list[i] = newTicket(user)
		list[i].CreatedAt = list[i].CreatedAt.Add(-time.Duration(i) * time.Second)
	}
	conform.Must(t, "AddTickets", h.Stores.Tickets.AddTickets(conform.Context(t), user, "", list))
	return list
}

func sameTicket(t *testing.T, got, want authstore.Ticket) {
	t.Helper()
	if got.Hash != want.Hash || got.Purpose != want.Purpose || got.UserID != want.UserID || !bytes.Equal(got.Data, want.Data) ||
		!got.CreatedAt.Equal(want.CreatedAt) || !got.ExpiresAt.Equal(want.ExpiresAt) {
		t.Errorf("the ticket is\n%+v, want\n%+v", got, want)
	}
	if !conform.IsStoredTime(got.CreatedAt) || !want.ExpiresAt.IsZero() && !conform.IsStoredTime(got.ExpiresAt) {
		t.Errorf("its times are %v and %v, want UTC in whole microseconds", got.CreatedAt, got.ExpiresAt)
	}
}

// ticketThere reports whether the ticket can be had at now.
func ticketThere(t *testing.T, ctx context.Context, h Harness, k authstore.Ticket, now time.Time) bool {
	t.Helper()
	_, err := h.Stores.Tickets.Ticket(ctx, k.Purpose, k.Hash, now)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Ticket: error %v, want nil or one matching storage.ErrNotFound", err)
	}
	return err == nil
}

func thereIs(t *testing.T, h Harness, k authstore.Ticket, want bool) {
	t.Helper()
	if got := ticketThere(t, conform.Context(t), h, k, conform.Time()); got != want {
		t.Errorf("the ticket being there is %v, want %v", got, want)
	}
}

func ticketCases(t *testing.T, h Harness) {
	ts := h.Stores.Tickets
	t.Run("it comes back as it was", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		full := newTicket(user)
		plain := authstore.Ticket{Hash: newHash(), Purpose: purpose, CreatedAt: full.CreatedAt.In(time.FixedZone("ahead", 3*60*60))}
		plain.Hash[0], plain.Hash[31] = 0, 0
		nobodys := newTicket("")
		nobodys.Data = bytes.Repeat([]byte{0xFF}, authstore.MaxData)
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, "", []authstore.Ticket{full, plain}))
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, "", "", []authstore.Ticket{nobodys}))
		plain.UserID = user
		for _, want := range []authstore.Ticket{full, plain, nobodys} {
			got, err := ts.Ticket(ctx, want.Purpose, want.Hash, full.CreatedAt)
			conform.Must(t, "Ticket", err)
			sameTicket(t, got, want)
			got, err = ts.TakeTicket(ctx, want.Purpose, want.Hash, full.CreatedAt)
			conform.Must(t, "TakeTicket", err)
			sameTicket(t, got, want)
			if !want.ExpiresAt.IsZero() == got.ExpiresAt.IsZero() {
				t.Errorf("its end is %v, want %v", got.ExpiresAt, want.ExpiresAt)
			}
			thereIs(t, h, want, false)
		}
	})
	t.Run("R15 of 100 that take one ticket one gets it", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		k := added(t, h, user, 1)[0]
		won := 0
		for _, err := range conform.Together(100, func(int) error {
			got, err := ts.TakeTicket(ctx, purpose, k.Hash, k.CreatedAt)
			if err == nil && got.UserID != user {
				return errors.New("the ticket came without its user")
			}
			return err
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, storage.ErrNotFound):
				t.Errorf("a loser got %v, want an error matching storage.ErrNotFound", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 100 took the ticket, want 1", won)
		}
		thereIs(t, h, k, false)
	})
	t.Run("S23 for one purpose it is none for another", func(t *testing.T) {
		ctx := conform.Context(t)
		k := added(t, h, h.newUser(t), 1)[0]
		near := k.Hash
		near[31] ^= 1
		for name, try := range map[string]struct {
			purpose authstore.Purpose
			hash    [32]byte
		}{
			"another purpose":  {otherPurpose, k.Hash},
			"no purpose":       {"", k.Hash},
			"upper case":       {"CONFORM", k.Hash},
			"a purpose with 0": {purpose + "\x00", k.Hash},
			"no text":          {"\xff", k.Hash},
			"one bit off":      {purpose, near},
			"the zero hash":    {purpose, [32]byte{}},
		} {
			if _, err := ts.TakeTicket(ctx, try.purpose, try.hash, k.CreatedAt); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: TakeTicket: error %v, want one matching storage.ErrNotFound", name, err)
			}
			if _, err := ts.Ticket(ctx, try.purpose, try.hash, k.CreatedAt); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: Ticket: error %v, want one matching storage.ErrNotFound", name, err)
			}
		}
		thereIs(t, h, k, true)
	})
	t.Run("at its end it is gone", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		k := added(t, h, user, 1)[0]
		for _, late := range []time.Duration{0, time.Microsecond, 1000 * time.Hour} {
			if ticketThere(t, ctx, h, k, k.ExpiresAt.Add(late)) {
				t.Errorf("%v after its end it is there", late)
			}
			list, err := ts.Tickets(ctx, user, purpose, k.ExpiresAt.Add(late))
			if err != nil || len(list) != 0 {
				t.Errorf("Tickets %v after its end: %d and error %v, want none", late, len(list), err)
			}
		}
		if !ticketThere(t, ctx, h, k, k.ExpiresAt.Add(-time.Microsecond)) {
			t.Error("just before its end it is not there")
		}
		if list, err := ts.Tickets(ctx, user, purpose, time.Time{}); err != nil || len(list) != 1 || !ticketThere(t, ctx, h, k, time.Time{}) {
			t.Errorf("at the zero time, when nothing is over, there are %d of it (%v)", len(list), err)
		}
	})
	t.Run("R29 what was taken too late is gone when the clock is set back", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		for _, late := range []time.Duration{0, time.Microsecond, 1000 * time.Hour} {
			k := added(t, h, user, 1)[0]
			for _, when := range []time.Duration{late, -time.Microsecond, -time.Hour} {
				if _, err := ts.TakeTicket(ctx, purpose, k.Hash, k.ExpiresAt.Add(when)); !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("tried %v after its end, then %v: error %v, want one matching storage.ErrNotFound", late, when, err)
				}
			}
			thereIs(t, h, k, false)
		}
	})
	t.Run("what cannot be is refused and changes nothing", func(t *testing.T) {
		ctx, user, thief := conform.Context(t), h.newUser(t), h.newUser(t)
		k := added(t, h, user, 1)[0]
		big, same, foreign, none, broken := newTicket(thief), newTicket(thief), newTicket(user), newTicket(thief), newTicket(thief)
		big.Data = make([]byte, authstore.MaxData+1)
		same.Hash = k.Hash
		none.Purpose = ""
		broken.Purpose = "a\x00b"
		for name, bad := range map[string]authstore.Ticket{
			"too much data": big, "a hash that is there": same, "another user's": foreign, "no purpose": none, "a purpose that is no text": broken,
		} {
			good, e := newTicket(thief), event(thief)
			if err := ts.AddTickets(ctx, thief, "", []authstore.Ticket{good, bad}, e); err == nil {
				t.Errorf("%s: nil, want an error", name)
			}
			thereIs(t, h, good, false)
			wroteEvent(t, ctx, h, e, false)
		}
		if err := ts.AddTickets(ctx, "", purpose, []authstore.Ticket{newTicket("")}); err == nil {
			t.Error("the tickets of nobody replaced: nil, want an error")
		}
		got, err := ts.Ticket(ctx, purpose, k.Hash, k.CreatedAt)
		conform.Must(t, "Ticket", err)
		sameTicket(t, got, k)
	})
	t.Run("events are written with it or neither is", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		old := added(t, h, user, 1)[0]
		if bad, ok := h.unwritable(t, user); ok {
			k, e := newTicket(user), event(user)
			if err := ts.AddTickets(ctx, user, purpose, []authstore.Ticket{k}, e, bad); err == nil {
				t.Error("an event whose ID exists: nil, want an error")
			}
			wroteEvent(t, ctx, h, e, false)
			thereIs(t, h, k, false)
			thereIs(t, h, old, true)
		}
		k, a, b := newTicket(user), event(user), event("")
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, purpose, []authstore.Ticket{k}, a, b))
		b.UserID = user
		wroteEvent(t, ctx, h, a, true)
		wroteEvent(t, ctx, h, b, true)
		thereIs(t, h, old, false)
	})
}

func ticketListCases(t *testing.T, h Harness) {
	ts := h.Stores.Tickets
	t.Run("the newest first, at most 100", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), h.newUser(t)
		list := added(t, h, user, 120)
		added(t, h, other, 1)
		got, err := ts.Tickets(ctx, user, purpose, list[0].CreatedAt)
		conform.Must(t, "Tickets", err)
		if len(got) != 100 {
			t.Fatalf("there are %d, want 100", len(got))
		}
		for i := range got {
			sameTicket(t, got[i], list[i])
		}
		for name, ask := range map[string]struct {
			user    string
			purpose authstore.Purpose
		}{"another purpose": {user, otherPurpose}, "nobody": {"", purpose}, "no text": {"\xff\x00", purpose}} {
			if got, err := ts.Tickets(ctx, ask.user, ask.purpose, list[0].CreatedAt); err != nil || len(got) != 0 {
				t.Errorf("Tickets of %s: %d and error %v, want none", name, len(got), err)
			}
		}
	})
	t.Run("the newest set alone counts", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), h.newUser(t)
		foreign, elsewhere := added(t, h, other, 1)[0], newTicket(user)
		elsewhere.Purpose = otherPurpose
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, otherPurpose, []authstore.Ticket{elsewhere}))
		old := added(t, h, user, 3)
		set := []authstore.Ticket{newTicket(user), newTicket(user)}
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, purpose, set))
		next := []authstore.Ticket{newTicket(user), newTicket(user)}
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, purpose, next))
		for _, k := range append(old, set...) {
			thereIs(t, h, k, false)
		}
		for _, k := range append(next, foreign, elsewhere) {
			thereIs(t, h, k, true)
		}
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, purpose, nil))
		thereIs(t, h, next[0], false)
		thereIs(t, h, elsewhere, true)
	})
	t.Run("of sets that are written at once one is left", func(t *testing.T) {
		const sets, each = 20, 3
		for range 5 {
			ctx, user := conform.Context(t), h.newUser(t)
			var all [sets][]authstore.Ticket
			for i := range all {
				for range each {
					all[i] = append(all[i], newTicket(user))
				}
			}
			for _, err := range conform.Together(sets, func(i int) error { return ts.AddTickets(ctx, user, purpose, all[i]) }) {
				conform.Must(t, "AddTickets", err)
			}
			whole := 0
			for _, set := range all {
				n := 0
				for _, k := range set {
					if ticketThere(t, ctx, h, k, k.CreatedAt) {
						n++
					}
				}
				if n == each {
					whole++
				} else if n != 0 {
					t.Errorf("%d of a set of %d are left", n, each)
				}
			}
			if whole != 1 {
				t.Errorf("%d sets are left, want 1", whole)
			}
		}
	})
	t.Run("remove", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), added(t, h, h.newUser(t), 1)[0]
		nobodys := newTicket("")
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, "", "", []authstore.Ticket{nobodys}))
		mine := map[authstore.Purpose]authstore.Ticket{}
		for _, p := range []authstore.Purpose{"a", "b", "c", "d"} {
			k := newTicket(user)
			k.Purpose = p
			mine[p] = k
			conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, "", []authstore.Ticket{k}))
		}
		for _, step := range []struct {
			user     string
			purposes []authstore.Purpose
			want     int
			left     []authstore.Purpose
		}{
			{"", nil, 0, []authstore.Purpose{"a", "b", "c", "d"}},
			{user, []authstore.Purpose{"A", "a\x00", ""}, 0, []authstore.Purpose{"a", "b", "c", "d"}},
			{user, []authstore.Purpose{"b", "none"}, 1, []authstore.Purpose{"a", "c", "d"}},
			{user, []authstore.Purpose{"a", "b", "a", "c"}, 2, []authstore.Purpose{"d"}},
			{user, nil, 1, nil},
			{user, nil, 0, nil},
		} {
			n, err := ts.RemoveTickets(ctx, step.user, step.purposes...)
			if err != nil || n != step.want {
				t.Errorf("RemoveTickets of %q: %d and error %v, want %d", step.purposes, n, err, step.want)
			}
			left := 0
			for _, k := range mine {
				if ticketThere(t, ctx, h, k, k.CreatedAt) {
					left++
				}
			}
			if left != len(step.left) {
				t.Errorf("%d tickets are left, want %q", left, step.left)
			}
		}
		thereIs(t, h, other, true)
		thereIs(t, h, nobodys, true)
	})
	t.Run("purge", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		list := added(t, h, user, 6)
		forever := newTicket(user)
		forever.ExpiresAt = time.Time{}
		alive := newTicket(user)
		alive.ExpiresAt = alive.ExpiresAt.Add(time.Microsecond)
		conform.Must(t, "AddTickets", ts.AddTickets(ctx, user, "", []authstore.Ticket{forever, alive}))
		before := list[0].ExpiresAt.Add(time.Microsecond)
		purge := func(before time.Time, limit, want int) {
			t.Helper()
			if n, err := ts.PurgeTickets(ctx, before, limit); err != nil || n != want {
				t.Errorf("PurgeTickets with limit %d: %d and error %v, want %d", limit, n, err, want)
			}
		}
		purge(before.Add(-1000*time.Hour), 1000, 0)
		purge(before, 0, 0)
		others, err := ts.PurgeTickets(ctx, before, 2)
		if err != nil || others != 2 {
			t.Errorf("PurgeTickets with limit 2: %d and error %v, want 2", others, err)
		}
		for n := 1; n > 0; {
			if n, err = ts.PurgeTickets(ctx, before, 100); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range list {
			thereIs(t, h, k, false)
		}
		thereIs(t, h, forever, true)
		thereIs(t, h, alive, true)
	})
}
