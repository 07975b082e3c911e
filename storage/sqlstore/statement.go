package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// statement is the constant text of one SQL statement for both databases.
// Values reach the database as parameters only.
type statement struct {
	postgres string
	sqlite   string
	// write statements run on the main pool.
	write bool
}

// read declares a statement that both databases understand and that changes
// nothing; write one that changes something.
func read(text string) *statement { return &statement{postgres: text, sqlite: numbered(text)} }

func write(text string) *statement {
	return &statement{postgres: text, sqlite: numbered(text), write: true}
}

// each declares a statement that the databases spell differently. An empty
// text is one that this database is never asked.
func readEach(postgres, sqlite string) *statement {
	return &statement{postgres: postgres, sqlite: numbered(sqlite)}
}

func writeEach(postgres, sqlite string) *statement {
	return &statement{postgres: postgres, sqlite: numbered(sqlite), write: true}
}

// numbered turns $1 into ?1: SQLite would take $1 for a name. JSON paths, "$."
// and "'$'", stay.
func numbered(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '$' && i+1 < len(text) && text[i+1] >= '1' && text[i+1] <= '9' {
			b.WriteByte('?')
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func (s *statement) text(d Dialect) string {
	if d == SQLite {
		return s.sqlite
	}
	return s.postgres
}

// pool is a database/sql pool and the statements prepared on it. A *sql.Stmt
// prepares itself on each connection that it meets and stays there.
type pool struct {
	*sqlx.DB
	stmts sync.Map // *statement -> *sql.Stmt
	turns *turns   // nil: whoever comes asks database/sql
}

// prepare returns the kept statement, making it at its first use.
func (p *pool) prepare(ctx context.Context, s *statement, d Dialect) (*sql.Stmt, error) {
	if st, ok := p.stmts.Load(s); ok {
		return st.(*sql.Stmt), nil
	}
	st, err := p.DB.PrepareContext(ctx, s.text(d))
	if err != nil {
		return nil, err
	}
	if kept, loaded := p.stmts.LoadOrStore(s, st); loaded {
		_ = st.Close()
		return kept.(*sql.Stmt), nil
	}
	return st, nil
}

func (p *pool) close() error {
	p.stmts.Range(func(_, st any) bool {
		_ = st.(*sql.Stmt).Close()
		return true
	})
	return p.DB.Close()
}

// poolOf returns the pool that s runs on outside a transaction.
func (d *DB) poolOf(s *statement) *pool {
	if !s.write && d.readers.DB != nil {
		return &d.readers
	}
	return &d.main
}

// queryer is a prepared statement, with its text or without.
type queryer struct {
	stmt *sql.Stmt
	tx   *sqlx.Tx
	db   *sqlx.DB
	text string
}

func (q queryer) query(ctx context.Context, args []any) (*sql.Rows, error) {
	switch {
	case q.stmt != nil:
		return q.stmt.QueryContext(ctx, args...)
	case q.tx != nil:
		return q.tx.QueryContext(ctx, q.text, args...)
	}
	return q.db.QueryContext(ctx, q.text, args...)
}

func (q queryer) exec(ctx context.Context, args []any) (sql.Result, error) {
	switch {
	case q.stmt != nil:
		return q.stmt.ExecContext(ctx, args...)
	case q.tx != nil:
		return q.tx.ExecContext(ctx, q.text, args...)
	}
	return q.db.ExecContext(ctx, q.text, args...)
}

// on returns how s runs: in u, or outside a transaction when u is nil.
func (d *DB) on(ctx context.Context, u *unit, s *statement) (queryer, error) {
	if u == nil {
		p := d.poolOf(s)
		if !d.prepared {
			return queryer{db: p.DB, text: s.text(d.dialect)}, nil
		}
		st, err := p.prepare(ctx, s, d.dialect)
		return queryer{stmt: st}, err
	}
	if d.prepared {
		if st, ok := d.main.stmts.Load(s); ok {
			return queryer{stmt: u.tx.StmtContext(ctx, st.(*sql.Stmt))}, nil
		}
		// Preparing on the pool would wait for a second connection while this
		// transaction holds one. It is made up for when the transaction ends.
		u.unprepared = append(u.unprepared, s)
	}
	return queryer{tx: u.tx, text: s.text(d.dialect)}, nil
}

// enterFor is enter, and outside a unit waits for the turn of s.
func (d *DB) enterFor(ctx context.Context, s *statement) (u *unit, release func(), err error) {
	u, release, err = d.enter(ctx)
	if err != nil || u != nil || d.dialect == SQLite && !s.write {
		return u, release, err
	}
	release, err = d.poolOf(s).turns.wait(ctx)
	return nil, release, err
}

// rows runs s and calls each for every row it returns.
func (d *DB) rows(ctx context.Context, s *statement, each func(*sql.Rows) error, args ...any) error {
	u, release, err := d.enterFor(ctx, s)
	if err != nil {
		return err
	}
	defer release()
	q, err := d.on(ctx, u, s)
	if err != nil {
		return d.fail(ctx, u, err)
	}
	rows, err := q.query(ctx, args)
	if err != nil {
		return d.failRun(ctx, u, s, false, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return d.fail(ctx, u, err)
		}
	}
	if err := rows.Err(); err != nil {
		return d.failRun(ctx, u, s, true, err)
	}
	return d.failRun(ctx, u, s, true, rows.Close())
}

// row runs s and scans the one row that it returns into dest. found is false
// when there was none.
func (d *DB) row(ctx context.Context, s *statement, args []any, dest ...any) (found bool, err error) {
	err = d.unbroken(ctx, func() (retry bool, err error) {
		found, retry, err = d.rowOnce(ctx, s, args, dest)
		return retry, err
	})
	return found, err
}

func (d *DB) rowOnce(ctx context.Context, s *statement, args, dest []any) (found, retry bool, err error) {
	u, release, err := d.enterFor(ctx, s)
	if err != nil {
		return false, false, err
	}
	defer release()
	refused := func(answering bool, err error) (bool, bool, error) {
		return false, u == nil && d.retriable(err), d.failRun(ctx, u, s, answering, err)
	}
	q, err := d.on(ctx, u, s)
	if err != nil {
		return false, false, d.fail(ctx, u, err)
	}
	run := ctx
	if d.reading != nil && u == nil && !s.write {
		if err := ctx.Err(); err != nil {
			return false, false, d.fail(ctx, u, err)
		}
		run = d.reading(ctx)
	}
	rows, err := q.query(run, args)
	if err != nil {
		return refused(false, err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return false, false, d.fail(ctx, u, err)
		}
		found = true
		// A change is done only when SQLite has run to its end; asking a read
		// for a second row that cannot be would cost a step more.
		for s.write && rows.Next() {
		}
	}
	if err := rows.Err(); err != nil {
		return refused(true, err)
	}
	if err := rows.Close(); err != nil {
		return refused(true, err)
	}
	return found, false, nil
}

// exec runs s and says how many rows it changed.
func (d *DB) exec(ctx context.Context, s *statement, args ...any) (n int64, err error) {
	err = d.unbroken(ctx, func() (retry bool, err error) {
		n, retry, err = d.execOnce(ctx, s, args)
		return retry, err
	})
	return n, err
}

func (d *DB) execOnce(ctx context.Context, s *statement, args []any) (n int64, retry bool, err error) {
	u, release, err := d.enterFor(ctx, s)
	if err != nil {
		return 0, false, err
	}
	defer release()
	q, err := d.on(ctx, u, s)
	if err != nil {
		return 0, false, d.fail(ctx, u, err)
	}
	res, err := q.exec(ctx, args)
	if err != nil {
		return 0, u == nil && d.retriable(err), d.failRun(ctx, u, s, false, err)
	}
	n, err = res.RowsAffected()
	return n, false, d.fail(ctx, u, err)
}
