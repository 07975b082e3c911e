//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal: only a terminal has a size in characters.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
