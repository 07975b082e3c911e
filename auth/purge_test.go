package auth_test

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
)

// PurgeExpired goes on after a batch that was full, and leaves what lives.
func TestPurgeExpiredRemovesTicketsAndPendingFactors(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		at := w.clock.now()
		list := make([]authstore.Ticket, 600)
		for i := range list {
			list[i] = authstore.Ticket{Hash: [32]byte{1, byte(i), byte(i >> 8)}, Purpose: auth.ForChallenge, CreatedAt: at, ExpiresAt: at.Add(time.Minute)}
		}
		forever := authstore.Ticket{Hash: [32]byte{2}, Purpose: auth.ForRecoveryCode, CreatedAt: at}
		if err := db.Auth().Tickets.AddTickets(t.Context(), "7", "", append(list, forever)); err != nil {
			t.Fatal(err)
		}
		factors := db.Auth().Factors
		for id, pending := range map[string]bool{"begun": true, "confirmed": false} {
			r := authstore.FactorRecord{ID: id, UserID: "7", Kind: "totp", CreatedAt: at, Pending: pending}
			if pending {
				r.ExpiresAt = at.Add(time.Minute)
			}
			if err := factors.AddFactor(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.add(49 * time.Hour)
		if err := w.PurgeExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		// What is looked for at the time of its making is found unless it is gone.
		left, err := db.Auth().Tickets.Tickets(t.Context(), "7", auth.ForChallenge, at)
		if err != nil || len(left) != 0 {
			t.Errorf("%d expired tickets are left (%v)", len(left), err)
		}
		if _, err := db.Auth().Tickets.Ticket(t.Context(), forever.Purpose, forever.Hash, w.clock.now()); err != nil {
			t.Errorf("a ticket without end: %v", err)
		}
		if got, err := factors.Factors(t.Context(), "7"); err != nil || len(got) != 1 || got[0].ID != "confirmed" {
			t.Errorf("the factors are %v (%v), want the confirmed one", got, err)
		}
	})
}
