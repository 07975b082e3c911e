//go:build race

package sqlstore_test

// race says that the race detector runs, which slows SQLite, being Go, down
// many times over: times mean nothing then.
const race = true
