package silence

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/faults/proxy"
	"github.com/profilekit/profilekit/storage/postgres"
)

// worst is the time that 99 of 100 answers keep to.
func worst(answers []answer) time.Duration {
	took := make([]time.Duration, len(answers))
	for i, r := range answers {
		took[i] = r.took
	}
	slices.Sort(took)
	return took[(len(took)*99+99)/100-1]
}

// R07: every answer of the database takes half a second longer, give or take.
// Clients within the size of the pool are all served, and with no more
// statements than in health; ten times as many are served or told to come back,
// in time as well, over no more connections.
func TestR07_SlowDatabase(t *testing.T) {
	const pool = 8
	dsn := fresh(t)
	wire, through := proxy.NewWire(t, dsn) // counts
	p, through := proxy.For(t, through)    // delays
	db, err := postgres.Open(t.Context(), through, postgres.Options{MaxOpen: pool})
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, db, nil, func(c *httpadapter.Config) { c.HTTP.RequestTimeout = 15 * time.Second })
	direct, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	tokens := make([]string, pool)
	for i := range tokens {
		tokens[i] = a.user(fmt.Sprint("slow", i))
	}
	rounds := times(1, 20)
	within := func(what string) (answers []answer) {
		for round := range rounds {
			for _, method := range []string{"GET", "PATCH"} {
				answers = append(answers, at(pool, func(i int) answer {
					if method == "GET" {
						return a.json("GET", "/api/profile", tokens[i], "")
					}
					return a.json("PATCH", "/api/profile", tokens[i], fmt.Sprintf(`{"bio":"%s %d"}`, what, round))
				})...)
			}
		}
		for _, r := range answers {
			if r.status != http.StatusOK {
				t.Errorf("%s: %d %s", what, r.status, r.body)
			}
		}
		return answers
	}
	within("warm")
	before := wire.Sent("EQ")
	within("healthy")
	healthy := wire.Sent("EQ") - before

	p.Slow(t, 500*time.Millisecond, 200*time.Millisecond)
	before = wire.Sent("EQ")
	answers := within("slow")
	slow := wire.Sent("EQ") - before
	if p99 := worst(answers); p99 > 3*time.Second {
		t.Errorf("p99 is %v within the size of the pool, want less than 3 s", p99)
	} else {
		t.Logf("p99 %v within the size of the pool; %d statements, %d in health", p99.Round(time.Millisecond), slow, healthy)
	}
	if slow*10 > healthy*11 {
		t.Errorf("%d statements for what takes %d in health", slow, healthy)
	}

	before = wire.Sent("EQ")
	served := 0
	answers = at(10*pool, func(i int) answer { return a.json("GET", "/api/profile", tokens[i%pool], "") })
	for _, r := range answers {
		switch r.status {
		case http.StatusOK:
			served++
		default:
			unavailable(t, route{method: "GET", path: "/api/profile"}, r)
		}
	}
	if p99 := worst(answers); p99 > 3*time.Second+slack {
		t.Errorf("p99 is %v with ten times as many clients, want less than 3 s", p99)
	} else {
		t.Logf("p99 %v with ten times as many clients, of which %d of %d were served", p99.Round(time.Millisecond), served, len(answers))
	}
	if served < pool {
		t.Errorf("only %d were served", served)
	}
	if n := wire.Sent("EQ") - before; n > served+served/10 {
		t.Errorf("%d statements for %d answers", n, served)
	}
	var conns int
	if err := direct.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Scan(&conns); err != nil || conns > pool {
		t.Errorf("%d connections with a pool of %d (%v)", conns, pool, err)
	}
	p.Heal(t)
	a.recovers(tokens[0])
}
