package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	sqlitedriver "modernc.org/sqlite"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// D4: after a commit whose answer was lost fn does not run again, whether it
// happened or not, and the error says that nobody knows.
func TestD04_UnknownOutcomeDoesNotRunAgain(t *testing.T) {
	for _, happens := range []bool{true, false} {
		t.Run(map[bool]string{true: "it happened", false: "it did not"}[happens], func(t *testing.T) {
			onBoth(t, func(t *testing.T, p place) {
				h := host{p, p.open(t)}
				h.do(t, "CREATE TABLE orders (id TEXT PRIMARY KEY, buyer TEXT NOT NULL)")
				lossy := h
				lossy.db = losing(t, p, happens)
				runs := 0
				err := lossy.db.InTx(t.Context(), func(ctx context.Context) error {
					runs++
					return lossy.order(ctx, "o1", "x")
				})
				if !errors.Is(err, storage.ErrUnknownOutcome) || !errors.Is(err, storage.ErrUnavailable) || runs != 1 {
					t.Errorf("InTx: %v after %d runs; want ErrUnknownOutcome and ErrUnavailable after 1", err, runs)
				}
				if happens {
					h.wantOrders(t, "o1")
				} else {
					h.wantOrders(t)
				}
			})
		})
	}
}

// losing opens p by a driver whose commits lose their answer.
func losing(t *testing.T, p place, happens bool) *sqlstore.DB {
	t.Helper()
	var c driver.Connector
	name, dialect := "sqlite", sqlstore.SQLite
	if p.postgres {
		real, err := pq.NewConnector(p.at)
		if err != nil {
			t.Fatal(err)
		}
		c, name, dialect = real, "postgres", sqlstore.Postgres
	} else {
		real, err := sqlitedriver.NewConnector("file://" + filepath.ToSlash(p.at) + "?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		c = real
	}
	pool := sql.OpenDB(losingConnector{c, happens})
	pool.SetMaxOpenConns(1)
	db := sqlstore.New(sqlx.NewDb(pool, name), dialect, sqlstore.Options{})
	t.Cleanup(func() { db.Close() })
	return db
}

type losingConnector struct {
	driver.Connector
	happens bool
}

func (c losingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return losingConn{conn.(fullConn), c.happens}, nil
}

type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type losingConn struct {
	fullConn
	happens bool
}

func (c losingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.fullConn.BeginTx(ctx, opts)
	return losingTx{tx, c.happens}, err
}

type losingTx struct {
	driver.Tx
	happens bool
}

func (t losingTx) Commit() error {
	end := t.Tx.Rollback
	if t.happens {
		end = t.Tx.Commit
	}
	if err := end(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// D4: what Postgres says at the commit decides. A server that goes away leaves
// it open; a refusal does not.
func TestD04_OutcomeOfACommitThatPostgresRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		trigger string
		unknown bool
		runs    int
	}{
		"terminated":       {`PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);`, true, 1},
		"shutting down":    {`RAISE EXCEPTION 'x' USING ERRCODE = '57P01';`, true, 1},
		"connection":       {`RAISE EXCEPTION 'x' USING ERRCODE = '08006';`, true, 1},
		"a broken rule":    {`RAISE EXCEPTION 'x' USING ERRCODE = '23514';`, false, 1},
		"a conflict":       {`RAISE EXCEPTION 'x' USING ERRCODE = '40001';`, false, 5},
		"a canceled query": {`RAISE EXCEPTION 'x' USING ERRCODE = '57014';`, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := conflict(t)
			h.do(t, `CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+c.trigger+` RETURN NULL; END $$`)
			h.do(t, `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
			runs := 0
			err := h.db.InTx(t.Context(), func(ctx context.Context) error {
				runs++
				return h.order(ctx, "o1", "x")
			})
			if err == nil || errors.Is(err, storage.ErrUnknownOutcome) != c.unknown || runs != c.runs {
				t.Errorf("InTx: %v after %d runs; want an outcome that is unknown: %t, after %d", err, runs, c.unknown, c.runs)
			}
			h.wantOrders(t)
		})
	}
}
