package authtest

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// endedMoreCases call tickets and factors with contexts that have ended.
func endedMoreCases(t *testing.T, h Harness) {
	ts, fs := h.Stores.Tickets, h.Stores.Factors
	user := h.newUser(t)
	k, r, e := added(t, h, user, 1)[0], addedFactor(t, h, newFactor(user)), event(user)
	fresh, late := newTicket(user), k.ExpiresAt.Add(time.Hour)
	conform.EndedContext(t, []conform.Call{
		{Name: "AddTickets", Do: func(ctx context.Context) error {
			return ts.AddTickets(ctx, user, purpose, []authstore.Ticket{fresh}, e)
		}},
		{Name: "Ticket", Do: func(ctx context.Context) error {
			_, err := ts.Ticket(ctx, purpose, k.Hash, k.CreatedAt)
			return err
		}},
		{Name: "TakeTicket", Do: func(ctx context.Context) error {
			_, err := ts.TakeTicket(ctx, purpose, k.Hash, k.CreatedAt)
			return err
		}},
		{Name: "Tickets", Do: func(ctx context.Context) error { _, err := ts.Tickets(ctx, user, purpose, k.CreatedAt); return err }},
		{Name: "RemoveTickets", Do: func(ctx context.Context) error { _, err := ts.RemoveTickets(ctx, user); return err }},
		{Name: "PurgeTickets", Do: func(ctx context.Context) error { _, err := ts.PurgeTickets(ctx, late, 10); return err }},
		{Name: "AddFactor", Do: func(ctx context.Context) error { return fs.AddFactor(ctx, newFactor(user), e) }},
		{Name: "Factors", Do: func(ctx context.Context) error { _, err := fs.Factors(ctx, user); return err }},
		{Name: "FactorByLookup", Do: func(ctx context.Context) error { _, err := fs.FactorByLookup(ctx, r.Kind, r.Lookup); return err }},
		{Name: "UseFactor", Do: func(ctx context.Context) error { return fs.UseFactor(ctx, used(r, 9), authstore.Confirmed, true, e) }},
		{Name: "RenameFactor", Do: func(ctx context.Context) error { return fs.RenameFactor(ctx, user, r.ID, "other") }},
		{Name: "RemoveFactor", Do: func(ctx context.Context) error { return fs.RemoveFactor(ctx, user, r.ID, e) }},
		{Name: "RemoveFactors", Do: func(ctx context.Context) error { _, err := fs.RemoveFactors(ctx, user); return err }},
		{Name: "PurgeFactors", Do: func(ctx context.Context) error { _, err := fs.PurgeFactors(ctx, late, 10); return err }},
	})
	thereIs(t, h, k, true)
	thereIs(t, h, fresh, false)
	factorsAre(t, conform.Context(t), h, user, r)
	wroteEvent(t, conform.Context(t), h, e, false)
}

// txMoreCases change tickets and factors inside transactions.
func txMoreCases(t *testing.T, h Harness) {
	type do = func(context.Context) error
	type made = func(context.Context) bool
	ts, fs := h.Stores.Tickets, h.Stores.Factors
	factor := func(t *testing.T, ctx context.Context, user string) authstore.FactorRecord {
		t.Helper()
		list, err := fs.Factors(ctx, user)
		conform.Must(t, "Factors", err)
		if len(list) == 0 {
			return authstore.FactorRecord{}
		}
		return list[0]
	}
	user := h.newUser(t)
	r := addedFactor(t, h, newFactor(user))
	conform.Refusals(t, h.Tx, []conform.Refusal{
		{Name: "a ticket that is not there", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			_, err := ts.TakeTicket(ctx, purpose, newHash(), conform.Time())
			return err
		}},
		{Name: "a step that was used", Is: storage.ErrStale, Do: func(ctx context.Context) error {
			return fs.UseFactor(ctx, used(r, r.Counter), authstore.Confirmed, true)
		}},
		{Name: "a lookup of none", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			_, err := fs.FactorByLookup(ctx, factorKind, "no\x00text")
			return err
		}},
		{Name: "a factor of none", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			return fs.RemoveFactor(ctx, user, "none")
		}},
	})
	conform.Transactions(t, h.Tx, []conform.Change{
		change("AddTickets", h, func(t *testing.T, user string) (do, made) {
			old, k, e := added(t, h, user, 1)[0], newTicket(user), event(user)
			return func(ctx context.Context) error { return ts.AddTickets(ctx, user, purpose, []authstore.Ticket{k}, e) },
				func(ctx context.Context) bool {
					is := ticketThere(t, ctx, h, k, k.CreatedAt)
					wroteEvent(t, ctx, h, e, is)
					if ticketThere(t, ctx, h, old, old.CreatedAt) == is {
						t.Errorf("the new ticket being there is %v, and so is the old one", is)
					}
					return is
				}
		}),
		change("TakeTicket", h, func(t *testing.T, user string) (do, made) {
			k := added(t, h, user, 1)[0]
			return func(ctx context.Context) error {
					_, err := ts.TakeTicket(ctx, purpose, k.Hash, k.CreatedAt)
					return err
				},
				func(ctx context.Context) bool { return !ticketThere(t, ctx, h, k, k.CreatedAt) }
		}),
		change("RemoveTickets", h, func(t *testing.T, user string) (do, made) {
			k := added(t, h, user, 1)[0]
			return func(ctx context.Context) error { _, err := ts.RemoveTickets(ctx, user); return err },
				func(ctx context.Context) bool { return !ticketThere(t, ctx, h, k, k.CreatedAt) }
		}),
		change("AddFactor", h, func(t *testing.T, user string) (do, made) {
			return func(ctx context.Context) error { return fs.AddFactor(ctx, pendingFactor(user)) },
				func(ctx context.Context) bool { return factor(t, ctx, user).ID != "" }
		}),
		change("UseFactor", h, func(t *testing.T, user string) (do, made) {
			r, e := addedFactor(t, h, newFactor(user)), event(user)
			return func(ctx context.Context) error { return fs.UseFactor(ctx, used(r, 9), authstore.Confirmed, true, e) },
				func(ctx context.Context) bool {
					is := factor(t, ctx, user).Counter == 9
					wroteEvent(t, ctx, h, e, is)
					return is
				}
		}),
		change("RenameFactor", h, func(t *testing.T, user string) (do, made) {
			r := addedFactor(t, h, newFactor(user))
			return func(ctx context.Context) error { return fs.RenameFactor(ctx, user, r.ID, "other") },
				func(ctx context.Context) bool { return factor(t, ctx, user).Name == "other" }
		}),
		change("RemoveFactor", h, func(t *testing.T, user string) (do, made) {
			r := addedFactor(t, h, newFactor(user))
			return func(ctx context.Context) error { return fs.RemoveFactor(ctx, user, r.ID) },
				func(ctx context.Context) bool { return factor(t, ctx, user).ID == "" }
		}),
		change("RemoveFactors", h, func(t *testing.T, user string) (do, made) {
			addedFactor(t, h, newFactor(user))
			return func(ctx context.Context) error { _, err := fs.RemoveFactors(ctx, user); return err },
				func(ctx context.Context) bool { return factor(t, ctx, user).ID == "" }
		}),
	})
}
