package postgres

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// dialer makes connections whose reads and writes have a limit. lib/pq reads
// only while it waits for an answer, so an idle connection is not cut.
type dialer struct {
	connect, read, write time.Duration
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
	// Keep-alive finds a dead peer of an idle connection.
	nd := net.Dialer{Timeout: d.connect, KeepAlive: 30 * time.Second}
	c, err := nd.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, read: d.read, write: d.write}, nil
}

// conn moves its deadlines as it goes. A deadline that the driver sets itself,
// for the start-up, holds when it is earlier.
type conn struct {
	net.Conn
	read, write time.Duration

	mu            sync.Mutex
	reads, writes deadline
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
	c.mu.Lock()
	until, move := c.reads.next(c.read)
	c.mu.Unlock()
	if move {
		if err := c.Conn.SetReadDeadline(until); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	until, move := c.writes.next(c.write)
	c.mu.Unlock()
	if move {
		if err := c.Conn.SetWriteDeadline(until); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.reads.asked(t)
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.writes.asked(t)
	c.mu.Unlock()
	return c.Conn.SetWriteDeadline(t)
}
