package pgtest

import (
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// Bouncer starts a PgBouncer of the test's own before the server of dsn, a URL,
// and returns the URL through it. mode is its pool_mode: session, transaction or
// statement. It has 2 connections to a database of the server, so that clients
// share them, and lets 200 in. Any database of that server may be named in the
// path of the URL. Lines are added to the configuration's section [pgbouncer],
// and the later of two wins.
func Bouncer(t testing.TB, dsn, mode string, lines ...string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil || u.Hostname() == "" {
		t.Fatal("pgtest: a bouncer needs the URL of a server with its host")
	}
	password, _ := u.User.Password()
	server := fmt.Sprintf("host=%s port=%s user=%s", u.Hostname(), u.Port(), u.User.Username())
	if password != "" {
		server += " password=" + password
	}
	program, home, port, err := newBouncer(func(port int) string {
		return strings.Join(append([]string{
			"[databases]", "* = " + server,
			"[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = " + strconv.Itoa(port), "unix_socket_dir =",
			"auth_type = any", "pool_mode = " + mode, "default_pool_size = 2", "max_client_conn = 200",
		}, lines...), "\n") + "\n"
	})
	if err != nil {
		without(t, "PgBouncer", "Install pgbouncer.", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tellLog(t, home, "PgBouncer")
		}
		program.end()
	})
	if err := program.order("start"); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := answers(u); err != nil {
		t.Fatalf("pgtest: PgBouncer does not answer: %v", err)
	}
	return u.String()
}

// answers waits until a bouncer passes a query on.
func answers(u *url.URL) error {
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	return until(func() (bool, error) {
		_, err := db.Exec("SELECT 1") // the simple protocol, which every mode takes
		return err == nil, err
	})
}
