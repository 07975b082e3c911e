package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/postgres/*.sql migrations/sqlite/*.sql
var migrations embed.FS

// MigrationsTable is where the versions of our migrations are recorded, apart
// from those of a host that uses goose too.
const MigrationsTable = "profilekit_migrations"

// Migrations are the files of our migrations for goose, in the root of the
// file system, for a host that runs them itself: with MigrationsTable as the
// table of versions, and on Postgres with a lock (goose.WithSessionLocker) when
// several nodes start at once. Migrate then finds nothing to do. The first one
// fails when there is a table users; Migrate alone can take that over. It is
// nil for another Dialect than those of this package.
func Migrations(dialect Dialect) fs.FS {
	dir := map[Dialect]string{Postgres: "migrations/postgres", SQLite: "migrations/sqlite"}[dialect]
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil
	}
	return files
}

// migrationFile is one file of Migrations.
type migrationFile struct {
	name    string
	version int64
}

// migrationsOf returns the files of Migrations in the order of their numbers.
func migrationsOf(dialect Dialect) ([]migrationFile, error) {
	names, err := fs.Glob(Migrations(dialect), "*.sql")
	if err != nil {
		return nil, err
	}
	files := make([]migrationFile, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
		files[i] = migrationFile{name, version}
	}
	return files, nil
}

// migrationLock is the key of the Postgres advisory lock: "profilek" in ASCII.
const migrationLock int64 = 0x70726f66696c656b

// MigrateOptions change what Migrate does.
type MigrateOptions struct {
	// AdoptUsers lets Migrate take over a table users that was there before
	// profilekit, on Postgres; without it such a table is ErrForeignUsers. When
	// there is none, or it was taken over already, it means nothing. See
	// "Adopting a table of users" in the package's documentation.
	AdoptUsers bool
	// Zone is the zone in which the old program wrote created_at, a TIMESTAMP
	// without one: an IANA zone, often time.UTC. Ours are in UTC. It must be
	// given when there is a row with a time.
	Zone *time.Location
	// Report, if any, is told what was done when a table was taken over.
	Report func(Plan)
}

// Migrate brings the tables to the version that this release needs. Any number
// of processes may call it at the same moment: each migration runs once, and
// every call returns after the last. It is no error when there is nothing to
// do, nor when a newer release has migrated further: migrations only add. The
// database user needs the right to create tables.
//
// At its end Migrate checks the tables, see Check.
//
// A table users that is not ours is ErrForeignUsers or, with AdoptUsers, taken
// over or refused with an *AdoptError; either way nothing was changed then.
func (d *DB) Migrate(ctx context.Context, opts MigrateOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db, done, err := d.migrating(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := d.settleUsers(ctx, db, opts); err != nil {
		return err
	}
	migrate := d.migratePostgres
	if d.dialect == SQLite {
		migrate = d.migrateSQLite
	}
	if err := migrate(ctx, db); err != nil {
		return err
	}
	return d.check(ctx, db)
}

func (d *DB) migratePostgres(ctx context.Context, db *sqlx.DB) error {
	p, err := d.provider(db, goose.WithLocker(&advisoryLock{}))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return d.migrationFailure(ctx, err)
}

// migrating returns the pool to migrate with.
func (d *DB) migrating(ctx context.Context) (db *sqlx.DB, done func(), err error) {
	if d.migration == nil {
		return d.main.DB, func() {}, nil
	}
	own, err := d.migration()
	if err != nil {
		return nil, nil, d.failure(ctx, err)
	}
	return own, func() { _ = own.Close() }, nil
}

func (d *DB) provider(db *sqlx.DB, opts ...goose.ProviderOption) (*goose.Provider, error) {
	dialect := database.DialectPostgres
	if d.dialect == SQLite {
		dialect = database.DialectSQLite3
	}
	store, err := database.NewStore(dialect, MigrationsTable)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	// The registry of goose is global; a host's migrations in it are not ours.
	opts = append(opts, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	p, err := goose.NewProvider(goose.DialectCustom, db.DB, Migrations(d.dialect), opts...)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return p, nil
}

// migrateSQLite has no lock to take but that of each migration's own
// transaction, which also writes the version. Who comes second finds the
// tables there, fails, and looks again.
func (d *DB) migrateSQLite(ctx context.Context, db *sqlx.DB) error {
	p, err := d.provider(db)
	if err != nil {
		return err
	}
	version := func() int64 {
		var n sql.NullInt64
		if db.GetContext(ctx, &n, "SELECT max(version_id) FROM "+MigrationsTable) != nil {
			return -1 // no table yet
		}
		return n.Int64
	}
	for {
		before := version()
		_, err := p.Up(ctx)
		if err == nil || ctx.Err() != nil || version() == before {
			return d.migrationFailure(ctx, err)
		}
	}
}

func (d *DB) migrationFailure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		return fmt.Errorf("sqlstore: migration %d: %w", partial.Failed.Source.Version, d.failure(ctx, partial.Err))
	}
	return fmt.Errorf("sqlstore: migrate: %w", d.failure(ctx, err))
}

// advisoryLock keeps other nodes from migrating meanwhile. It holds a lock of
// a transaction, not of a session, so that it works through a transaction
// pooler too. Trying, rather than waiting in the database, keeps it clear of
// statement timeouts and lets ctx end it.
type advisoryLock struct {
	mu sync.Mutex
	tx *sql.Tx
}

func (l *advisoryLock) Lock(ctx context.Context, db *sql.DB) error {
	for {
		tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return err
		}
		var got bool
		// $1 would be prepared by the driver; the key is a constant.
		err = tx.QueryRowContext(ctx, fmt.Sprintf("SELECT pg_try_advisory_xact_lock(%d)", migrationLock)).Scan(&got)
		if err == nil && got {
			// A driver of the extended protocol, such as pgx, leaves the portal of
			// the query open, and its snapshot with it, for which CREATE INDEX
			// CONCURRENTLY would wait for ever. The next statement closes it; this
			// one takes no snapshot of its own.
			_, err = tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0")
		}
		if err == nil && got {
			l.mu.Lock()
			l.tx = tx
			l.mu.Unlock()
			return nil
		}
		_ = tx.Rollback()
		if err != nil {
			return err
		}
		pause := time.NewTimer(25 * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func (l *advisoryLock) Unlock(context.Context, *sql.DB) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tx == nil {
		return nil
	}
	tx := l.tx
	l.tx = nil
	return tx.Commit()
}
