//go:build !unix

package postgres

// ended cannot be told here without reading.
func (c *conn) ended() bool { return false }
