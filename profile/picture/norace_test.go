//go:build !race

package picture_test

const slowdown = 1
