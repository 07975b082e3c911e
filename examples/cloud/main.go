// Cloud is the quickstart with pictures in S3, Firebase Storage or Cloudinary.
// BLOB_URL chooses:
//
//	file:///var/lib/pictures
//	s3://bucket/pictures?region=eu-central-1
//	s3://bucket?endpoint=https://account.r2.cloudflarestorage.com&region=auto
//	firebase://my-app.appspot.com/pictures    (or gs://)
//	cloudinary://key:secret@cloud?folder=pictures
//
//	BLOB_URL=s3://my-pictures?region=eu-central-1 go run ./examples/cloud
//
// and moves the pictures from one to another:
//
//	go run ./examples/cloud copy -from file:///var/lib/pictures -to 's3://my-pictures?region=eu-central-1'
//
// It is a module of its own, so that the quickstart does not download the
// libraries of the clouds.
package main

import (
	"os"

	"github.com/profilekit/profilekit/examples/internal/server"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	stores := stores(os.Getenv)
	if len(args) > 0 && args[0] == "copy" {
		return copyMain(stores, args[1:], os.Getenv, os.Stdout, os.Stderr)
	}
	return server.Main(server.Program{Name: "cloud", Stores: stores}, args, os.Getenv, os.Stdout, os.Stderr)
}
