package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"time"

	"github.com/lib/pq"
)

// readOnly is the SQLSTATE of a change that a read-only server refuses
// (read_only_sql_transaction). unsupported (feature_not_supported) is its answer
// to BEGIN READ WRITE, which is how lib/pq begins.
const (
	readOnly    = "25006"
	unsupported = "0A000"
)

// renewAfter is how old a connection must be before a refused change ends it:
// while no server takes changes, connections are not made faster than that.
const renewAfter = time.Second

// renewing makes connections that end when the server has become read-only.
// lib/pq looks at target_session_attrs when it connects only, and a server that
// is demoted under a living connection would refuse its changes until the
// connection is too old. A new one goes to the server that takes changes.
type renewing struct{ driver.Connector }

func (r renewing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, connectError{err}
	}
	full, ok := c.(fullConn)
	if !ok {
		return c, nil
	}
	return &renewed{fullConn: full, since: time.Now()}, nil
}

// fullConn is what a connection of lib/pq can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// renewed is used by one goroutine at a time, as every driver.Conn.
type renewed struct {
	fullConn
	since time.Time
	ended bool
	holds bool // rows, while a transaction lasts: see heldRows
}

// saw notes an error of the server.
func (c *renewed) saw(err error) error {
	if err != nil && !c.ended {
		code, _, _ := errorInfo(err)
		c.ended = code == readOnly && time.Since(c.since) >= renewAfter
	}
	return err
}

func (c *renewed) ResetSession(ctx context.Context) error {
	if c.ended {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}

func (c *renewed) IsValid() bool { return !c.ended && c.fullConn.IsValid() }

func (c *renewed) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.fullConn.BeginTx(ctx, o)
	if code, _, _ := errorInfo(err); code == unsupported && !o.ReadOnly {
		err = &pq.Error{Severity: "ERROR", Code: readOnly, Message: "the server is read-only"}
	}
	if err != nil {
		return nil, c.saw(err)
	}
	c.holds = true
	return heldTx{tx, c}, nil
}

// query notes the error of a query, and holds its rows in a transaction.
func (c *renewed) query(r driver.Rows, err error) (driver.Rows, error) {
	if err == nil && c.holds {
		r = hold(r)
	}
	return r, c.saw(err)
}

func (c *renewed) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := c.fullConn.ExecContext(ctx, query, args)
	return r, c.saw(err)
}

func (c *renewed) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(c.fullConn.QueryContext(ctx, query, args))
}

func (c *renewed) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.saw(err)
	}
	full, ok := s.(fullStmt)
	if !ok { // COPY
		return s, nil
	}
	return &renewedStmt{full, c}, nil
}

type renewedStmt struct {
	fullStmt
	conn *renewed
}

func (s *renewedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	r, err := s.fullStmt.ExecContext(ctx, args)
	return r, s.conn.saw(err)
}

func (s *renewedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(s.fullStmt.QueryContext(ctx, args))
}

// connectError is a failure to connect. It is a net.Error, so that every one is
// a database out of reach: for "session is read-only" lib/pq has plain text.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

func (e connectError) Timeout() bool {
	var network net.Error
	return errors.As(e.error, &network) && network.Timeout()
}

func (connectError) Temporary() bool { return true }

// NeverSent says that no statement was sent.
func (connectError) NeverSent() bool { return true }
