package activity

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
)

// ErrBadCursor: the cursor is not one that Page returned for this user and
// kind, or the key that sealed it has left the ring.
var ErrBadCursor = errors.New("activity: bad cursor")

// Bounds of a page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

const (
	cursorPurpose = "activity.cursor"
	// maxCursor is more than any that we make, in bytes; longer ones are
	// refused unread.
	maxCursor = 512
)

// Policy is what a host decides about the feed. The zero value is a good start.
type Policy struct {
	// Retention is how long PurgeExpired leaves an event; 0 is
	// DefaultRetention, and less than 0 is for ever. Those of LongAgo always go.
	Retention time.Duration
}

// Config is what New takes.
type Config struct {
	Policy

	// Store keeps the events; required.
	Store Store
	// Keys seal the cursors; required.
	Keys *keyring.Ring
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Log is the feed of an account's history. It is safe for concurrent use.
type Log struct {
	store Store
	keys  *keyring.Ring
	now   func() time.Time

	retention time.Duration
}

// New returns a Log. It calls no store.
func New(c Config) (*Log, error) {
	if c.Store == nil || c.Keys == nil {
		return nil, errors.New("activity: Config.Store and Config.Keys are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	return &Log{store: c.Store, keys: c.Keys, now: c.Now, retention: c.Retention}, nil
}

// PageRequest asks for a page.
type PageRequest struct {
	// Limit is 1 to 100 events; 0 is 20. Others are an error.
	Limit int
	// Cursor is the Next of the page before, or "" for the newest.
	Cursor string
	// Kind narrows to one kind; "" is all. It must stay the same from page to
	// page.
	Kind Kind
}

// Page is part of a history, newest first.
type Page struct {
	Items []Event
	// Next is the cursor of the page that follows, or "" when none does. It is
	// opaque, safe in a URL, and worth nothing to another user.
	Next string
}

// Page returns events of the user. Pages that follow one another by their
// cursors repeat no event, and miss none that was there when the first was
// read and was not purged since. Events that arrive meanwhile are newer than
// the first page, as a rule, and on none of the pages; one that was made
// earlier than it was committed, in a transaction that took its time, may still
// appear in its place, or be passed by when its page was read before. A cursor
// that is not right is ErrBadCursor.
func (l *Log) Page(ctx context.Context, userID string, r PageRequest) (Page, error) {
	if r.Limit == 0 {
		r.Limit = DefaultLimit
	}
	if r.Limit < 1 || r.Limit > MaxLimit {
		return Page{}, fmt.Errorf("activity: a page has 1 to %d events", MaxLimit)
	}
	q := Query{UserID: userID, Kind: r.Kind, Limit: r.Limit + 1} // one more, to know whether there is a next page
	if r.Cursor != "" {
		var err error
		if q.After, err = l.openCursor(userID, r.Kind, r.Cursor); err != nil {
			return Page{}, err
		}
	}
	events, err := l.store.Page(ctx, q)
	if err != nil {
		return Page{}, err
	}
	if len(events) <= r.Limit {
		return Page{Items: events}, nil
	}
	events = events[:r.Limit:r.Limit]
	last := events[len(events)-1]
	next, err := l.sealCursor(userID, r.Kind, Position{At: last.At, ID: last.ID})
	if err != nil {
		return Page{}, err
	}
	return Page{Items: events, Next: next}, nil
}

// Record writes events, all or none, in the transaction that ctx carries if
// there is one. It makes Log a Recorder.
func (l *Log) Record(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	return l.store.Append(ctx, events...)
}

// sealCursor makes a cursor of a position: its microseconds and ID, readable
// by nobody and bound to the user and kind.
func (l *Log) sealCursor(userID string, kind Kind, p Position) (string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(p.At.UnixMicro()))
	plain = append(plain, p.ID...)
	sealed, err := l.keys.Seal(cursorPurpose, plain, cursorOwner(userID, kind))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

func (l *Log) openCursor(userID string, kind Kind, cursor string) (Position, error) {
	if len(cursor) > maxCursor || strings.ContainsAny(cursor, "\r\n") { // base64 skips those: a second spelling
		return Position{}, ErrBadCursor
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return Position{}, ErrBadCursor
	}
	plain, err := l.keys.Open(cursorPurpose, sealed, cursorOwner(userID, kind))
	if err != nil || len(plain) <= 8 {
		return Position{}, ErrBadCursor
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(plain))).UTC()
	return Position{At: at, ID: string(plain[8:])}, nil
}

// cursorOwner is whose cursor it is; the length keeps ("a", "bc") from being
// ("ab", "c").
func cursorOwner(userID string, kind Kind) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(userID)))
	return append(append(b, userID...), kind...)
}

// Retention is how long PurgeExpired leaves an event; less than 0 is for ever.
func (l *Log) Retention() time.Duration { return l.retention }
