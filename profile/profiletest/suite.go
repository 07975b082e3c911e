// Package profiletest is the conformance suite of profile.Store: one case for
// each thing that the interface's comments promise. A host with its own users
// table passes it from an ordinary test:
//
//	func TestUsers(t *testing.T) {
//		profiletest.Run(t, func(t *testing.T) profiletest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return profiletest.Harness{Store: db.Users(), Tx: db, Activity: db.Activity()}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector. It covers every row of
// profile.Fields, and its texts are as long as the rows allow, in characters of four
// bytes.
package profiletest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a store to be judged.
type Harness struct {
	// Store is a profile.Store; it may hold users already.
	Store profile.Store
	// Tx begins transactions that Store joins; nil leaves their cases out.
	Tx storage.Transactor
	// Activity is where the events that Store writes are read; nil leaves the
	// looks at them out.
	Activity activity.Store
}

// Run runs the suite. It calls open once for each subject, each time for a
// store of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"create", createCases},
		{"look up", lookupCases},
		{"taken", takenCases},
		{"patch", patchCases},
		{"text", textCases},
		{"version", versionCases},
		{"concurrent updates", concurrentCases},
		{"events", eventCases},
		{"ended context", endedCases},
		{"transaction", txCases},
		{"deletion", deletionCases},
	} {
		t.Run(s.name, func(t *testing.T) { s.cases(t, open(t)) })
	}
}

// newUser returns a user with a fresh name and address and nothing else.
func newUser() profile.User {
	name := conform.Name("u")
	return profile.User{Username: name, Email: name + "@example.org"}
}

// fullUser returns a user with every field set that Create takes.
func fullUser() profile.User {
	u := newUser()
	u.EmailVerified = true
	u.PendingEmail = "pending-" + u.Email
	for _, f := range profile.TextFields() {
		*f.Of(&u) = sampleText(f, "Ada 👩‍💻's")
	}
	u.Phone = "+442071838750"
	u.Address = profile.Address{Line1: "12 St James's Sq", Line2: "Flat \"2\"", City: "Zürich", Region: "Łódź", PostalCode: "SW1Y 4JH", Country: "GB"}
	u.Birthday = "1815-12-10"
	u.Links = []string{"https://example.org/a?b=c&d=é", "https://example.net/,{}\"quoted\""}
	u.Custom = json.RawMessage(`{"team":"Ünïcode","n":9007199254740993,"deep":{"a":[1,null,true]}}`)
	u.Picture = profile.Picture{Base: "k3v9random", Ext: "jpg", Sizes: []int{512, 256, 128, 64}, Placeholder: "LEHV6nWB2yk8", URL: "https://cdn.example.org/p?x=1"}
	u.Role = "editor"
	u.Disabled = true
	return u
}

// sampleText is a value of a field of text that no other field has, so that a store
// that takes one for the other is found.
func sampleText(f profile.Field, whose string) string {
	if f.Lines {
		return whose + " " + f.Name + "\nof two lines\twith a tab"
	}
	return whose + " " + f.Name
}

// created writes u and ends the test when that fails.
func created(t *testing.T, h Harness, u profile.User) profile.User {
	t.Helper()
	got, err := h.Store.Create(conform.Context(t), u)
	conform.Must(t, "Create", err)
	return got
}

// userIs checks that the store holds exactly want under want.ID.
func userIs(t *testing.T, h Harness, want profile.User) {
	t.Helper()
	got, err := h.Store.User(conform.Context(t), want.ID)
	if err != nil {
		t.Errorf("User: %v", err)
		return
	}
	sameUser(t, "User", got, want)
}

// sameUser compares all fields of two users: no links and an empty list are
// the same, custom is compared as JSON, and times as instants.
func sameUser(t *testing.T, what string, got, want profile.User) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		name := g.Type().Field(i).Name
		same := false
		switch a := g.Field(i).Interface().(type) {
		case json.RawMessage:
			same = conform.SameJSON(a, w.Field(i).Interface().(json.RawMessage))
		case []string:
			same = slices.Equal(a, w.Field(i).Interface().([]string))
		case time.Time:
			same = a.Equal(w.Field(i).Interface().(time.Time))
		case profile.Picture:
			b := w.Field(i).Interface().(profile.Picture)
			same = slices.Equal(a.Sizes, b.Sizes)
			a.Sizes, b.Sizes = nil, nil
			same = same && reflect.DeepEqual(a, b)
		default:
			same = reflect.DeepEqual(a, w.Field(i).Interface())
		}
		if !same {
			t.Errorf("%s: %s is %s, want %s", what, name, brief(g.Field(i)), brief(w.Field(i)))
		}
	}
}

// brief shows a value as JSON, cut when it is long.
func brief(v reflect.Value) string {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	s := strings.ToValidUTF8(string(b), "?")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}
