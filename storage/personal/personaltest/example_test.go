package personaltest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/storage/personal"
	"github.com/profilekit/profilekit/storage/personal/personaltest"
)

// shop keeps what users ordered.
type shop struct {
	mu     sync.Mutex
	orders map[string][]string
}

func (s *shop) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return a.JSON("shop/orders.json", s.orders[userID])
}

func (s *shop) EraseUser(ctx context.Context, userID string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.orders, userID)
	return nil
}

func newShop() *shop {
	return &shop{orders: map[string][]string{"7": {"an engine"}, "8": {"a loom"}}}
}

// A Contributor of your own takes the place of the shop.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestOrdersArePersonal(t *testing.T)
		personaltest.Run(t, func(t *testing.T) personaltest.Harness {
			return personaltest.Harness{
				Contributor: newShop(),
				User:        personaltest.Person{ID: "7", Marks: []string{"an engine"}},
				Other:       personaltest.Person{ID: "8", Marks: []string{"a loom"}},
			}
		})
	}
}

func TestShop(t *testing.T) {
	personaltest.Run(t, func(*testing.T) personaltest.Harness {
		return personaltest.Harness{
			Contributor: newShop(),
			User:        personaltest.Person{ID: "7", Marks: []string{"an engine"}},
			Other:       personaltest.Person{ID: "8", Marks: []string{"a loom"}},
		}
	})
}

// One that hands out nothing is judged by a look at what it keeps.
func TestShopWithoutCopies(t *testing.T) {
	personaltest.Run(t, func(*testing.T) personaltest.Harness {
		s := newShop()
		return personaltest.Harness{
			Contributor: personal.Funcs{Erase: s.EraseUser},
			User:        personaltest.Person{ID: "7"}, Other: personaltest.Person{ID: "8"},
			Kept: func(_ *testing.T, userID string) bool { return len(s.orders[userID]) > 0 },
		}
	})
}
