package main

import (
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// databases are the environments that the black-box run goes through. Each is
// made in its own subtest: a machine without Postgres still runs SQLite's.
var databases = map[string]func(t *testing.T) []string{
	"SQLite":   func(*testing.T) []string { return nil },
	"Postgres": func(t *testing.T) []string { return []string{"DATABASE_URL=" + pgtest.Open(t)} },
}
