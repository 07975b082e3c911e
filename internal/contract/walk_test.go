package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/contract/blackbox"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestS12_RoutesAreTheDocuments: every route is in the file with its class, and
// every operation of the file is a route.
func TestS12_RoutesAreTheDocuments(t *testing.T) {
	app := newApp(t, openSQLite(t), "https://example.org", &mailbox{})
	file := map[string]string{}
	for _, op := range validator(t).Operations() {
		file[op.Method+" "+op.Path] = op.Class
	}
	for _, r := range app.Routes() {
		key := r.Method + " " + r.Pattern
		class, ok := file[key]
		switch {
		case !ok:
			t.Errorf("%s is not in the file", key)
		case class != string(r.Class):
			t.Errorf("%s is %s, in the file %s", key, r.Class, class)
		}
		delete(file, key)
	}
	for key := range file {
		t.Errorf("%s is no route", key)
	}
}

func TestBlackBoxOnSQLite(t *testing.T) {
	blackbox.Run(t, func(t *testing.T) blackbox.Target { return serve(t, openSQLite(t), true) })
}

func TestBlackBoxOnPostgres(t *testing.T) {
	blackbox.Run(t, func(t *testing.T) blackbox.Target { return serve(t, openPostgres(t), true) })
}

// TestBlackBoxOverPlainHTTP is what is different on a developer's machine: the
// cookie's name, and how browsers say where a request comes from.
func TestBlackBoxOverPlainHTTP(t *testing.T) {
	blackbox.Run(t, func(t *testing.T) blackbox.Target { return serve(t, openSQLite(t), false) },
		"HappyPaths", "S33_Sessions", "S35_Cookies", "S46_ForeignOrigins")
}

func openSQLite(t *testing.T) *sqlstore.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	return migrated(t, db, err)
}

func openPostgres(t *testing.T) *sqlstore.DB {
	t.Helper()
	dsn := pgtest.OpenFrom(t, "contract", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(ctx, sqlstore.MigrateOptions{})
	})
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	return migrated(t, db, err)
}

func migrated(t *testing.T, db *sqlstore.DB, err error) *sqlstore.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return db
}

// mailbox is a courier that keeps what it was given.
type mailbox struct {
	mu  sync.Mutex
	all []authmail.Message
}

func (m *mailbox) Deliver(_ context.Context, msg authmail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, msg)
	return nil
}

// token is blackbox.Target.Token.
func (m *mailbox) token(t *testing.T, kind, address string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range slices.Backward(m.all) {
		link := msg.Link
		if kind == "report" {
			link = msg.Report
		} else if string(msg.Kind) != kind {
			continue
		}
		if msg.To == address && link != "" {
			_, token, _ := strings.Cut(link, "#token=")
			return token
		}
	}
	t.Fatalf("there is no mail %s to %s", kind, address)
	return ""
}

// code is blackbox.Target.Code.
func (m *mailbox) code(t *testing.T, kind, to string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range slices.Backward(m.all) {
		if string(msg.Kind) == kind && msg.To == to {
			return msg.Code
		}
	}
	t.Fatalf("there is no message %s to %s", kind, to)
	return ""
}

func newApp(t *testing.T, db *sqlstore.DB, base string, mail *mailbox) *httpadapter.App {
	t.Helper()
	cfg := config(t, base, mail)
	cfg.Stores = httpadapter.StoresOf(db).Unlimited()
	app, err := httpadapter.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// config has everything but the stores.
func config(t *testing.T, base string, mail *mailbox) httpadapter.Config {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	// Its address has no name that passkeys could be for.
	passkeys, err := passkey.New(keys, passkey.Options{Origin: base, ID: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	return httpadapter.Config{
		Blobs: directtest.New(t, memblob.New(memblob.Options{})), Pictures: picture.Policy{Direct: true}, Keys: keys, BaseURL: base,
		// What a hash costs is package auth's to test.
		Auth: auth.Policy{Courier: mail, Passkeys: passkeys, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS, authmail.ByEmail}, Alone: true}, FactorRecovery: auth.FactorRecovery{Wait: time.Microsecond, AnyWait: true}, Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1})},
	}
}

// serve starts an app on db; its address, and so its cookie, is known only
// once it listens.
func serve(t *testing.T, db *sqlstore.DB, secure bool) blackbox.Target {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewUnstartedServer(mux)
	target := blackbox.Target{Cookie: "profilekit"}
	if secure {
		srv.StartTLS()
		target.Cookie = "__Host-profilekit"
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	target.URL, target.Transport = srv.URL, srv.Client().Transport
	mail := &mailbox{}
	newApp(t, db, srv.URL, mail).Register(mux)
	target.Token, target.Code = mail.token, mail.code
	target.Rows = func(t *testing.T, username string) string { return rows(t, db, username) }
	target.Disable = func(t *testing.T, username string) { mark(t, db, username, profile.Patch{Disabled: new(true)}) }
	target.Doubt = func(t *testing.T, username string) {
		mark(t, db, username, profile.Patch{EmailVerified: new(false)})
	}
	return target
}

// mark is what a host writes of a user itself.
func mark(t *testing.T, db *sqlstore.DB, username string, patch profile.Patch) {
	t.Helper()
	u, err := db.Users().ByUsername(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Users().Update(t.Context(), u.ID, patch); err != nil {
		t.Fatal(err)
	}
}

// rows are every column of the user and of the user's settings.
func rows(t *testing.T, db *sqlstore.DB, username string) string {
	t.Helper()
	u, err := db.Users().ByUsername(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(slices.Concat(
		table(t, db, "SELECT * FROM users WHERE CAST(id AS TEXT) = ?", u.ID),
		table(t, db, "SELECT * FROM profilekit_settings WHERE user_id = ?", u.ID),
	))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table is what a query finds.
func table(t *testing.T, db *sqlstore.DB, query string, args ...any) (all []map[string]any) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, ok := sqlstore.Tx(ctx)
		if !ok {
			return errors.New("no transaction")
		}
		all = nil
		found, err := tx.QueryxContext(ctx, tx.Rebind(query), args...)
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			row := map[string]any{}
			if err := found.MapScan(row); err != nil {
				return err
			}
			for k, v := range row {
				if b, ok := v.([]byte); ok {
					row[k] = string(b)
				}
			}
			all = append(all, row)
		}
		return found.Err()
	})
	if err != nil {
		t.Error(err)
	}
	return all
}
