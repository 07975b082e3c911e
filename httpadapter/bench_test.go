package httpadapter_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// The benchmarks put the adapter beside a floor: a handler written by hand for
// just this request, on the same tables, with prepared statements. Both are
// driven in turn by the same connections, and what is printed is the ratio of
// their requests per second ("ratio", 1 is the floor; goals: GET 0.85, PATCH
// 0.80, GET with the session cache 2.5 of the floor on Postgres). Beside the cache stands one written by
// hand ("hand", against the same floor).

const (
	benchUsers = 200
	benchConns = 16
	benchRound = 400 // requests of a round on one side
)

func BenchmarkGetProfile(b *testing.B) {
	for _, db := range benchDatabases {
		b.Run(db.name, func(b *testing.B) {
			bench(b, db, auth.SessionCache{}, getProfile)
		})
	}
}

func BenchmarkGetProfileCached(b *testing.B) {
	for _, db := range benchDatabases {
		b.Run(db.name, func(b *testing.B) {
			bench(b, db, auth.SessionCache{TTL: time.Second}, getProfile)
		})
	}
}

func getProfile(i int, token string) []byte {
	return []byte("GET /api/profile HTTP/1.1\r\nHost: localhost\r\nCookie: profilekit=" + token + "\r\n\r\n")
}

func BenchmarkPatchProfile(b *testing.B) {
	for _, db := range benchDatabases {
		b.Run(db.name, func(b *testing.B) {
			bench(b, db, auth.SessionCache{}, func(i int, token string) []byte {
				body := `{"displayName":"Name ` + strconv.Itoa(i) + `"}`
				return fmt.Appendf(nil, "PATCH /api/profile HTTP/1.1\r\nHost: localhost\r\nCookie: profilekit=%s\r\n"+
					"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body)
			})
		})
	}
}

// benchDB opens our database and, apart from it, the floor's handle on it.
type benchDB struct {
	name string
	open func(b *testing.B) (*sqlstore.DB, *floor)
}

var benchDatabases = []benchDB{
	{name: "SQLite", open: func(b *testing.B) (*sqlstore.DB, *floor) {
		path := filepath.Join(b.TempDir(), "bench.db")
		db, err := sqlite.Open(b.Context(), path, sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		pool := func(extra string, n int) *sql.DB {
			p, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+extra)
			if err != nil {
				b.Fatal(err)
			}
			p.SetMaxOpenConns(n)
			p.SetMaxIdleConns(n)
			b.Cleanup(func() { p.Close() })
			return p
		}
		return db, &floor{read: pool("&_pragma=query_only(1)", 4), write: pool("", 1)}
	}},
	{name: "Postgres", open: func(b *testing.B) (*sqlstore.DB, *floor) {
		dsn := pgtest.Open(b)
		db, err := postgres.Open(b.Context(), dsn, postgres.Options{})
		if err != nil {
			b.Fatal(err)
		}
		p, err := sql.Open("postgres", dsn)
		if err != nil {
			b.Fatal(err)
		}
		p.SetMaxOpenConns(benchConns)
		p.SetMaxIdleConns(benchConns)
		b.Cleanup(func() { p.Close() })
		return db, &floor{read: p, write: p, postgres: true}
	}},
}

// bench runs rounds on all sides in turn and reports the median ratios.
func bench(b *testing.B, d benchDB, cache auth.SessionCache, request func(i int, token string) []byte) {
	db, fl := d.open(b)
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(b.Context(), sqlstore.MigrateOptions{}); err != nil {
		b.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		b.Fatal(err)
	}
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: "http://localhost",
		Auth: auth.Policy{Hashers: hash.New(cheap), SessionCache: cache},
	})
	if err != nil {
		b.Fatal(err)
	}
	var tokens []string
	for i := range benchUsers {
		in, err := app.Auth.Register(b.Context(), auth.Client{}, auth.Registration{
			Username: fmt.Sprintf("user%d", i), Email: fmt.Sprintf("user%d@example.org", i), Password: password,
		})
		if err != nil {
			b.Fatal(err)
		}
		tokens = append(tokens, in.Token)
	}
	if err := fl.prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	app.Register(mux)
	ours := newLoad(b, mux)
	theirs := newLoad(b, fl)
	var hand *load
	if cache.TTL > 0 {
		hand = newLoad(b, &cachedFloor{floor: fl, ttl: cache.TTL, kept: map[[32]byte]cachedUser{}})
	}

	n := 0
	side := func(l *load) time.Duration {
		start := time.Now()
		l.run(b, benchRound, func(i int) []byte { return request(n+i, tokens[(n+i)%len(tokens)]) })
		n += benchRound
		return time.Since(start)
	}
	side(ours)
	side(theirs)
	var ratios, hands []float64
	var spent time.Duration
	for b.Loop() {
		f, o := side(theirs), side(ours)
		ratios = append(ratios, float64(f)/float64(o))
		spent += o
		if hand != nil {
			hands = append(hands, float64(f)/float64(side(hand)))
		}
	}
	b.ReportMetric(median(ratios), "ratio")
	if hand != nil {
		b.ReportMetric(median(hands), "hand")
	}
	b.ReportMetric(float64(len(ratios)*benchRound)/spent.Seconds(), "req/s")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// load is a server and the connections that drive it, so spare that the time
// goes to the server.
type load struct {
	conns []net.Conn
	reads []*bufio.Reader
}

func newLoad(b *testing.B, h http.Handler) *load {
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	l := &load{}
	for range benchConns {
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		l.conns, l.reads = append(l.conns, c), append(l.reads, bufio.NewReader(c))
	}
	return l
}

// run sends n requests over the connections; each must be answered with 200.
func (l *load) run(b *testing.B, n int, request func(i int) []byte) {
	var wg sync.WaitGroup
	errs := make(chan error, len(l.conns))
	for c := range l.conns {
		wg.Go(func() {
			for i := c; i < n; i += len(l.conns) {
				if _, err := l.conns[c].Write(request(i)); err != nil {
					errs <- err
					return
				}
				if err := readOK(l.reads[c]); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
}

// readOK skips one answer with a Content-Length.
func readOK(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answer: %s", line)
	}
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
	}
	if length == 0 {
		return fmt.Errorf("answer without a length")
	}
	_, err = r.Discard(length)
	return err
}
