package conform

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// EventID returns a UUIDv7 of at's millisecond (RFC 9562, 5.7) whose next bits
// are seq, so that IDs of one instant sort by seq; the rest is random.
func EventID(at time.Time, seq uint16) string {
	var b [16]byte
	rand.Read(b[:])
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	b[6] = 0x70 | byte(seq>>12)
	b[7] = byte(seq >> 4)
	b[8] = 0x80 | byte(seq&0xf)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Event returns an event of the user with every field filled in.
func Event(userID string, kind activity.Kind, at time.Time) activity.Event {
	return activity.Event{
		ID:     EventID(at, 0),
		UserID: userID,
		Kind:   kind,
		At:     at,
		Source: activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux", Place: "Zürich, 日本"},
		Detail: map[string]string{"fields": "bio,links", "note": "naïve “quotes” \\ 👩‍👩‍👧"},
	}
}

// Events returns all events of the user, newest first, read in pages; with a
// nil store there is nothing to look at and it returns nil.
func Events(t testing.TB, ctx context.Context, s activity.Store, userID string) []activity.Event {
	t.Helper()
	if s == nil {
		return nil
	}
	var all []activity.Event
	q := activity.Query{UserID: userID, Limit: 50}
	for {
		page, err := s.Page(ctx, q)
		if err != nil {
			t.Fatalf("Activity.Page: %v", err)
		}
		all = append(all, page...)
		if len(page) < q.Limit {
			return all
		}
		last := page[len(page)-1]
		q.After = activity.Position{At: last.At, ID: last.ID}
	}
}

// HasEvent reports whether the user's history has an event with that ID.
func HasEvent(t testing.TB, ctx context.Context, s activity.Store, userID, id string) bool {
	t.Helper()
	for _, e := range Events(t, ctx, s, userID) {
		if e.ID == id {
			return true
		}
	}
	return false
}

// SameEvent reports whether a and b are equal; no detail and an empty one are
// the same, and times must be the same instant, both UTC.
func SameEvent(a, b activity.Event) bool {
	return a.ID == b.ID && a.UserID == b.UserID && a.Kind == b.Kind && a.Source == b.Source &&
		a.At.Equal(b.At) && IsStoredTime(a.At) && IsStoredTime(b.At) && maps.Equal(a.Detail, b.Detail)
}

// IsStoredTime reports whether t is as every store must return times: set, UTC
// and in whole microseconds.
func IsStoredTime(t time.Time) bool {
	_, offset := t.Zone()
	return !t.IsZero() && t.Location().String() == "UTC" && offset == 0 && t.Nanosecond()%1000 == 0
}
