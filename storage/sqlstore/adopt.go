package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3/database"
)

// usersState is whose the table users is.
type usersState int

const (
	usersAbsent usersState = iota
	usersOurs
	usersForeign
)

// queries is a pool or a transaction.
type queries interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// usersOf looks for the table first and for the record of the migration that
// made it second: that commits both at once, so that a table which another
// node makes meanwhile is never taken for a foreign one.
func (d *DB) usersOf(ctx context.Context, q queries) (state usersState, oid int64, err error) {
	if d.dialect == SQLite {
		err = q.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'users' COLLATE NOCASE").Scan(&oid)
	} else {
		err = q.QueryRowContext(ctx, "SELECT COALESCE(to_regclass(quote_ident(current_schema()) || '.users')::oid::bigint, 0)").Scan(&oid)
	}
	if err != nil || oid == 0 {
		return usersAbsent, 0, err
	}
	applied, err := d.applied(ctx, q, 1)
	if applied {
		return usersOurs, oid, err
	}
	return usersForeign, oid, err
}

// applied reports whether a migration is recorded, without making the table
// that it would be recorded in.
func (d *DB) applied(ctx context.Context, q queries, version int64) (bool, error) {
	table := "SELECT to_regclass(quote_ident(current_schema()) || '." + MigrationsTable + "') IS NOT NULL"
	if d.dialect == SQLite {
		table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '" + MigrationsTable + "')"
	}
	var there bool
	if err := q.QueryRowContext(ctx, table).Scan(&there); err != nil || !there {
		return false, err
	}
	err := q.QueryRowContext(ctx, fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM %s WHERE version_id = %d AND is_applied)", MigrationsTable, version)).Scan(&there)
	return there, err
}

// settleUsers takes over a table of users that is not ours, or refuses it.
func (d *DB) settleUsers(ctx context.Context, db *sqlx.DB, o MigrateOptions) error {
	state, _, err := d.usersOf(ctx, db)
	if err != nil {
		return d.migrationFailure(ctx, err)
	}
	switch {
	case state != usersForeign:
		return nil
	case !o.AdoptUsers:
		return ErrForeignUsers
	case d.dialect == SQLite:
		return onlyPostgres()
	}
	lock := &advisoryLock{}
	if err := lock.Lock(ctx, db.DB); err != nil {
		return d.migrationFailure(ctx, err)
	}
	tx := lock.tx
	plan, err := d.adopt(ctx, tx, o)
	if err != nil {
		_ = tx.Rollback()
		var refused *AdoptError
		if errors.As(err, &refused) {
			return refused
		}
		return d.adoptFailure(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return d.commitFailure(err)
	}
	if o.Report != nil && plan != nil {
		o.Report(*plan)
	}
	return nil
}

func (d *DB) adoptFailure(ctx context.Context, err error) error {
	return fmt.Errorf("sqlstore: adopting the table users: %w", d.failure(ctx, err))
}

// adopt does it all in tx, which holds the lock of migrations.
func (d *DB) adopt(ctx context.Context, tx *sql.Tx, o MigrateOptions) (*Plan, error) {
	// Whoever waits for this lock makes everybody after it wait too.
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '10s'"); err != nil {
		return nil, err
	}
	state, oid, err := d.usersOf(ctx, tx)
	if err != nil || state != usersForeign {
		return nil, err // another node was first
	}
	bad := &AdoptError{}
	if _, err := inspect(ctx, tx, oid, bad); err != nil || bad.orNil() != nil {
		return nil, errors.Join(err, bad.orNil())
	}
	// From here on no row comes or changes that was not looked at.
	if _, err := tx.ExecContext(ctx, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"); err != nil {
		return nil, err
	}
	plan, err := d.survey(ctx, tx, oid, o)
	if err != nil {
		return nil, err
	}
	for _, s := range plan.Statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	store, err := database.NewStore(database.DialectPostgres, MigrationsTable)
	if err != nil {
		return nil, err
	}
	there, err := d.applied(ctx, tx, 0)
	if err != nil {
		return nil, err
	}
	if !there {
		if err := store.CreateVersionTable(ctx, tx); err != nil {
			return nil, err
		}
		if err := store.Insert(ctx, tx, database.InsertRequest{Version: 0}); err != nil {
			return nil, err
		}
	}
	return plan, store.Insert(ctx, tx, database.InsertRequest{Version: 1})
}

// survey looks at the table and its rows and plans, or says why not. It changes
// nothing but a temporary table.
func (d *DB) survey(ctx context.Context, tx *sql.Tx, oid int64, o MigrateOptions) (*Plan, error) {
	bad := &AdoptError{}
	l, err := inspect(ctx, tx, oid, bad)
	if err != nil || bad.orNil() != nil {
		return nil, errors.Join(err, bad.orNil())
	}
	plan := &Plan{}
	if err := computeKeys(ctx, tx, plan); err != nil {
		return nil, err
	}
	if err := findCollisions(ctx, tx, bad); err != nil {
		return nil, err
	}
	timed, _, err := countRows(ctx, tx, "created_at IS NOT NULL")
	if err != nil {
		return nil, err
	}
	judgeZone(o.Zone, timed > 0, bad)
	for _, look := range []struct{ where, format string }{
		{"id < 1", "column id: is less than 1 in %s"},
		{
			"NOT isfinite(created_at) OR created_at < '0001-01-02' OR created_at > '9999-12-30'",
			"column created_at: is outside the years 1 to 9999 for ids %s",
		},
	} {
		n, ids, err := countRows(ctx, tx, look.where)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			bad.problem(look.format, ids)
		}
	}
	if err := bad.orNil(); err != nil {
		return nil, err
	}
	timeless := plan.Rows - timed
	plan.note("The table users, %d rows, is locked for reading and writing while it is rewritten, and needs its size again on the disk.", plan.Rows)
	plan.note("All of it happens in one transaction, or none. Keys are made by UsernameKey and EmailKey into the temporary table %s.", keysTable)
	if timeless > 0 {
		plan.note("%d rows have no created_at; they get the time of the adoption.", timeless)
	}
	for _, look := range []struct{ where, format string }{
		{`password_hash IS NOT NULL AND password_hash <> '' AND password_hash !~ '^\$(2[aby]|argon2id)\$'`, "The passwords of ids %s are neither bcrypt nor Argon2id; a legacy hash.Hasher must know them."},
		{`profile_picture <> '' AND profile_picture !~* '^https?://[^/]'`, "The pictures of ids %s are no http(s) addresses and will not show."},
	} {
		n, ids, err := countRows(ctx, tx, look.where)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			plan.note(look.format, ids)
		}
	}
	plan.Statements = l.statements(o.Zone, timeless)
	return plan, nil
}

// judgeZone takes only what Postgres and Go understand alike: Postgres would
// read "UTC+2" as two hours west.
func judgeZone(zone *time.Location, needed bool, bad *AdoptError) {
	if zone == nil {
		if needed {
			bad.problem("column created_at: has no zone; MigrateOptions.Zone must say in which it was written, often time.UTC")
		}
		return
	}
	name := zone.String()
	if _, err := time.LoadLocation(name); err != nil || name == "Local" || name == "" {
		bad.problem("MigrateOptions.Zone: is no zone of the IANA database, as time.LoadLocation returns")
	}
}
