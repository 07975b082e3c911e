package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// An older release that begins a factor anew writes over the pending row and knows no
// session: the session of the row before is not taken for that of the new one.
func TestPendingFactorThatAnOlderReleaseWroteOver(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		r := authstore.FactorRecord{
			ID: "new", UserID: "7", Kind: "totp", Pending: true, SessionID: "a", Data: []byte("sealed"), CreatedAt: at, ExpiresAt: at.Add(time.Minute),
		}
		store := db.Auth().Factors
		if err := store.AddFactor(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		sessionIs := func(want string) {
			t.Helper()
			list, err := store.Factors(t.Context(), r.UserID)
			if err != nil || len(list) != 1 || list[0].SessionID != want {
				t.Errorf("factors %+v, %v; want one of session %q", list, err, want)
			}
		}
		sessionIs("a")
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			tx, ok := sqlstore.Tx(ctx)
			if !ok {
				t.Fatal("no transaction")
			}
			_, err := tx.ExecContext(ctx, `UPDATE profilekit_factors SET id = 'old' WHERE user_id = '7'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		sessionIs("")
	})
}
