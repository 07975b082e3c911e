package profiletest_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile/profiletest"
)

// A store over your own users table takes the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestUsers(t *testing.T)
		profiletest.Run(t, func(t *testing.T) profiletest.Harness {
			db := memstore.New()
			return profiletest.Harness{Store: db.Users(), Tx: db, Activity: db.Activity()}
		})
	}
}

func TestStoreWithoutTransactions(t *testing.T) {
	profiletest.Run(t, func(t *testing.T) profiletest.Harness {
		return profiletest.Harness{Store: memstore.New().Users()}
	})
}
