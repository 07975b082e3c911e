// Package storage holds what every store of profilekit speaks: the BlobStore
// interface for pictures, the Transactor for changes that span stores, and the
// few errors that all of them map their own failures to.
//
// Drivers live below it: storage/diskblob and storage/memblob keep blobs,
// storage/sqlstore keeps rows, storage/sqlite and storage/postgres open
// databases for it. For a BlobStore of your own storage/blobs has the checks
// that all of them need, and storage/storagetest is the conformance suite.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// Errors that stores return, wrapped with %w and told apart by errors.Is.
// A missing row is ErrNotFound; a missing blob is fs.ErrNotExist, so that a
// BlobStore driver needs nothing of this package for its errors. A context
// that ended is reported as ctx.Err(), whatever the driver said.
var (
	// ErrNotFound: there is no such row, or the caller may not know of it.
	ErrNotFound = errors.New("not found")
	// ErrTaken: a unique value belongs to somebody else. A *TakenError, which
	// names the field, matches it.
	ErrTaken = errors.New("taken")
	// ErrStale: the version asked for is not the present one; nothing changed.
	ErrStale = errors.New("stale version")
	// ErrUnavailable: the store did not answer, or refused for now. Trying
	// again later may help. An *UnavailableError may say when.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknownOutcome: the connection was lost while a change was made, and
	// nobody can say whether it happened. It comes with ErrUnavailable. Repeat
	// the change only where twice is as good as once: with the version that
	// was read (Patch.IfVersion), or with the same new identifier.
	ErrUnknownOutcome = errors.New("unknown outcome")
	// ErrInTransaction: what was asked for calls something outside the database, such
	// as a store of blobs, and must not be called inside a transaction.
	ErrInTransaction = errors.New("not inside a transaction")
	// ErrFull: the store has no room left.
	ErrFull = errors.New("storage full")
	// ErrInvalidKey: the blob key is not one ValidKey accepts.
	ErrInvalidKey = errors.New("invalid blob key")
)

// TakenError is ErrTaken with the name of the field, as in the JSON of the
// contract: "username" or "email".
type TakenError struct{ Field string }

func (e *TakenError) Error() string { return e.Field + " is taken" }

// Is makes errors.Is(err, ErrTaken) true.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// UnavailableError is ErrUnavailable with the wait that the store asked for
// (0 when it named none) and the cause.
type UnavailableError struct {
	RetryAfter time.Duration
	Err        error
}

func (e *UnavailableError) Error() string {
	if e.Err == nil {
		return ErrUnavailable.Error()
	}
	return ErrUnavailable.Error() + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrUnavailable) true.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// Meta is what a blob is stored with and served with again.
type Meta struct {
	// ContentType is the exact media type, for example "image/jpeg".
	ContentType string
	// CacheControl is the header to serve the blob with, "" for none.
	CacheControl string
	// Overwrite allows Put to replace a blob under the same key. Without it
	// Put of a key that exists is fs.ErrExist and changes nothing.
	Overwrite bool
}

// BlobInfo describes a stored blob.
type BlobInfo struct {
	Key          string
	Size         int64 // bytes
	ContentType  string
	CacheControl string
	ModTime      time.Time
}

// BlobStore keeps pictures. Implementations are safe for concurrent use.
//
// Keys are those that ValidKey accepts; any other is ErrInvalidKey from every
// method. After Put returned nil the blob is durable and every later Open, on
// any node, sees all of it or, after a newer Put or Delete, what that left; a
// blob is never seen half written. A Put that fails (also because body's Read
// failed or ctx ended) leaves the key as it was. When ctx has ended before the
// call, every method returns ctx.Err() and does nothing.
type BlobStore interface {
	// Put stores body, from its present position to its end, under key.
	// Two concurrent Puts of one key without Overwrite: exactly one wins and
	// the other gets fs.ErrExist. An empty body is a blob of 0 bytes.
	Put(ctx context.Context, key string, body io.ReadSeeker, meta Meta) error
	// Open returns the blob for reading; the caller closes it. A missing key
	// is fs.ErrNotExist.
	Open(ctx context.Context, key string) (io.ReadCloser, BlobInfo, error)
	// Delete removes the blob. Deleting a missing key is not an error.
	Delete(ctx context.Context, key string) error
}

// Lister is an ability of a BlobStore, found by As, used for repair only.
type Lister interface {
	// List yields every blob whose key begins with prefix, in no order. An
	// error ends the sequence. Blobs that come or go meanwhile may be missed.
	// ContentType and CacheControl are empty where a listing lacks them.
	List(ctx context.Context, prefix string) iter.Seq2[BlobInfo, error]
}

// PublicURLer is an ability of a BlobStore, found by As, that serves blobs itself.
type PublicURLer interface {
	// PublicURL returns the immutable public address of key, or "" when the
	// store does not serve it publicly. It makes no network call and does not
	// look whether the key exists.
	PublicURL(key string) string
}

// SignedURLer is an ability of a BlobStore, found by As, that can lend an address
// for a limited time.
type SignedURLer interface {
	// SignedURL returns an address that opens key until ttl from now has
	// passed, and not after.
	SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error)
}

// Transactor runs changes that span several stores as one.
type Transactor interface {
	// InTx calls fn with a context that carries a transaction; calls on stores
	// of the same database with that context join it. It commits when fn
	// returns nil and rolls back otherwise. Nested calls join the outer one,
	// and an error of an inner one dooms the outer. fn may run again after a
	// serialization failure, so it must not have effects outside the
	// transaction, and it must not hash, call the network or wait. The context
	// is dead when InTx has returned: calls with it fail. When the connection
	// is lost at the commit the error matches ErrUnknownOutcome, and fn does
	// not run again.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// InTransaction reports whether ctx is that of an InTx, ended or not. What must
	// not happen in a transaction, such as a call of the network, asks.
	InTransaction(ctx context.Context) bool
}

// maxKey bounds a key, in bytes; every store takes at least that.
const maxKey = 200

// ValidKey reports whether key may name a blob: 1 to 200 bytes of lower-case
// ASCII letters, digits, '-', '_', '.' and '/', where no part between slashes
// is empty or begins with a dot. Such a key is the same in a URL path, on
// every file system and in every object store.
func ValidKey(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	start := true
	for i := 0; i < len(key); i++ {
		c := key[i]
		switch {
		case c == '/':
			if start {
				return false
			}
			start = true
			continue
		case c == '.':
			if start {
				return false
			}
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		start = false
	}
	return !start
}

// CheckKey returns nil for a key that ValidKey accepts and an error matching
// ErrInvalidKey for any other.
func CheckKey(key string) error {
	if ValidKey(key) {
		return nil
	}
	if len(key) > maxKey {
		return fmt.Errorf("%w: longer than %d bytes", ErrInvalidKey, maxKey)
	}
	return fmt.Errorf("%w: %q", ErrInvalidKey, key)
}
