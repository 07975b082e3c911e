package pgtest_test

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

func TestBouncerSharesConnections(t *testing.T) {
	direct := pgtest.Open(t)
	dsn := pgtest.Bouncer(t, direct, "transaction")
	if dsn == direct {
		t.Fatal("the URL does not lead through the bouncer")
	}
	// Four clients are open; what they do is done by two connections.
	pids := map[int]bool{}
	for range 4 {
		db := open(t, dsn)
		var pid int
		if err := db.QueryRow("SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		pids[pid] = true
	}
	if len(pids) > 2 {
		t.Errorf("%d connections to the server, want 2 at most", len(pids))
	}
}

func TestBouncerTakesMoreLines(t *testing.T) {
	dsn := pgtest.Bouncer(t, pgtest.Open(t), "transaction", "ignore_startup_parameters = lock_timeout")
	db := open(t, dsn+"&lock_timeout=1000")
	if _, err := db.Exec("SELECT 1"); err != nil {
		t.Errorf("a start-up parameter that is to be ignored: %v", err)
	}
	_, err := open(t, dsn+"&statement_timeout=1000").Exec("SELECT 1")
	if err == nil || !strings.Contains(err.Error(), "statement_timeout") {
		t.Errorf("another start-up parameter: %v, want it refused", err)
	}
}
