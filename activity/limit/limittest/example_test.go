package limittest_test

import (
	"testing"

	"github.com/profilekit/profilekit/activity/limit/limittest"
	"github.com/profilekit/profilekit/internal/memstore"
)

// A store of your own takes the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestLimits(t *testing.T)
		limittest.Run(t, func(t *testing.T) limittest.Harness {
			db := memstore.New()
			return limittest.Harness{Store: db.Limits(), Tx: db}
		})
	}
}

func TestStoreWithoutTransactions(t *testing.T) {
	limittest.Run(t, func(*testing.T) limittest.Harness { return limittest.Harness{Store: memstore.New().Limits()} })
}
