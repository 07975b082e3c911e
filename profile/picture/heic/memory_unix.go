//go:build unix

package heic

import "syscall"

// reserve takes n bytes of addresses; the system gives memory to the pages
// that are touched, and has it back at once when they are released.
func reserve(n int) ([]byte, error) {
	return syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

func release(b []byte) {
	if b != nil {
		_ = syscall.Munmap(b) // fails only for what was never mapped
	}
}
