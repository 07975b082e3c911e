package pgtest_test

import (
	"database/sql"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// TestBenchmarksAreDurable asks a server that ran tests first. What the tests
// spare, a benchmark must pay.
func TestBenchmarksAreDurable(t *testing.T) {
	pgtest.Open(t)
	settings := map[string]string{}
	testing.Benchmark(func(b *testing.B) {
		db, err := sql.Open("postgres", pgtest.Open(b))
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			// The server reads its file again when it comes to it.
			until(t, name+" is on", func() bool {
				var value string
				if err := db.QueryRow("SHOW " + name).Scan(&value); err != nil {
					t.Error(err)
				}
				settings[name] = value
				return value == "on"
			})
		}
	})
	if len(settings) != 3 {
		t.Errorf("the benchmark saw %v", settings)
	}
}
