package httpadapter_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	sqlitedriver "modernc.org/sqlite"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/internal/sqlspy"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// spied is a world whose database is behind a spy. Wherever something outside
// the database takes its time (a hash, a blob store, the client's network), it
// checks that no transaction is open and no connection in use. That is exact
// with one request at a time, which is all that the tests here send.
type spied struct {
	*world
	spy     *sqlspy.Spy
	db      *sqlstore.DB
	pools   []*sqlx.DB
	members int
	model   func() (c *client, name, path string)
	waits   map[string]int // how often each kind of waiting was looked at

	// blobsLeft is how many calls of the store pass before one fails with blobFailure;
	// 0 is never.
	blobsLeft   int
	blobFailure error
}

// failBlobAt is sqlspy.Spy.FailAt for the store of blobs.
func (s *spied) failBlobAt(err error) func(n int) {
	return func(n int) { s.blobsLeft, s.blobFailure = n, err }
}

func (s *spied) blobFails() error {
	if s.blobsLeft == 0 {
		return nil
	}
	if s.blobsLeft--; s.blobsLeft > 0 {
		return nil
	}
	return s.blobFailure
}

// onSpied runs f with a spied world of each database.
func onSpied(t *testing.T, f func(t *testing.T, s *spied)) {
	t.Run("sqlite", func(t *testing.T) {
		s := &spied{spy: sqlspy.New()}
		at := "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "app.db")) +
			"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"
		main := s.pool("sqlite", sql.OpenDB(s.spy.Driver(&sqlitedriver.Driver{}, at)), 1)
		readers := s.pool("sqlite", sql.OpenDB(s.spy.Driver(&sqlitedriver.Driver{}, at+"&_pragma=query_only(1)")), 4)
		s.db = sqlstore.New(main, sqlstore.SQLite, sqlstore.Options{Readers: readers})
		s.start(t)
		f(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		c, err := pq.NewConnector(pgtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		s := &spied{spy: sqlspy.New()}
		main := s.pool("postgres", sql.OpenDB(s.spy.Connector(c)), 4)
		s.db = sqlstore.New(main, sqlstore.Postgres, sqlstore.Options{ErrorInfo: pqInfo})
		s.start(t)
		f(t, s)
	})
}

func pqInfo(err error) (code, constraint string, ok bool) {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return "", "", false
	}
	return string(e.Code), e.Constraint, true
}

func (s *spied) pool(driver string, db *sql.DB, connections int) *sqlx.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	p := sqlx.NewDb(db, driver)
	s.pools = append(s.pools, p)
	return p
}

func (s *spied) start(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { _ = s.db.Close() })
	if err := s.db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	cfg, w := config(t)
	s.world, s.waits = w, map[string]int{}
	many := limit.Rule{Limit: 100_000, Window: 1 << 40}
	cfg.Auth.Limits = authlimit.Tries{Address: many, SignUp: many, Mail: many, MailAddress: many, MailTotal: many}
	cfg.Stores = httpadapter.StoresOf(s.db)
	cfg.Auth.Courier = spiedCourier{s, w.mail}
	cfg.Blobs = spiedBlobs{s, directtest.New(t, memblob.New(memblob.Options{}))}
	cfg.Auth.Hashers = hash.New(spiedHasher{s, hash.Argon2id{Memory: 16, Time: 1, Threads: 1}}) // cheap is weaker
	cfg.Auth.Codes.Channels, cfg.Auth.Codes.Alone = []authmail.Channel{authmail.BySMS, authmail.ByEmail}, true
	cfg.Auth.FactorRecovery.Wait = auth.RecoveryWait
	var err error
	if cfg.Auth.Passkeys, err = passkey.New(cfg.Keys, passkey.Options{Origin: cfg.BaseURL}); err != nil {
		t.Fatal(err)
	}
	fit(&cfg)
	if w.app, err = httpadapter.New(cfg); err != nil {
		t.Fatal(err)
	}
	w.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Body = spiedBody{s, r.Body}
		w.app.ServeHTTP(spiedWriter{s, rw}, r)
	}))
	t.Cleanup(w.srv.Close)
}

// free checks that the database is left alone while something else takes its
// time.
func (s *spied) free(what string) {
	s.waits[what]++
	if n := s.spy.OpenTransactions(); n != 0 {
		s.t.Errorf("%s: %d transactions are open", what, n)
	}
	for _, p := range s.pools {
		if n := p.Stats().InUse; n != 0 {
			s.t.Errorf("%s: %d connections are in use", what, n)
		}
	}
}

// spiedCourier writes to the database, as one that is worth the name does. It
// looks at nothing: it is called inside the transaction.
type spiedCourier struct {
	s    *spied
	next authmail.Courier
}

func (c spiedCourier) Deliver(ctx context.Context, m authmail.Message) error {
	c.s.waits["deliver a message"]++
	if n := c.s.spy.OpenTransactions(); n != 1 {
		c.s.t.Errorf("deliver a message: %d transactions are open, want the one that makes its link", n)
	}
	return c.next.Deliver(ctx, m)
}

type spiedHasher struct {
	s    *spied
	next hash.Hasher
}

func (h spiedHasher) Hash(password string) (string, error) {
	h.s.free("hash a password")
	return h.next.Hash(password)
}

func (h spiedHasher) Match(encoded, password string) hash.Result {
	h.s.free("match a password")
	return h.next.Match(encoded, password)
}

type spiedBlobs struct {
	s    *spied
	next *directtest.Store
}

func (b spiedBlobs) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	b.s.free("put a blob")
	if err := b.s.blobFails(); err != nil {
		return err
	}
	return b.next.Put(ctx, key, body, meta)
}

func (b spiedBlobs) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	b.s.free("open a blob")
	if err := b.s.blobFails(); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	return b.next.Open(ctx, key)
}

func (b spiedBlobs) Delete(ctx context.Context, key string) error {
	b.s.free("delete a blob")
	if err := b.s.blobFails(); err != nil {
		return err
	}
	return b.next.Delete(ctx, key)
}

// DirectUpload makes it a storage.DirectUploader; signing may take a network
// call.
func (b spiedBlobs) DirectUpload(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	b.s.free("sign a form")
	if err := b.s.blobFails(); err != nil {
		return storage.DirectForm{}, err
	}
	return b.next.DirectUpload(ctx, r)
}

// spiedBody is the network that a request comes by, spiedWriter that of the
// answer.
type spiedBody struct {
	s *spied
	io.ReadCloser
}

func (b spiedBody) Read(p []byte) (int, error) {
	b.s.free("read a body")
	return b.ReadCloser.Read(p)
}

type spiedWriter struct {
	s *spied
	http.ResponseWriter
}

func (w spiedWriter) Write(p []byte) (int, error) {
	w.s.free("write an answer")
	return w.ResponseWriter.Write(p)
}

func (w spiedWriter) WriteHeader(status int) {
	w.s.free("write an answer")
	w.ResponseWriter.WriteHeader(status)
}

func (w spiedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
