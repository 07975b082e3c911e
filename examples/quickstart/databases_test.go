package main

import (
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// databases names the environments that the black-box run goes through.
func databases(t *testing.T) map[string][]string {
	return map[string][]string{
		"SQLite":   nil,
		"Postgres": {"DATABASE_URL=" + pgtest.Open(t)},
	}
}
