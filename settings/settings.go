// Package settings keeps a user's preferences as typed sections. A section is
// declared once, by the package that owns its meaning, with a Go type, a
// default and a validation; a host's own sections are no different.
//
//	service, err := settings.New(settings.Config{
//		Store:    db.Settings(),
//		Sections: []settings.Declaration{settings.LocaleSection.Declare(), ShopSection.Declare()},
//	})
//	doc, err := service.Patch(ctx, userID, []byte(`{"locale":"fr"}`), 0) // a JSON merge patch
//	shop, err := settings.Get(ctx, service, ShopSection, userID)
//
// Only what a user chose is stored; defaults are filled in on reading, so that
// a program can change them. Stored members that no section knows, which a
// newer program wrote, are neither shown nor lost.
package settings

import (
	"context"
	"encoding/json"

	"github.com/profilekit/profilekit/activity"
)

// Record is the stored settings of one user: one JSON object, whose members
// are sections, and its version. The zero Record is that of a user who never
// changed anything.
type Record struct {
	// Data is a JSON object, or nil when there is none.
	Data json.RawMessage
	// Version is 0 when there is no row, then rises by at least 1 with every Put.
	Version int64
}

// Store keeps one Record a user. Implementations are safe for concurrent use
// and join a transaction that ctx carries.
type Store interface {
	// Get returns the user's record; a user without one has the zero
	// Record and no error.
	Get(ctx context.Context, userID string) (Record, error)
	// Put replaces the user's record when its version is r.Version (0:
	// when there is none) and writes the events in the same transaction. Else
	// it is storage.ErrStale and nothing changed. It returns the new record.
	Put(ctx context.Context, userID string, r Record, events ...activity.Event) (Record, error)
	// Erase removes the user's record; a missing one is not an error.
	Erase(ctx context.Context, userID string) error
}
