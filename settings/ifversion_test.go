package settings_test

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// between lets a change come right before the next Put.
type between struct {
	settings.Store
	change func()
}

func (b *between) Put(ctx context.Context, userID string, r settings.Record, events ...activity.Event) (settings.Record, error) {
	if change := b.change; change != nil {
		b.change = nil
		change()
	}
	return b.Store.Put(ctx, userID, r, events...)
}

// The version is a condition of the Put itself, that of untouched settings too.
func TestPatchIfVersionIsInThePut(t *testing.T) {
	w := newWorld(t)
	store := &between{Store: w.db.Settings()}
	svc, err := settings.New(settings.Config{Store: store, Sections: []settings.Declaration{
		settings.LocaleSection.Declare(), settings.TimeZoneSection.Declare(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	version := settings.Untouched
	for _, rival := range []string{`{"locale":"fr"}`, `{"locale":"de"}`, `{"timeZone":"Europe/Paris"}`} {
		var stands settings.Document
		store.change = func() {
			var err error
			if stands, err = svc.Patch(t.Context(), "ann", []byte(rival), version); err != nil {
				t.Error(err)
			}
		}
		if _, err := svc.Patch(t.Context(), "ann", []byte(`{"timeZone":"Europe/Rome"}`), version); !errors.Is(err, storage.ErrStale) {
			t.Errorf("version %d, and %s came between: %v; want storage.ErrStale", version, rival, err)
		}
		now, err := svc.Document(t.Context(), "ann")
		if err != nil || now.Version != stands.Version || string(now.JSON) != string(stands.JSON) {
			t.Errorf("there is %d %s, %v; want %d %s", now.Version, now.JSON, err, stands.Version, stands.JSON)
		}
		version = now.Version
	}
	// Without a version both are kept.
	store.change = func() {
		if _, err := svc.Patch(t.Context(), "ann", []byte(`{"locale":"it"}`), 0); err != nil {
			t.Error(err)
		}
	}
	d, err := svc.Patch(t.Context(), "ann", []byte(`{"timeZone":"Europe/Rome"}`), 0)
	if err != nil || string(d.JSON) != `{"locale":"it","timeZone":"Europe/Rome"}` {
		t.Errorf("%s, %v", d.JSON, err)
	}
}
