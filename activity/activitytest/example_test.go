package activitytest_test

import (
	"testing"

	"github.com/profilekit/profilekit/activity/activitytest"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
)

// A store of your own takes the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestActivityStore(t *testing.T)
		activitytest.Run(t, func(t *testing.T) activitytest.Harness {
			db := memstore.New()
			return activitytest.Harness{Store: db.Activity(), Tx: db}
		})
	}
}

func TestStoreWithoutTransactions(t *testing.T) {
	activitytest.Run(t, func(t *testing.T) activitytest.Harness {
		return activitytest.Harness{Store: memstore.New().Activity(), NewUser: func(*testing.T) string { return conform.Name("user-") }}
	})
}
