//go:build !unix

package main

import "os"

// isTerminal: elsewhere a line now and then does as well.
func isTerminal(*os.File) bool { return false }
