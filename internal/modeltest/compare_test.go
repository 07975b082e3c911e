package modeltest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/modeltest"
	"github.com/profilekit/profilekit/profile"
)

func TestR26_TheModelEqualsItself(t *testing.T) {
	for seed := range uint64(3) {
		if err := modeltest.Compare(t.Context(), memstore.New(), seed, 3000); err != nil {
			t.Error(err)
		}
	}
}

// broken is the model with other users.
type broken struct {
	*memstore.Store
	users profile.Store
}

func (b broken) Users() profile.Store { return b.users }

type forgetsEvents struct{ profile.Store }

func (s forgetsEvents) Update(ctx context.Context, id string, p profile.Patch, _ ...activity.Event) (profile.User, error) {
	return s.Store.Update(ctx, id, p)
}

func TestADifferenceIsFound(t *testing.T) {
	m := memstore.New()
	err := modeltest.Compare(t.Context(), broken{m, forgetsEvents{m.Users()}}, 1, 3000)
	if err == nil || !strings.Contains(err.Error(), "seed 1") {
		t.Errorf("a store that forgets events compares as %v", err)
	}
	// Transactions of another store are none.
	if err := modeltest.Compare(t.Context(), foreign{memstore.New()}, 1, 3000); err == nil {
		t.Error("a store that ignores transactions compares as equal")
	}
}

type foreign struct{ *memstore.Store }

func (f foreign) InTx(ctx context.Context, fn func(context.Context) error) error {
	return memstore.New().InTx(ctx, fn)
}
