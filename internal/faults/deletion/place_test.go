package deletion

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	sqlitedriver "modernc.org/sqlite"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/internal/sqlspy"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// place is where a host keeps everything: a database, and a folder with the
// pictures, the key and, for SQLite, the database.
type place struct {
	postgres string // "" is SQLite in dir
	dir      string
}

// template is a place that was filled once and is copied for each death.
type template struct {
	postgres bool
	dir      string // "" before it was filled
}

func (tm *template) copy(t *testing.T) place {
	t.Helper()
	var p place
	empty := tm.dir == ""
	if empty {
		tm.dir = t.TempDir()
	}
	if tm.postgres {
		// The database belongs to the folder: a test that is repeated fills both anew.
		p.postgres = pgtest.OpenFrom(t, "an account to erase, "+tm.dir, func(_ context.Context, dsn string) error {
			fill(t, place{postgres: dsn, dir: tm.dir})
			return nil
		})
	} else if empty {
		fill(t, place{dir: tm.dir})
	}
	p.dir = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(p.dir, os.DirFS(tm.dir)); err != nil {
		t.Fatal(err)
	}
	return p
}

// key seals what the hosts of all processes seal: it must be one and the same.
const key = "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// app opens the host at p, whose clock is ahead; each, unless it is nil, is
// called before each call to the database and to the folder of pictures. The mailbox, unless
// it is nil, has the links that the host sends.
func (p place) app(ahead time.Duration, each func(), mail *mailbox) (_ *httpadapter.App, _ *sqlstore.DB, err error) {
	spy := sqlspy.New()
	spy.Before = each
	var db *sqlstore.DB
	if p.postgres != "" {
		c, err := pq.NewConnector(p.postgres)
		if err != nil {
			return nil, nil, err
		}
		db = sqlstore.New(sqlx.NewDb(sql.OpenDB(spy.Connector(c)), "postgres"), sqlstore.Postgres, sqlstore.Options{ErrorInfo: pqInfo})
	} else {
		at := "file://" + filepath.ToSlash(filepath.Join(p.dir, "app.db")) + "?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)"
		pool := sqlx.NewDb(sql.OpenDB(spy.Driver(&sqlitedriver.Driver{}, at)), "sqlite")
		pool.SetMaxOpenConns(1)
		db = sqlstore.New(pool, sqlstore.SQLite, sqlstore.Options{})
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	blobs, err := diskblob.Open(filepath.Join(p.dir, "pictures"), diskblob.Options{})
	if err != nil {
		return nil, nil, err
	}
	keys, err := keyring.Parse(key)
	if err != nil {
		return nil, nil, err
	}
	clock := func() time.Time { return time.Now().Add(ahead) }
	prefs, err := settings.New(settings.Config{Store: db.Settings(), Sections: []settings.Declaration{notify.PreferencesSection.Declare()}})
	if err != nil {
		return nil, nil, err
	}
	post, err := notify.New(notify.Config{
		Store: db.Outbox(), Keys: keys, Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: nobody{}}},
		Users: db.Users(), Settings: prefs, Now: clock,
	})
	if err != nil {
		return nil, nil, err
	}
	passkeys, err := passkey.New(keys, passkey.Options{Origin: "http://localhost"})
	if err != nil {
		return nil, nil, err
	}
	var courier authmail.Courier = post
	if mail != nil {
		mail.Courier, courier = post, mail
	}
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: counted{blobs, each}, Keys: keys, BaseURL: "http://localhost",
		Auth: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1}), Courier: courier, Passkeys: passkeys}, Recorder: post, Now: clock,
	})
	return app, db, err
}

func pqInfo(err error) (code, constraint string, ok bool) {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return "", "", false
	}
	return string(e.Code), e.Constraint, true
}

// mailbox is a courier that keeps the newest link by which each address is proved, and gives
// every message to the courier of the host.
type mailbox struct {
	authmail.Courier
	mu    sync.Mutex
	links map[string]string
}

func (m *mailbox) Deliver(ctx context.Context, msg authmail.Message) error {
	if msg.Kind == authmail.Verify {
		m.mu.Lock()
		m.links[msg.To] = msg.Link
		m.mu.Unlock()
	}
	return m.Courier.Deliver(ctx, msg)
}

// token is that of the link to the address.
func (m *mailbox) token(t *testing.T, address string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	_, token, ok := strings.Cut(m.links[address], "#token=")
	if !ok {
		t.Fatalf("no link was sent to %s", address)
	}
	return token
}

// nobody is a Sender that is never asked: no outbox is worked off here.
type nobody struct{}

func (nobody) Send(context.Context, notify.Letter) error { return errors.New("a letter was sent") }

// counted calls each before a deletion.
type counted struct {
	*diskblob.Store
	each func()
}

func (c counted) Delete(ctx context.Context, key string) error {
	if c.each != nil {
		c.each()
	}
	return c.Store.Delete(ctx, key)
}

var _ storage.BlobStore = counted{}

// tables are the rows of every table as text, by table.
func tables(t *testing.T, db *sqlstore.DB, p place) map[string][]string {
	t.Helper()
	names := `SELECT name FROM sqlite_schema WHERE type = 'table' AND (name = 'users' OR name LIKE 'profilekit%')`
	if p.postgres != "" {
		names = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND (tablename = 'users' OR tablename LIKE 'profilekit%')`
	}
	out := map[string][]string{}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		var list []string
		rows, err := tx.QueryContext(ctx, names)
		if err != nil {
			return err
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			list = append(list, name)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, name := range list {
			if out[name], err = texts(ctx, tx, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(out) < 8 {
		t.Fatalf("%d tables, %v", len(out), err)
	}
	return out
}

// texts are the rows of a table, "column=value" with bars around.
func texts(ctx context.Context, tx *sqlx.Tx, table string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var b strings.Builder
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			fmt.Fprintf(&b, "|%s=%v", columns[i], v)
		}
		list = append(list, b.String()+"|")
	}
	return list, rows.Err()
}
