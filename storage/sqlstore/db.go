package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

// Dialect is the kind of database behind a DB.
type Dialect int

// The databases that sqlstore speaks.
const (
	Postgres Dialect = iota + 1
	SQLite
)

// Options change how a DB uses its pools; the zero value is right for a
// Postgres pool that talks to the server directly.
type Options struct {
	// Readers serves reads outside a transaction; nil means the main pool.
	// For SQLite the main pool should hold one connection, because one can
	// write at a time, and Readers several.
	Readers *sqlx.DB
	// Unprepared sends every statement unprepared, for a transaction pooler
	// that cannot follow prepared statements. With lib/pq the DSN must then
	// say binary_parameters=yes, else rows of other queries come back.
	Unprepared bool
	// MigrationPool opens the pool that Migrate uses and closes, with at
	// least 2 connections and no limit on the time of a statement; nil means
	// the main pool.
	MigrationPool func() (*sqlx.DB, error)
	// ErrorInfo reads a driver's error: its SQLSTATE (Postgres) or decimal
	// extended result code (SQLite), and the name of the constraint that was
	// violated, if the driver tells. nil reads the methods SQLState() string
	// and Code() int, which lib/pq, pgx and modernc.org/sqlite have; these
	// give no constraint, so with pgx hand in
	//
	//	func(err error) (code, constraint string, ok bool) {
	//		var e *pgconn.PgError
	//		var unreached *pgconn.ConnectError
	//		switch {
	//		case errors.As(err, &e):
	//			return e.Code, e.ConstraintName, true
	//		case errors.As(err, &unreached):
	//			return "08001", "", true
	//		case errors.Is(err, pgx.ErrTxCommitRollback):
	//			return "25P02", "", true
	//		}
	//		return "", "", false
	//	}
	ErrorInfo func(error) (code, constraint string, ok bool)
	// ReadContext, if any, makes the context that one row is read with outside a
	// transaction, of the caller's: for a driver that ends the call with the
	// caller's by itself, and cheaper than database/sql does.
	ReadContext func(context.Context) context.Context
	// MaxWait is how long a call to Postgres waits for its turn when all
	// connections of the pool are in use, before it fails with
	// storage.ErrUnavailable; 0 is 2 s, less than 0 as long as its context lasts.
	// The size of the pool is read once, by New; while it has no limit nobody
	// waits.
	MaxWait time.Duration
	// AfterWrite, if any, is called after each write and transaction of a
	// SQLite database, while no other can begin: it may tend to the file.
	AfterWrite func()
	// Now tells the time that users are created and updated at; nil is
	// time.Now.
	Now func() time.Time
}

// DB keeps every store of profilekit in one database. It is safe for
// concurrent use and starts no goroutine of its own.
type DB struct {
	dialect   Dialect
	main      pool
	readers   pool
	prepared  bool
	migration func() (*sqlx.DB, error)
	errorInfo func(error) (string, string, bool)
	reading   func(context.Context) context.Context
	now       func() time.Time
	watchers  watchers
	signedIn  signedInRows
}

// New returns a DB over an open pool, which it owns from then on: Close closes
// it. It does not connect.
func New(db *sqlx.DB, dialect Dialect, o Options) *DB {
	d := &DB{
		dialect:   dialect,
		main:      pool{DB: db},
		prepared:  !o.Unprepared,
		migration: o.MigrationPool,
		errorInfo: o.ErrorInfo,
		reading:   o.ReadContext,
		now:       o.Now,
	}
	if o.Readers != nil {
		d.readers.DB = o.Readers
	}
	if dialect == SQLite { // it has one writer
		d.main.turns = newTurns(1, 0, o.AfterWrite)
	} else {
		d.main.turns = o.poolTurns(db.Stats().MaxOpenConnections)
		if o.Readers != nil {
			d.readers.turns = o.poolTurns(o.Readers.Stats().MaxOpenConnections)
		}
	}
	if d.errorInfo == nil {
		d.errorInfo = errorInfo
	}
	if d.now == nil {
		d.now = time.Now
	}
	return d
}

// Dialect returns the kind of database.
func (d *DB) Dialect() Dialect { return d.dialect }

// Users returns the store of users.
func (d *DB) Users() profile.Store { return users{d} }

// Auth returns the stores of passwords, sessions, tickets, factors and handles, for the users
// of Users: passwords are in their rows, and sessions are read together with them.
func (d *DB) Auth() authstore.Stores {
	return authstore.Stores{Passwords: passwords{d}, Sessions: sessions{d}, Tickets: tickets{d}, Factors: factors{d}, Handles: handles{d}}
}

// AuthApart is Auth for users in a table of the host's own: of the users themselves it
// knows the ID, which may be any text, and keeps the passwords in profilekit_passwords.
func (d *DB) AuthApart() authstore.Stores {
	s := d.Auth()
	s.Passwords = passwordsApart{d}
	return s
}

// Limits returns the counters of tries.
func (d *DB) Limits() limit.Store { return throttle{d} }

// Outbox returns the store of messages that wait to be sent.
func (d *DB) Outbox() notify.OutboxStore { return outbox{d} }

// Settings returns the store of settings.
func (d *DB) Settings() settings.Store { return settingsStore{d} }

// Activity returns the store of events.
func (d *DB) Activity() activity.Store { return activityStore{d} }

// Ledger returns the ledger of picture blobs.
func (d *DB) Ledger() storage.Ledger { return ledger{d} }

// Ping reports whether the database answers: nil, ctx's error, or one that
// matches storage.ErrUnavailable.
func (d *DB) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.dialect == Postgres {
		release, err := d.main.turns.wait(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	var one int
	return d.failure(ctx, d.main.QueryRowxContext(ctx, "SELECT 1").Scan(&one))
}

// Close closes the pools; a second Close does nothing. Calls that run finish
// with an error.
func (d *DB) Close() error {
	err := d.main.close()
	if d.readers.DB != nil {
		err = errors.Join(d.readers.close(), err)
	}
	if err != nil {
		return errors.New("sqlstore: closing the database failed")
	}
	return nil
}

// Beside is of authstore.UsersBeside.
func (s passwords) Beside(store profile.Store) bool { return store == profile.Store(users(s)) }

// Beside is of authstore.UsersBeside.
func (s sessions) Beside(store profile.Store) bool { return store == profile.Store(users(s)) }

var (
	_ authstore.UsersBeside      = passwords{}
	_ authstore.SessionUserStore = sessions{}
)
