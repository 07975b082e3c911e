//go:build unix

package postgres

import "syscall"

// ended reports whether the server has closed the connection, or said that it
// does, while nobody used it: after a restart of the server the first change on
// each kept connection would otherwise be lost. It looks at what has arrived
// and takes nothing.
func (c *conn) ended() bool {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	// Control, since Read would mind a deadline that passed while it was idle.
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
		case err != nil, n == 0:
			ended = true
		default:
			// An ErrorResponse that nobody asked for, or an alert of TLS.
			ended = b[0] == 'E' || b[0] == 0x15
		}
	})
	return ended || err != nil
}
