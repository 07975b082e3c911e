package picturetest_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile/picture/picturetest"
)

// A ledger of your own takes the place of memstore.
func ExampleRunLedger() {
	_ = func(t *testing.T) { // func TestLedger(t *testing.T)
		picturetest.RunLedger(t, func(t *testing.T) picturetest.Harness {
			db := memstore.New()
			return picturetest.Harness{Ledger: db.Ledger(), Tx: db}
		})
	}
}

func TestLedgerWithoutTransactions(t *testing.T) {
	picturetest.RunLedger(t, func(t *testing.T) picturetest.Harness {
		return picturetest.Harness{Ledger: memstore.New().Ledger()}
	})
}
