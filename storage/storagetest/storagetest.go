// Package storagetest is the conformance suite for a storage.BlobStore. Every
// sentence of the interface's comments has a case; the abilities
// Lister, PublicURLer and SignedURLer are tested when the store has them.
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.BlobStore {
//			store, err := mystore.Open(t.TempDir())
//			if err != nil {
//				t.Fatal(err)
//			}
//			return store
//		})
//	}
//
// The suite never waits for time to pass, except for the address of a
// SignedURLer to expire (about two seconds).
package storagetest

import (
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// Run runs every case as a subtest. open is called once for each of them and
// returns an empty store; whatever must be closed, it closes by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) storage.BlobStore) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// testCase is one sentence of the interface. It takes a testing.TB so that the
// suite's own tests can watch it fail.
type testCase struct {
	name string
	run  func(t testing.TB, s storage.BlobStore)
}

func cases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{
		putCases, keyCases, failureCases, contextCases, concurrentCases, listCases, urlCases, directCases,
	} {
		all = append(all, group...)
	}
	return all
}
