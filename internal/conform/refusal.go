package conform

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// Refusal is a call that a store must refuse with an error matching Is.
type Refusal struct {
	Name string
	Is   error
	Do   func(ctx context.Context) error
}

// Refusals checks that a refusal within a transaction is told by the same
// error as outside, also when InTx hands it on. Without a Transactor there is
// nothing to check.
func Refusals(t *testing.T, tx storage.Transactor, refusals []Refusal) {
	t.Helper()
	if tx == nil {
		return
	}
	for _, r := range refusals {
		var hung bool
		t.Run("refusal within/"+r.Name, func(t *testing.T) {
			ctx := Context(t)
			if err := r.Do(ctx); !errors.Is(err, r.Is) {
				t.Errorf("outside a transaction: error %v, want one matching %q", err, r.Is)
			}
			limited, cancel := joining(ctx)
			defer cancel()
			err := tx.InTx(limited, func(ctx context.Context) error {
				err := r.Do(ctx)
				if !errors.Is(err, r.Is) {
					t.Errorf("within a transaction: error %v, want one matching %q", err, r.Is)
				}
				return err
			})
			hung = waited(t, limited)
			if !errors.Is(err, r.Is) {
				t.Errorf("from InTx: error %v, want one matching %q", err, r.Is)
			}
		})
		if hung {
			return // so would the others
		}
	}
}
