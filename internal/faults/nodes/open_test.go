package nodes

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// sockets is the number of connections that clients have to the node and that
// it has not closed. Only Linux tells.
func (n *node) sockets() int {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0
	}
	port := fmt.Sprintf(":%04X", netip.MustParseAddrPort(n.addr).Port())
	const established, closeWait = "01", "08"
	count := 0
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // number, local, remote, state, …
		if len(f) > 3 && strings.HasSuffix(f[1], port) && (f[3] == established || f[3] == closeWait) {
			count++
		}
	}
	return count
}

// deserted waits until Postgres has ended every connection of a node that was
// killed. A statement that it had begun to work on is finished first, and one
// that nobody was told of may so be the last to write.
func (s *place) deserted() {
	s.t.Helper()
	db := s.query()
	defer db.Close()
	waitFor(s.t, "end of the killed node's statements", func() bool {
		var left int
		err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&left)
		if err != nil {
			s.t.Fatal(err)
		}
		return left == 0
	})
}

// poolSize is what postgres.Options has without a word.
const poolSize = 16

// poolIsWhole waits until every connection of a node to Postgres is idle,
// outside of a transaction, and checks that there are no more than the pool
// may have. Nodes call themselves "node".
func (s *place) poolIsWhole() {
	s.t.Helper()
	db := s.query()
	const states = `SELECT coalesce(state, '') FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'node'`
	var now []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		rows, err := db.Query(states)
		if err != nil {
			s.t.Fatal(err)
		}
		now = nil
		idle := 0
		for rows.Next() {
			var state string
			if err := rows.Scan(&state); err != nil {
				s.t.Fatal(err)
			}
			now = append(now, state)
			if state == "idle" {
				idle++
			}
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
		rows.Close()
		if idle == len(now) {
			if len(now) == 0 || len(now) > poolSize {
				s.t.Errorf("the node has %d connections to the database, want 1 to %d", len(now), poolSize)
			}
			return
		}
	}
	s.t.Errorf("the node's connections to the database stay %q", now)
}
