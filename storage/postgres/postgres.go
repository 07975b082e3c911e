// Package postgres opens PostgreSQL databases for sqlstore with lib/pq.
//
//	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), postgres.Options{})
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	err = db.Migrate(ctx, sqlstore.MigrateOptions{})
//
// Statements are prepared once a connection and kept. Behind a pooler that
// hands out a server connection per transaction (PgBouncer's transaction mode)
// say so:
//
//	db, err := postgres.Open(ctx, dsn, postgres.Options{TransactionPooler: true})
//
// and set statement_timeout and lock_timeout for the role. Migrate needs two of
// its server connections at a time. In session mode PgBouncer needs
// ignore_startup_parameters = statement_timeout,lock_timeout and a
// default_pool_size of MaxOpen + 2 for every node.
//
// # Several hosts
//
// With a primary and replicas, name them all and ask for the one that takes
// changes:
//
//	postgres://user:password@h1:5432,h2:5432/db?target_session_attrs=read-write
//
// When the primary is lost and a replica promoted, the pool finds the new one
// without a restart; until then calls fail with storage.ErrUnavailable. A
// connection whose server became read-only under it is replaced, at most once a
// second. Nothing that was acknowledged is lost if replication is synchronous
// (synchronous_standby_names). A host that may vanish without refusing costs
// each new connection ConnectTimeout.
package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/profilekit/profilekit/internal/lifetime"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Options change how a database is opened; the zero value is right for a
// server that is reached directly.
type Options struct {
	// MaxOpen is the number of connections at most; 0 is 16. Migrate opens 2
	// more while it runs.
	MaxOpen int
	// MaxIdle is how many of them are kept; 0 is MaxOpen. Fewer cost a
	// connection and its statements again and again.
	MaxIdle int
	// MaxWait is how long a call waits while all MaxOpen are in use, before it
	// fails with storage.ErrUnavailable; 0 is 2 s, less than 0 as long as its
	// context lasts.
	MaxWait time.Duration
	// MaxLifetime and MaxIdleTime close connections after that time; 0 is an
	// hour and ten minutes.
	MaxLifetime time.Duration
	MaxIdleTime time.Duration
	// ConnectTimeout bounds making a connection; 0 is 5 s.
	ConnectTimeout time.Duration
	// StatementTimeout makes the server give up a statement; 0 is 10 s. LockTimeout
	// is the same for waiting for one lock; 0 is 5 s. Behind a transaction pooler
	// they are not set: set them for the role instead (ALTER ROLE … SET).
	StatementTimeout time.Duration
	LockTimeout      time.Duration
	// ReadTimeout and WriteTimeout bound how long the server may be silent
	// within an exchange; 0 is StatementTimeout + 5 s, and 10 s. Without them
	// a server that vanished without a word would hold a call past its
	// context's end.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	// TransactionPooler says that a pooler stands between, which gives every
	// transaction another server connection and cannot follow prepared
	// statements. Then nothing is prepared, and binary_parameters=yes is set:
	// without it lib/pq would read the rows of other queries.
	TransactionPooler bool
	// Now tells the time of changes; nil is time.Now.
	Now func() time.Time
}

// openTimeout bounds Open.
const openTimeout = 10 * time.Second

func (o Options) withDefaults() Options {
	o.MaxOpen = cmp.Or(o.MaxOpen, 16)
	o.MaxIdle = cmp.Or(o.MaxIdle, o.MaxOpen)
	o.MaxLifetime = cmp.Or(o.MaxLifetime, time.Hour)
	o.MaxIdleTime = cmp.Or(o.MaxIdleTime, 10*time.Minute)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 5*time.Second)
	o.StatementTimeout = cmp.Or(o.StatementTimeout, 10*time.Second)
	o.LockTimeout = cmp.Or(o.LockTimeout, 5*time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, o.StatementTimeout+5*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	return o
}

// Open connects to the database that dsn names, a URL (postgres://…) or a list
// of key=value; what it leaves out comes from the PG… environment variables.
// Open fails within 10 seconds, with one line that
// names the server but no part of a password, when the server does not answer
// or refuses. It does not migrate.
func Open(ctx context.Context, dsn string, opts Options) (*sqlstore.DB, error) {
	o := opts.withDefaults()
	cfg, err := pq.NewConfig(withHosts(dsn))
	if err != nil {
		// The driver's text repeats parts of the DSN, perhaps the password.
		return nil, errors.New("postgres: the DSN cannot be read; it should look like postgres://user:password@host:5432/database?sslmode=verify-full")
	}
	main, err := o.pool(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := probe(ctx, main, cfg); err != nil {
		_ = main.Close()
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, fmt.Errorf("postgres: cannot use the database at %s: %w", address(cfg), err)
	}
	return sqlstore.New(main, sqlstore.Postgres, sqlstore.Options{
		Unprepared:    o.TransactionPooler,
		ErrorInfo:     errorInfo,
		ReadContext:   lifetime.Unwatched,
		Now:           o.Now,
		MaxWait:       o.MaxWait,
		MigrationPool: o.migrationPool(cfg),
	}), nil
}

// pool opens a pool, which does not connect yet.
func (o Options) pool(cfg pq.Config) (*sqlx.DB, error) {
	cfg = cfg.Clone()
	cfg.ConnectTimeout = o.ConnectTimeout
	if o.TransactionPooler {
		// A pooler refuses start-up parameters that it does not know.
		cfg.BinaryParameters = true
	} else {
		if cfg.Runtime == nil {
			cfg.Runtime = map[string]string{}
		}
		setDefault(cfg.Runtime, "statement_timeout", o.StatementTimeout)
		setDefault(cfg.Runtime, "lock_timeout", o.LockTimeout)
	}
	if _, err := pq.NewConnectorConfig(cfg); err != nil {
		return nil, errors.New("postgres: the settings of the DSN contradict each other")
	}
	d := dialer{connect: o.ConnectTimeout, read: o.ReadTimeout, write: o.WriteTimeout}
	db := sqlx.NewDb(sql.OpenDB(renewing{punctual{cfg, d}}), "postgres")
	db.SetMaxOpenConns(o.MaxOpen)
	db.SetMaxIdleConns(o.MaxIdle)
	db.SetConnMaxLifetime(o.MaxLifetime)
	db.SetConnMaxIdleTime(o.MaxIdleTime)
	return db, nil
}

// migrationPool opens connections whose statements may take their time: an
// index on a large table takes minutes.
func (o Options) migrationPool(cfg pq.Config) func() (*sqlx.DB, error) {
	o.StatementTimeout, o.LockTimeout = time.Hour, time.Minute
	o.ReadTimeout = time.Hour + time.Minute
	o.MaxOpen, o.MaxIdle = 2, 2
	return func() (*sqlx.DB, error) { return o.pool(cfg) }
}

// setDefault sets a timeout that the DSN leaves open.
func setDefault(runtime map[string]string, name string, d time.Duration) {
	if _, ok := runtime[name]; !ok {
		runtime[name] = strconv.FormatInt(d.Milliseconds(), 10)
	}
}

func errorInfo(err error) (code, constraint string, ok bool) {
	var e *pq.Error
	switch {
	case errors.As(err, &e):
		return string(e.Code), e.Constraint, true
	case errors.Is(err, pq.ErrInFailedTransaction):
		// From COMMIT, in the driver's words; it has rolled back.
		return "25P02", "", true
	}
	return "", "", false
}

// probe connects once and says in one line what is wrong.
func probe(ctx context.Context, db *sqlx.DB, cfg pq.Config) error {
	var version int
	err := db.GetContext(ctx, &version, "SELECT current_setting('server_version_num')::int")
	switch {
	case err == nil:
		return checkVersion(version)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return &storage.UnavailableError{Err: errors.New(reasons(ctx, cfg, err))}
}
