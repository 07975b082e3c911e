package notify

import (
	"context"
	"time"
)

// Item is one message that waits to be sent. Its Body is sealed: nobody who
// reads the table learns a link, a code or an address.
type Item struct {
	ID   string
	Body []byte
	// Attempts is how often it was claimed, this time included.
	Attempts  int
	CreatedAt time.Time
	// Reason is why a dead letter is one.
	Reason string
}

// OutboxStore keeps messages until they are sent. Like all stores it joins a
// transaction that ctx carries.
type OutboxStore interface {
	// AddItem writes an item that may be claimed from its CreatedAt on.
	AddItem(ctx context.Context, item Item) error
	// ClaimItems takes up to limit items whose time has come at now, the ones
	// that wait longest first, and keeps others from claiming them before until.
	// Of any number of concurrent calls each item goes to one. What is claimed
	// and not finished by then can be claimed again.
	ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]Item, error)
	// FinishItem removes an item; one that is gone is no error.
	FinishItem(ctx context.Context, id string) error
	// RetryItem lets an item be claimed again from at on.
	RetryItem(ctx context.Context, id string, at time.Time) error
	// BuryItem makes an item a dead letter, which is not claimed any more. Its Body
	// is removed: nobody sends it again, and its reader may have their account
	// erased.
	BuryItem(ctx context.Context, id, reason string, at time.Time) error
	// DeadItems returns dead letters, the newest first.
	DeadItems(ctx context.Context, limit int) ([]Item, error)
	// PurgeItems removes up to limit dead letters from before the given time, and
	// says how many.
	PurgeItems(ctx context.Context, before time.Time, limit int) (int, error)
}

// OutboxWalker is an ability of an OutboxStore, found by storage.As: what waits, to see which
// keys it needs.
type OutboxWalker interface {
	// WaitingItems returns up to limit items that are no dead letters and whose
	// ID is greater than after, in ascending order of their IDs.
	WaitingItems(ctx context.Context, after string, limit int) ([]Item, error)
}
