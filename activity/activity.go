// Package activity is the history of an account: what happened, when, and from
// where. Other packages declare the kinds of events they cause; stores write
// an event in the same transaction as the change it tells of, so an event is
// there exactly when the change is.
//
//	const KindOrdered activity.Kind = "shop.ordered"
//
//	event := activity.NewEvent(ctx, KindOrdered, userID, time.Now(), map[string]string{"order": "1234"})
//	err := feed.Record(ctx, event)                                             // feed is a *Log
//	page, err := feed.Page(ctx, userID, activity.PageRequest{Limit: 20})       // newest first
//	page, err = feed.Page(ctx, userID, activity.PageRequest{Limit: 20, Cursor: page.Next})
package activity

import (
	"context"
	"time"
)

// Kind names what happened, in dotted lower-case words: "auth.sign_in". Each
// package declares its own as constants.
type Kind string

// Event is one thing that happened to one account. It has no field for a
// secret, and its values must not hold one: no password, token, code, full
// e-mail address or phone number.
type Event struct {
	// ID is unique and, within one microsecond, orders events. New sets it.
	ID string
	// UserID is the account's owner.
	UserID string
	Kind   Kind
	// At is when it happened, UTC, in whole microseconds.
	At time.Time
	// Source says from where; see WithSource.
	Source Source
	// Detail is small facts for people to read, by name: {"fields": "bio,links"}.
	Detail map[string]string
}

// Source is where a request came from, as far as it may be kept: the address
// is masked to its network.
type Source struct {
	// IP is the masked network of the client: "203.0.113.0/24", "2001:db8::/48".
	IP string
	// Device is a short name made from the user agent: "Firefox on Linux".
	Device string
	// Place is a coarse location, when the host has a way to know it.
	Place string
}

// Store keeps events. Implementations are safe for concurrent use.
type Store interface {
	// Append writes the events, all or none, and joins a transaction that ctx
	// carries. An ID that exists already is an error matching
	// storage.ErrTaken, and none is written. No events is not an error.
	Append(ctx context.Context, events ...Event) error
	// Page returns up to q.Limit events of q.UserID, newest first (At, then
	// ID, descending), strictly after q.After in that order. A user without
	// events has an empty page. Its cost does not grow with the depth. Every
	// event is seen that was committed before the call.
	Page(ctx context.Context, q Query) ([]Event, error)
	// Purge removes up to limit events older than before, of all users, and
	// says how many it removed; fewer than limit means that none is left,
	// apart from those that another call is removing at that moment.
	Purge(ctx context.Context, before time.Time, limit int) (int, error)
	// Erase removes every event of the user and joins a transaction that ctx
	// carries. A user without events is not an error.
	Erase(ctx context.Context, userID string) error
}

// Query asks a Store for a page.
type Query struct {
	UserID string
	// Kind narrows to one kind; "" is all.
	Kind Kind
	// Limit is at least 1.
	Limit int
	// After is the last event of the page before; the zero Position starts
	// with the newest.
	After Position
}

// Position is a place in a user's history.
type Position struct {
	At time.Time
	ID string
}

// Recorder is told of events besides the Store. It is called inside the
// transaction of the change, so it may write rows of the same database through
// ctx and do nothing else; its error rolls the change back.
type Recorder interface {
	Record(ctx context.Context, events ...Event) error
}

type sourceKey struct{}

// WithSource returns a context whose events come from s.
func WithSource(ctx context.Context, s Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// WithSourceFunc is WithSource for a source that takes work to find: f is
// called for each event, and not at all when there is none. It must be safe
// for concurrent use.
func WithSourceFunc(ctx context.Context, f func() Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, f)
}

// SourceFrom returns the source that WithSource or WithSourceFunc put into ctx,
// or the zero one.
func SourceFrom(ctx context.Context) Source {
	switch s := ctx.Value(sourceKey{}).(type) {
	case Source:
		return s
	case func() Source:
		return s()
	}
	return Source{}
}
