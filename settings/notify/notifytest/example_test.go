package notifytest_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/notify/notifytest"
)

// A store of your own takes the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestOutbox(t *testing.T)
		notifytest.Run(t, func(t *testing.T) notifytest.Harness {
			db := memstore.New()
			return notifytest.Harness{Store: db.Outbox(), Tx: db}
		})
	}
}

func TestStoreWithoutTransactions(t *testing.T) {
	notifytest.Run(t, func(*testing.T) notifytest.Harness {
		return notifytest.Harness{Store: memstore.New().Outbox()}
	})
}
