package notify

import (
	"context"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
)

// Class says what goes first: of two items that wait, the one of the lower class.
type Class int

// The classes of what is written. An item of a class between them is one that a version
// wrote which knew no classes.
const (
	// ClassSecret is a link or a code, for which somebody waits.
	ClassSecret Class = 0
	// ClassNotice tells what happened.
	ClassNotice Class = 2
)

// classOf is ClassNotice for a notice alone.
func classOf(k authmail.Kind) Class {
	if k == authmail.Notice {
		return ClassNotice
	}
	return ClassSecret
}

// Item is one message that waits to be sent. Its Body is sealed: nobody who
// reads the table learns a link, a code or an address.
type Item struct {
	ID   string
	Body []byte
	// Class and Group are its place in the order. A Group is that of one user, whom it does
	// not name: the table tells nobody who is sent letters, nor who was, when the account is
	// erased. "" is none, as of what is about nobody's account, and of dead letters.
	Class Class
	Group string
	// Attempts is how often it was claimed, this time included.
	Attempts  int
	CreatedAt time.Time
	// Reason is why a dead letter is one; see ReasonExpired.
	Reason string
}

// ReasonExpired is the Reason of a dead letter whose link or code was worth nothing any
// more before it could be sent.
const ReasonExpired = "expired"

// OutboxStore keeps messages until they are sent. Like all stores it joins a
// transaction that ctx carries. notifytest.Run is the suite that an implementation passes.
//
// What waits has an order. A lower class goes first. Within a class each item has a turn,
// and the earliest goes first: when the item was created, or an hour after the turn of the
// last one of its class and group that waits, when that is later. So those of one group keep
// their order, and a group with many lets others go first. Of one class and group one item
// at a time is claimed. Items without a group have nothing to do with one another: the turn
// of each is when it was created.
type OutboxStore interface {
	// AddItem writes an item that may be claimed from its CreatedAt on.
	AddItem(ctx context.Context, item Item) error
	// ClaimItems takes up to limit items whose time has come at now, in their order, and
	// keeps others from claiming them before until. It leaves out those of a class
	// and group of which an item is claimed, and all but the first of those whose time has
	// come. One that waits for its next try, after RetryItem, holds up none.
	// Of any number of concurrent calls each item goes to one. What is claimed
	// and not finished by until can be claimed again.
	ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]Item, error)
	// FinishItem removes an item; one that is gone is no error.
	FinishItem(ctx context.Context, id string) error
	// RetryItem ends a claim and lets the item be claimed again from at on, in its old turn.
	// The claim is told by its attempts: when the item was claimed once more since,
	// because the claim was over, nothing is changed, nor is a dead letter.
	RetryItem(ctx context.Context, id string, attempts int, at time.Time) error
	// BuryItem makes an item a dead letter, which is not claimed any more. Its Body and
	// Group are removed: nobody sends it again, and its reader may have their account
	// erased.
	BuryItem(ctx context.Context, id, reason string, at time.Time) error
	// DeadItems returns up to limit dead letters, the one that was buried last first.
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
