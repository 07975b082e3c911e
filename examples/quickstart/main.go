// Quickstart is a whole program on profilekit: accounts, profiles with
// pictures, settings and activity behind a React page. It needs nothing
// installed: SQLite and a folder keep everything under -data.
//
//	go run ./examples/quickstart
//
// DATABASE_URL and BLOB_URL swap the embedded parts for real ones; see the
// README.
package main

import (
	"os"

	"github.com/profilekit/profilekit/examples/internal/server"
)

func main() {
	os.Exit(server.Main("quickstart", os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
