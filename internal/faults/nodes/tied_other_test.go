//go:build !linux

package nodes

import "os/exec"

// startTied starts a process. Elsewhere than on Linux it outlives a test binary
// that is killed.
func startTied(cmd *exec.Cmd) error { return cmd.Start() }
