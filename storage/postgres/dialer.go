package postgres

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// dialer makes connections whose reads and writes have a limit. lib/pq reads
// only while it waits for an answer, so an idle connection is not cut.
type dialer struct {
	connect, read, write time.Duration
	guard                *guard
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	cancelling := d.guard.cancelling()
	if cancelling {
		// lib/pq waits for it.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, grace)
		defer cancel()
	}
	// Keep-alive finds a dead peer of an idle connection.
	nd := net.Dialer{Timeout: d.connect, KeepAlive: 30 * time.Second}
	c, err := nd.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if cancelling {
		until, _ := ctx.Deadline()
		return lasting{c}, c.SetDeadline(until)
	}
	own := &conn{Conn: c, read: d.read, write: d.write}
	d.guard.dialed(own)
	return own, nil
}

// lasting is a connection that keeps its deadline, whatever the driver sets.
type lasting struct{ net.Conn }

func (lasting) SetDeadline(time.Time) error      { return nil }
func (lasting) SetReadDeadline(time.Time) error  { return nil }
func (lasting) SetWriteDeadline(time.Time) error { return nil }

// conn moves its deadlines as it goes. A deadline that the driver sets itself,
// for the start-up, holds when it is earlier.
type conn struct {
	net.Conn
	read, write time.Duration

	mu            sync.Mutex
	reads, writes deadline
	severed       bool
	sent          atomic.Uint64 // counts the writes
}

// sever makes reads and writes fail at once, those that wait too.
func (c *conn) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.severed = true
	_ = c.Conn.SetDeadline(time.Unix(1, 0))
}

// restore undoes sever.
func (c *conn) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.severed = false
	c.reads.set, c.writes.set = time.Time{}, time.Time{}
}

// deadline is that of one direction.
type deadline struct {
	driver time.Time // what the driver asked for
	set    time.Time // what the connection has
}

// step is how late a deadline may be moved: moving it for every message costs
// more than the message.
const step = time.Second

// next returns the deadline to set before the next call, if it must be moved.
func (d *deadline) next(limit time.Duration) (until time.Time, move bool) {
	until = time.Now().Add(limit)
	if !d.driver.IsZero() && d.driver.Before(until) {
		until = d.driver
	}
	if ahead := until.Sub(d.set); ahead >= 0 && ahead < step {
		return d.set, false
	}
	d.set = until
	return until, true
}

// asked notes what the driver sets.
func (d *deadline) asked(t time.Time) { d.driver, d.set = t, t }

func (c *conn) Read(b []byte) (int, error) {
	if err := c.ahead(&c.reads, c.read, c.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *conn) Write(b []byte) (int, error) {
	if err := c.ahead(&c.writes, c.write, c.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	c.sent.Add(1)
	return c.Conn.Write(b)
}

// ahead moves the deadline of one direction, within the lock so that sever
// comes before or after and is not undone.
func (c *conn) ahead(d *deadline, limit time.Duration, set func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.severed {
		return os.ErrDeadlineExceeded
	}
	if until, move := d.next(limit); move {
		return set(until)
	}
	return nil
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.ask(&c.reads, t, c.Conn.SetReadDeadline)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.ask(&c.writes, t, c.Conn.SetWriteDeadline)
}

func (c *conn) ask(d *deadline, t time.Time, set func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.asked(t)
	if c.severed {
		return nil
	}
	return set(t)
}
