// Quickstart is a whole program on profilekit: accounts, profiles with
// pictures, settings and activity behind a React page. It needs nothing
// installed: SQLite and a folder keep everything under -data.
//
//	go run ./examples/quickstart
//
// DATABASE_URL and BLOB_URL swap the embedded parts for real ones; see the
// README. Pictures can be in a folder or in Cloudinary; for S3 and Firebase, see
// examples/cloud, which is the same program with their libraries.
package main

import (
	"os"

	"github.com/profilekit/profilekit/examples/internal/server"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/diskblob"
)

func main() {
	stores := []blobs.Opener{diskblob.Opener{}, cloudinaryblob.Opener{}}
	program := server.Program{Name: "quickstart", Stores: stores, ShowsOutbox: true}
	os.Exit(server.Main(program, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
