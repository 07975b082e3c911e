package main

import (
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// stores are those that addresses can name. Credentials come from the variables that
// the users of each SDK know.
func stores(env func(string) string) []blobs.Opener {
	return []blobs.Opener{diskblob.Opener{}, s3blob.Opener{Env: env}, firebaseblob.Opener{Env: env}, cloudinaryblob.Opener{}}
}
