package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A host that deletes a user's row itself leaves nothing behind that opens
// anything, and nobody gets the id again, whose settings and events are there.
func TestP22P39_ADeletedUsersSessionsOpenNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		ctx, db := t.Context(), p.open(t)
		u := user(t, ctx, db, "gone")
		_, s := signedIn(t, db, u.ID)
		sessions := db.Auth().Sessions
		joined, ok := sessions.(interface {
			authstore.SessionStore
			authstore.SessionUserStore
		})
		if !ok {
			t.Fatal("the store does not join users")
		}
		if _, found, err := joined.SessionWithUser(ctx, s.TokenHash); err != nil || found.ID != u.ID {
			t.Fatalf("before: %v, %v", found.ID, err)
		}
		err := db.InTx(ctx, func(ctx context.Context) error {
			tx, ok := sqlstore.Tx(ctx)
			if !ok {
				return errors.New("no transaction")
			}
			_, err := tx.ExecContext(ctx, p.bind("DELETE FROM users WHERE id = $1"), u.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := joined.SessionWithUser(ctx, s.TokenHash); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the session of the deleted: %v", err)
		}
		if again := user(t, ctx, db, "gone"); again.ID == u.ID {
			t.Errorf("the next user has the id %s again", again.ID)
		}
		if _, _, err := joined.SessionWithUser(ctx, s.TokenHash); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the session of the deleted, after a new sign-up: %v", err)
		}
	})
}
