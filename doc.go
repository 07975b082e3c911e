// Package profilekit is the front page of the module: user profiles for Go
// servers that already exist. It holds no code; import the package you need.
//
//	profile      who a user is: names, e-mail, address, privacy; the Store interface
//	profile/picture  untrusted bytes in, small clean squares out
//	auth         passwords, sessions, sign-up, sign-in, limits
//	settings     typed preferences, a section at a time
//	activity     what happened on an account
//	storage      BlobStore, Transactor and the errors every store speaks
//	httpadapter  all of it as handlers on any net/http mux
//
// A host that wants everything opens a database (storage/sqlite or
// storage/postgres), a blob store (storage/diskblob or another), gives both to
// httpadapter.New and registers the result on its mux. A host that wants one
// part imports that part: profile compiles no SQL driver and no cloud SDK.
//
// See examples/quickstart for a whole program.
package profilekit
