package profile_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	*profile.Service
	db       *memstore.Store
	settings *settings.Service
	ann      profile.User
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{db: memstore.New()}
	var err error
	w.settings, err = settings.New(settings.Config{
		Store: w.db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Service, err = profile.New(profile.Config{
		Store: w.db.Users(), Settings: w.settings, Now: func() time.Time { return now },
		Policy: profile.Policy{Custom: []profile.CustomField{
			{Name: "team", Check: func(v json.RawMessage) error {
				var s string
				if json.Unmarshal(v, &s) != nil || len(s) > 20 {
					return input.Invalid(input.FieldError{Code: input.Malformed, Message: "must be a short text"})
				}
				return nil
			}},
			{Name: "badge", Check: func(v json.RawMessage) error {
				var b struct {
					Colour string
					Points int
				}
				if json.Unmarshal(v, &b) != nil || b.Points > 10 {
					return input.Invalid(input.FieldError{Field: "points", Code: input.OutOfRange, Message: "must be 10 at most"})
				}
				return nil
			}},
			{Name: "anything"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.ann = w.create(t, "Ann", "ann@example.org")
	return w
}

func (w *world) create(t testing.TB, name, email string) profile.User {
	t.Helper()
	u, err := w.db.Users().Create(t.Context(), profile.User{
		Username: name, Email: email, DisplayName: name + " Lee", Phone: "+33123456789", Bio: "hello",
		Address: profile.Address{City: "Paris", Country: "FR"}, Birthday: "1990-05-17", Links: []string{"https://example.org/"},
		Custom: json.RawMessage(`{"team":"red"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// events is the detail of each recorded change of the user's profile.
func (w *world) events(t testing.TB, userID string) []string {
	t.Helper()
	events, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: userID, Kind: profile.KindUpdated, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range events {
		if len(e.Detail) != 1 || e.At != now {
			t.Errorf("event %+v", e)
		}
		out = append(out, e.Detail["fields"])
	}
	slices.Sort(out)
	return out
}

func (w *world) privacy(t testing.TB, userID string, p profile.Privacy) {
	t.Helper()
	if err := settings.Set(t.Context(), w.settings, profile.PrivacySection, userID, p); err != nil {
		t.Fatal(err)
	}
}

func text(s string) *string { return &s }

func day(s string) *profile.Date { d := profile.Date(s); return &d }

func list(s ...string) *[]string { return &s }

func custom(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}
