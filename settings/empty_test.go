package settings_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
)

// Everything that a stranger chose is gone. A section that says who may see something has
// its most careful value, not the default.
func TestT09_EmptyUserLeavesNothingThatWasChosen(t *testing.T) {
	secret := settings.Section[string]{Name: "app.seen", Default: "everybody", Unreadable: new("nobody")}
	db := memstore.New()
	s := newService(t, db, secret.Declare())
	if _, err := s.Patch(t.Context(), "ann", []byte(`{"app":{"editor":{"tab":2},"seen":"friends"}}`), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again, as in a transaction that is repeated
		if err := s.EmptyUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		seen, err := settings.Get(t.Context(), s, secret, "ann")
		if err != nil || seen != "nobody" {
			t.Errorf("it is seen by %q, %v", seen, err)
		}
		if e, err := settings.Get(t.Context(), s, editorSection, "ann"); err != nil || e.Tab != 4 {
			t.Errorf("the editor is %+v, %v", e, err)
		}
	}
	r, err := db.Settings().Get(t.Context(), "ann")
	if err != nil || strings.Contains(string(r.Data), "friends") || strings.Contains(string(r.Data), "editor") {
		t.Errorf("stored is %s, %v", r.Data, err)
	}
	if other, err := settings.Get(t.Context(), s, secret, "bob"); err != nil || other != "everybody" {
		t.Errorf("somebody else's is %q, %v", other, err)
	}
}

// An observer hears of it in the transaction alone, and can undo it.
func TestT09_ObserversHearOfEmptyUser(t *testing.T) {
	o := newObserving(t)
	if err := settings.Set(t.Context(), o.Service, settings.LocaleSection, "ann", "fr"); err != nil {
		t.Fatal(err)
	}
	o.take()
	ctx := context.WithValue(t.Context(), inTx{}, true)
	if err := o.EmptyUser(ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	hears(t, o, "in ann: fr to "+settings.LocaleSection.Default+", in a transaction")
	if err := settings.Set(t.Context(), o.Service, settings.LocaleSection, "ann", "fr"); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	o.in = func() error { return no }
	if err := o.EmptyUser(ctx, "ann"); !errors.Is(err, no) {
		t.Errorf("an observer refuses: %v", err)
	}
}
