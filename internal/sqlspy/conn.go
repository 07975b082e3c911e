package sqlspy

import (
	"context"
	"database/sql/driver"
	"errors"
)

// conn implements every optional interface of driver.Conn. What the connection
// below lacks is answered as database/sql takes the lack of it.
type conn struct {
	spy  *Spy
	next driver.Conn
	inTx bool // database/sql uses a connection from one goroutine at a time
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.spy.before()
	c.spy.note(Call{Kind: Prepare, Text: query, InTx: c.inTx}, 0)
	var st driver.Stmt
	var err error
	if next, ok := c.next.(driver.ConnPrepareContext); ok {
		st, err = next.PrepareContext(ctx, query)
	} else {
		st, err = c.next.Prepare(query)
		if err == nil && ctx.Err() != nil {
			_ = st.Close()
			err = ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return &stmt{conn: c, next: st, text: query}, nil
}

func (c *conn) Close() error {
	if c.inTx {
		c.inTx = false
		c.spy.ended()
	}
	return c.next.Close()
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.spy.before()
	if err := c.spy.fails(); err != nil {
		return nil, err
	}
	var next driver.Tx
	var err error
	if b, ok := c.next.(driver.ConnBeginTx); ok {
		next, err = b.BeginTx(ctx, opts)
	} else {
		next, err = c.beginOld(ctx, opts)
	}
	if err != nil {
		return nil, err
	}
	c.inTx = true
	c.spy.note(Call{Kind: Begin}, 1)
	return &tx{conn: c, next: next}, nil
}

// beginOld begins on a connection without BeginTx.
func (c *conn) beginOld(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.Isolation != 0 || opts.ReadOnly {
		return nil, errors.New("sqlspy: the driver has no isolation levels and no read-only transactions")
	}
	//lint:ignore SA1019 all that it has
	next, err := c.next.Begin()
	if err == nil && ctx.Err() != nil {
		_ = next.Rollback()
		err = ctx.Err()
	}
	return next, err
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	next, ok := c.next.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	c.spy.before()
	if err := c.spy.fails(); err != nil {
		return nil, err
	}
	rows, err := next.QueryContext(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) { // else it comes back prepared
		c.spy.note(Call{Kind: Query, Text: query, InTx: c.inTx}, 0)
	}
	return rows, err
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	next, ok := c.next.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	c.spy.before()
	if err := c.spy.fails(); err != nil {
		return nil, err
	}
	res, err := next.ExecContext(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		c.spy.note(Call{Kind: Exec, Text: query, InTx: c.inTx}, 0)
	}
	return res, err
}

func (c *conn) Ping(ctx context.Context) error {
	if next, ok := c.next.(driver.Pinger); ok {
		return next.Ping(ctx)
	}
	return nil
}

func (c *conn) ResetSession(ctx context.Context) error {
	if next, ok := c.next.(driver.SessionResetter); ok {
		return next.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	if next, ok := c.next.(driver.Validator); ok {
		return next.IsValid()
	}
	return true
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if next, ok := c.next.(driver.NamedValueChecker); ok {
		return next.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type tx struct {
	conn *conn
	next driver.Tx
}

// end notes the end, whatever the driver answered: database/sql does not go on
// with a transaction after it.
func (t *tx) end(k Kind) {
	if t.conn.inTx {
		t.conn.inTx = false
		t.conn.spy.note(Call{Kind: k}, -1)
	}
}

func (t *tx) Commit() error {
	t.conn.spy.before()
	defer t.end(Commit)
	if err := t.conn.spy.fails(); err != nil {
		return errors.Join(err, t.next.Rollback())
	}
	return t.next.Commit()
}

func (t *tx) Rollback() error {
	defer t.end(Rollback)
	return t.next.Rollback()
}
