package settingstest_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/settingstest"
)

// A store of your own takes the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestSettingsStore(t *testing.T)
		settingstest.Run(t, func(t *testing.T) settingstest.Harness {
			db := memstore.New()
			return settingstest.Harness{Store: db.Settings(), Tx: db, Activity: db.Activity()}
		})
	}
}

func TestStoreWithoutTransactions(t *testing.T) {
	settingstest.Run(t, func(t *testing.T) settingstest.Harness {
		return settingstest.Harness{Store: memstore.New().Settings()}
	})
}
