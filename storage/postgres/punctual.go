package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/profilekit/profilekit/internal/lifetime"
)

// grace is how long a call may last beyond the end of its context: the time in
// which a server that is alive obeys the request to cancel.
const grace = 500 * time.Millisecond

// punctual makes connections whose calls end with their context. lib/pq asks
// the server to cancel and then waits for its answer; from a server that fell
// silent there is none (lib/pq issue 620), and the call would last until the
// read deadline.
type punctual struct {
	cfg    pq.Config
	dialer dialer
}

func (p punctual) Connect(ctx context.Context) (driver.Conn, error) {
	ctx = lifetime.Of(ctx)
	c, err := pq.NewConnectorConfig(p.cfg)
	if err != nil {
		return nil, err
	}
	g := &guard{connecting: true}
	d := p.dialer
	d.guard = g
	c.Dialer(d)
	g.watch(ctx)
	made, err := c.Connect(ctx)
	g.connected()
	if err != nil {
		return nil, err
	}
	full, ok := made.(fullConn)
	if !ok {
		return made, nil
	}
	return &guarded{full, g}, nil
}

func (punctual) Driver() driver.Driver { return &pq.Driver{} }

// guard cuts a connection when the context of the call that uses it has ended
// and grace has passed.
type guard struct {
	mu         sync.Mutex
	connecting bool
	conn       *conn
	turn       uint64 // counts the calls
	stop       func() bool
	cut        bool
	since      time.Time // the end of the last call
}

// dialed tells of the connection; lib/pq tries several when there are several
// hosts.
func (g *guard) dialed(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conn = c
	if g.cut {
		c.sever()
	}
}

func (g *guard) connected() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish()
	g.connecting = false
}

// begin starts a call whose context lib/pq watches. It ends with the next call
// or idle, so that reading the rows belongs to it. It returns how many messages
// were sent so far.
func (g *guard) begin() (sent uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish()
	if g.conn != nil {
		sent = g.conn.sent.Load()
	}
	return sent
}

// start is begin, or watch for a context that lifetime.Unwatched made.
func (g *guard) start(ctx context.Context) (sent uint64) {
	sent = g.begin()
	if limit := lifetime.Of(ctx); ctx.Done() == nil && limit != ctx {
		g.watch(limit)
	}
	return sent
}

// watch starts a call whose context lib/pq does not watch.
func (g *guard) watch(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish()
	if ctx.Done() == nil {
		return
	}
	turn := g.turn
	g.stop = context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { g.end(turn) })
	})
}

// cancelling reports whether a connection is dialed to cancel the present call,
// and not to be guarded. lib/pq does so when the call's context has ended, and
// ends no call before it is done with that: a watch of our own for each
// statement would cost more.
func (g *guard) cancelling() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.connecting {
		return false
	}
	turn := g.turn
	time.AfterFunc(grace, func() { g.end(turn) })
	return true
}

// idle ends the present call.
func (g *guard) idle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish()
	g.since = time.Now()
}

// rest is how long a connection may have rested and need no look at whether the
// server closed it. A look costs a tenth of the call that comes after it.
const rest = 20 * time.Millisecond

// rested ends the present call, and returns the connection if it must be looked
// at.
func (g *guard) rested() *conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish()
	if time.Since(g.since) < rest {
		return nil
	}
	return g.conn
}

// finish ends the present call. A cut that came between two calls is undone: a
// connection that was in use at the cut is known to be bad to lib/pq.
func (g *guard) finish() {
	g.turn++
	if g.stop != nil {
		g.stop()
		g.stop = nil
	}
	if g.cut {
		g.cut = false
		if g.conn != nil {
			g.conn.restore()
		}
	}
}

func (g *guard) end(turn uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.turn != turn {
		return
	}
	g.cut = true
	if g.conn != nil {
		g.conn.sever()
	}
}

// guarded is a connection of lib/pq with its guard.
type guarded struct {
	fullConn
	guard *guard
}

func (c *guarded) Ping(ctx context.Context) error {
	c.guard.begin()
	return c.fullConn.Ping(ctx)
}

func (c *guarded) IsValid() bool { // called when the pool takes it back
	c.guard.idle()
	return c.fullConn.IsValid()
}

func (c *guarded) ResetSession(ctx context.Context) error { // called before it is used again
	if conn := c.guard.rested(); conn != nil && conn.ended() {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}

func (c *guarded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	sent := c.guard.begin()
	r, err := c.fullConn.ExecContext(ctx, query, args)
	return r, c.guard.once(reads(query), sent, err)
}

func (c *guarded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	sent := c.guard.start(ctx)
	r, err := c.fullConn.QueryContext(ctx, query, args)
	return r, c.guard.once(reads(query), sent, err)
}

func (c *guarded) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.guard.watch(ctx)
	tx, err := c.fullConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return guardedTx{tx, c.guard, lifetime.Of(ctx)}, nil
}

func (c *guarded) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.guard.begin()
	s, err := c.fullConn.PrepareContext(lifetime.Of(ctx), query)
	if err != nil {
		return nil, err
	}
	full, ok := s.(fullStmt)
	if !ok { // COPY
		return s, nil
	}
	return &guardedStmt{full, c.guard, reads(query)}, nil
}

type guardedStmt struct {
	fullStmt
	guard *guard
	reads bool
}

func (s *guardedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	sent := s.guard.begin()
	r, err := s.fullStmt.ExecContext(ctx, args)
	return r, s.guard.once(s.reads, sent, err)
}

func (s *guardedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	sent := s.guard.start(ctx)
	r, err := s.fullStmt.QueryContext(ctx, args)
	return r, s.guard.once(s.reads, sent, err)
}

// reads reports whether a statement changes nothing, as far as its first word
// tells.
func reads(query string) bool {
	q := strings.TrimLeft(query, " \t\r\n")
	return len(q) >= 6 && strings.EqualFold(q[:6], "SELECT")
}

// errAnswerLost is the end of a connection between a change and its answer.
var errAnswerLost = fmt.Errorf("the connection ended before the answer: %w", io.ErrUnexpectedEOF)

// once keeps database/sql from making a change twice. lib/pq calls a connection
// that ends in an orderly way, or with a FATAL, bad also when it has sent the
// statement, and database/sql runs on another connection what failed on a bad
// one.
func (g *guard) once(reads bool, sent uint64, err error) error {
	if err == driver.ErrBadConn && !reads && g.conn != nil && g.conn.sent.Load() != sent {
		return errAnswerLost
	}
	return err
}

// guardedTx ends with limit: Commit and Rollback have no context of their own.
type guardedTx struct {
	driver.Tx
	guard *guard
	limit context.Context
}

func (t guardedTx) Commit() error {
	t.guard.watch(t.limit)
	return t.Tx.Commit()
}

func (t guardedTx) Rollback() error {
	t.guard.watch(t.limit)
	return t.Tx.Rollback()
}
