package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Plan is what Migrate would do, or did.
type Plan struct {
	// Rows is how many users of a table that was there before are taken over.
	Rows int64
	// Statements are the statements that change something, in order.
	Statements []string
	// Notes are what the operator should know before: how long the table is
	// locked, which users cannot sign in by which name. They hold ids, never
	// names or addresses.
	Notes []string
}

// String is the plan as a script with comments, for people to read.
func (p Plan) String() string {
	if len(p.Statements) == 0 {
		return "-- Nothing to do.\n"
	}
	var b strings.Builder
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "-- %s\n", n)
	}
	for _, s := range p.Statements {
		fmt.Fprintf(&b, "%s\n", s)
	}
	return b.String()
}

func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// Plan is the dry run of Migrate with the same options: it says what that would
// do and changes nothing. Where Migrate would refuse, Plan returns its error.
// It reads the whole table of users when that would be taken over, under no
// lock: rows that come or change later may still collide.
func (d *DB) Plan(ctx context.Context, opts MigrateOptions) (Plan, error) {
	if err := ctx.Err(); err != nil {
		return Plan{}, err
	}
	db, done, err := d.migrating(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer done()
	// One snapshot for all that is read; a temporary table goes with it.
	level := sql.LevelDefault
	if d.dialect == Postgres {
		level = sql.LevelRepeatableRead
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	if err != nil {
		return Plan{}, d.migrationFailure(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	plan, err := d.plan(ctx, tx, opts)
	var refused *AdoptError
	switch {
	case err == nil:
		return plan, nil
	case errors.As(err, &refused):
		return Plan{}, refused
	case errors.Is(err, ErrForeignUsers):
		return Plan{}, ErrForeignUsers
	}
	return Plan{}, d.migrationFailure(ctx, err)
}

func (d *DB) plan(ctx context.Context, tx *sql.Tx, o MigrateOptions) (Plan, error) {
	var plan Plan
	state, oid, err := d.usersOf(ctx, tx)
	switch {
	case err != nil:
		return Plan{}, err
	case state != usersForeign:
	case !o.AdoptUsers:
		return Plan{}, ErrForeignUsers
	case d.dialect == SQLite:
		return Plan{}, onlyPostgres()
	default:
		adoption, err := d.survey(ctx, tx, oid, o)
		if err != nil {
			return Plan{}, err
		}
		plan = *adoption
	}
	files, err := migrationsOf(d.dialect)
	if err != nil {
		return Plan{}, err
	}
	for _, f := range files {
		applied, err := d.applied(ctx, tx, f.version)
		if err != nil {
			return Plan{}, err
		}
		if applied || f.version == 1 && state == usersForeign {
			continue
		}
		text, err := fs.ReadFile(Migrations(d.dialect), f.name)
		if err != nil {
			return Plan{}, err
		}
		plan.Statements = append(plan.Statements, "-- "+f.name+"\n"+string(text))
	}
	return plan, nil
}
