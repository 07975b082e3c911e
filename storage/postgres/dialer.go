package postgres

import (
	"context"
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

// conn moves its deadline before every Read and Write. A deadline that the
// driver sets itself, for the start-up, holds when it is earlier.
type conn struct {
	net.Conn
	read, write time.Duration

	mu                    sync.Mutex
	readUntil, writeUntil time.Time
}

func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	until := earlier(c.readUntil, time.Now().Add(c.read))
	c.mu.Unlock()
	if err := c.Conn.SetReadDeadline(until); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	until := earlier(c.writeUntil, time.Now().Add(c.write))
	c.mu.Unlock()
	if err := c.Conn.SetWriteDeadline(until); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	c.readUntil, c.writeUntil = t, t
	c.mu.Unlock()
	return c.Conn.SetDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.readUntil = t
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.writeUntil = t
	c.mu.Unlock()
	return c.Conn.SetWriteDeadline(t)
}

// earlier is the earlier of a, which may be unset, and b.
func earlier(a, b time.Time) time.Time {
	if !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}
