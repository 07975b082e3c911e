//go:build race

package picture_test

// slowdown is what the race detector costs, for tests that measure time.
const slowdown = 20
