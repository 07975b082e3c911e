package storage

import (
	"context"
	"time"
)

// Ledger is the record of which blobs exist and why: a blob is entered as
// pending before it is put, becomes live in the transaction that points to it,
// and dead in the one that replaces it. The purge deletes what is dead, or
// was pending for too long, so neither a crash nor two nodes leave an orphan
// or a broken picture. Implementations are safe for concurrent use and join a
// transaction that ctx carries.
type Ledger interface {
	// Reserve enters new keys as pending, owned by userID, at the time at. A
	// key that is there already is ErrTaken and none is entered.
	Reserve(ctx context.Context, userID string, keys []string, at time.Time) error
	// Live makes pending keys live. When any of them is not pending (the
	// purge took it) it is ErrNotFound and none changes.
	Live(ctx context.Context, keys []string, at time.Time) error
	// Dead marks keys to be deleted, whatever their state; unknown keys are
	// ignored.
	Dead(ctx context.Context, keys []string, at time.Time) error
	// Claim claims up to limit keys that are dead since before deadBefore or
	// pending since before pendingBefore, so that they can no longer become
	// live, and returns them. A key that was claimed and not purged is
	// returned again once its claim is more than an hour older than now.
	Claim(ctx context.Context, now, deadBefore, pendingBefore time.Time, limit int) ([]string, error)
	// Purge removes claimed keys after their blobs are deleted; unknown keys
	// are ignored.
	Purge(ctx context.Context, keys []string) error
	// Owner returns the user whose live blob key is; a key that is not live is
	// ErrNotFound.
	Owner(ctx context.Context, key string) (userID string, err error)
	// Keys returns every key entered for the user, in any state.
	Keys(ctx context.Context, userID string) ([]string, error)
}

// LedgerWalker is an ability of a Ledger, found by As, for repair and for moving
// blobs to another store. It reads in pages, so that a ledger of any length
// costs little memory.
type LedgerWalker interface {
	// LiveAfter returns up to limit live blobs whose keys come after the key
	// after, "" for the first, in ascending order of the keys' bytes. Fewer
	// than limit are the last. A blob that becomes live during a walk may be
	// missed.
	LiveAfter(ctx context.Context, after string, limit int) ([]LiveBlob, error)
	// CountLive returns how many blobs are live, so that a walk can tell how far
	// it is. It reads the whole ledger.
	CountLive(ctx context.Context) (int64, error)
	// Known returns those of keys that are entered, in any state and order.
	Known(ctx context.Context, keys []string) ([]string, error)
}

// LedgerTaker is an ability of a Ledger, found by As, for files that a user
// sends to the store directly: each is used once, by its owner.
type LedgerTaker interface {
	// Take marks the user's pending key to be deleted once at is before a
	// purge's deadBefore, which may be later than now. A key that is not
	// pending, or not the user's, is ErrNotFound and does not change: of two
	// that take one key at once, one gets it.
	Take(ctx context.Context, userID, key string, at time.Time) error
	// GiveBack makes a key that was taken pending again, since at. One that is
	// not dead any more, or not the user's, is ErrNotFound.
	GiveBack(ctx context.Context, userID, key string, at time.Time) error
}

// LiveBlob is a blob that a picture is made of, and whose picture it is.
type LiveBlob struct{ Key, UserID string }
