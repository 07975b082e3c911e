package pgtest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Server is a Postgres of a test's own, that may be crashed. It keeps its
// promises of durability: fsync, full_page_writes and synchronous_commit are
// on. It ends with its test, or with the test binary.
type Server struct {
	t        testing.TB
	port     int
	database string
	home     *home
	program  *supervised
	admin    *sql.DB // of the maintenance database
}

// New starts a server with one empty database. It needs the installed binaries
// even if PROFILEKIT_TEST_POSTGRES is set; without them the test is skipped, or
// fails, as with Open.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := newServer()
	if err != nil {
		missing(t, err)
	}
	s.adopt(t)
	if err := s.home.initdb(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	s.Start()
	s.database = databaseName()
	s.exec("CREATE DATABASE " + s.database + " TEMPLATE template0")
	return s
}

// adopt makes s end with t.
func (s *Server) adopt(t testing.TB) {
	s.t = t
	t.Cleanup(func() {
		if t.Failed() {
			tellLog(t, s.home, "the server at "+s.Address())
		}
		if s.admin != nil {
			_ = s.admin.Close()
		}
		s.program.end()
	})
	admin, err := sql.Open("postgres", s.url("postgres"))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	// A connection that is kept would be one of a server that has crashed.
	admin.SetMaxIdleConns(0)
	s.admin = admin
}

// DSN returns the URL of the server's database, the same at every call. A
// replica's database is the copy of its primary's.
func (s *Server) DSN() string { return s.url(s.database) }

// Address returns host:port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Crash shuts the server down at once, as a power failure would, and waits
// until it is gone: connections break, and it recovers from its log when
// started again.
func (s *Server) Crash() {
	s.t.Helper()
	if err := s.program.order("crash"); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
}

// Start starts a crashed server again on its files and port, and waits until
// it answers.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.program.order("start"); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	var data string
	err := until(func() (bool, error) {
		err := s.admin.QueryRow("SHOW data_directory").Scan(&data)
		return err == nil, err
	})
	if err != nil {
		s.t.Fatalf("pgtest: the server does not start: %v", err)
	}
	if data != s.home.data() {
		s.t.Fatal("pgtest: another server took the port")
	}
}

// Replica starts a server that follows s by streaming, and waits until it has
// all that s had. It answers reads. Commits on s do not wait for it; for that,
// set synchronous_standby_names on s to '*' afterwards.
func (s *Server) Replica() *Server {
	s.t.Helper()
	r, err := newServer()
	if err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	r.database = s.database
	r.adopt(s.t)
	if err := r.copyOf(s); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	r.Start()
	var lsn string
	if err := s.admin.QueryRow("SELECT pg_current_wal_lsn()").Scan(&lsn); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	err = until(func() (done bool, err error) {
		err = r.admin.QueryRow(`SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn
			AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming')`, lsn).Scan(&done)
		return done, err
	})
	if err != nil {
		s.t.Fatalf("pgtest: the replica does not catch up: %v", err)
	}
	return r
}

// Promote makes a replica a primary, and waits until it accepts writes.
func (s *Server) Promote() {
	s.t.Helper()
	s.exec("SELECT pg_promote(false)")
	err := until(func() (done bool, err error) {
		err = s.admin.QueryRow("SELECT NOT pg_is_in_recovery()").Scan(&done)
		return done, err
	})
	if err != nil {
		s.t.Fatalf("pgtest: promote: %v", err)
	}
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", s.Address(), database)
}

func (s *Server) exec(statement string) {
	s.t.Helper()
	if _, err := s.admin.Exec(statement); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
}

// steadyPort finds a free port that no outgoing connection takes while a server
// is down: most systems use 32768 and above for those.
func steadyPort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(12000)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}
