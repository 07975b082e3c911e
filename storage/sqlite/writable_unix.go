//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import "syscall"

// writable asks the system without opening the file, as create explains.
func writable(path string) error {
	const readWrite = 4 | 2 // R_OK | W_OK
	if err := syscall.Access(path, readWrite); err != nil {
		return err
	}
	return nil
}
