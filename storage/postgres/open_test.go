package postgres_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listener accepts connections and hands each to serve.
func listener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go serve(c)
		}
	}()
	return l.Addr().String()
}

func TestR05_OpenFailsWithOneClearLine(t *testing.T) {
	const password = "s3cret-pass"
	closed := listener(t, func(c net.Conn) { c.Close() })
	silent := listener(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := l.Addr().String()
	l.Close()
	u, err := url.Parse(pgtest.Open(t))
	must(t, err)
	server := u.Host

	for _, c := range []struct{ name, dsn, want string }{
		{"nobody listens", "postgres://me:" + password + "@" + nobody + "/db?sslmode=disable", "connection refused"},
		{"no answer", "postgres://me:" + password + "@" + silent + "/db?sslmode=disable", "no answer in time"},
		{"no Postgres", "postgres://me:" + password + "@" + closed + "/db?sslmode=disable", "PostgreSQL"},
		{"no TLS", "postgres://me:" + password + "@" + server + "/postgres?sslmode=require", "no TLS"},
		{"no such database", "postgres://postgres:" + password + "@" + server + "/nowhere?sslmode=disable", "no such database"},
		{"no such host", "postgres://me:" + password + "@host.invalid/db?sslmode=disable", ""},
		{"no such socket", "host=/nowhere user=me password=" + password + " dbname=db", "no such socket"},
		{"no URL", "postgres://me:" + password + "@%zz/db", "cannot be read"},
		{"no port", "postgres://me:" + password + "@localhost:port/db", "cannot be read"},
		{"no setting", "host=localhost password=" + password + " sslmode=perhaps", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			db, err := postgres.Open(t.Context(), c.dsn, postgres.Options{ConnectTimeout: 300 * time.Millisecond})
			if err == nil {
				db.Close()
				t.Fatal("Open succeeded")
			}
			text := err.Error()
			if !strings.Contains(text, c.want) {
				t.Errorf("%q does not say %q", text, c.want)
			}
			if strings.Contains(text, password) || strings.Contains(text, "\n") {
				t.Errorf("%q has the password or more than one line", text)
			}
			if !strings.Contains(c.want, "cannot be read") && !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%v does not match ErrUnavailable", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestOpenHeedsItsContext(t *testing.T) {
	silent := listener(t, func(net.Conn) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ctx, "postgres://me@"+silent+"/db?sslmode=disable", postgres.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestSettingsOfTheDSNWin(t *testing.T) {
	dsn := fresh(t) + "&statement_timeout=1234"
	db := open(t, dsn, postgres.Options{StatementTimeout: time.Minute, LockTimeout: 2 * time.Second})
	for name, want := range map[string]string{"statement_timeout": "1234ms", "lock_timeout": "2s"} {
		if got := show(t, db, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func show(t *testing.T, db *sqlstore.DB, setting string) (value string) {
	t.Helper()
	must(t, db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return tx.GetContext(ctx, &value, "SHOW "+setting)
	}))
	return value
}
