// Package authtest is the conformance suite of what package auth keeps and of
// its password hashing and second factors: one case for each thing that the
// comments of authstore.Stores, hash.Hasher and authfactor.Factor promise. Stores of your own pass it from an
// ordinary test:
//
//	func TestAuthStores(t *testing.T) {
//		authtest.Run(t, func(t *testing.T) authtest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return authtest.Harness{Stores: db.Auth(), Users: db.Users(), Tx: db, Limits: db.Limits(), Activity: db.Activity()}
//		})
//	}
//
// and a hasher of your own, with encodings that it knows as weak:
//
//	func TestHasher(t *testing.T) {
//		authtest.RunHasher(t, hash.Argon2id{}, "$argon2id$v=19$m=4096,t=1,p=1$…")
//	}
//
// and a second factor of your own, given what its owner would answer:
//
//	func TestFactor(t *testing.T) {
//		authtest.RunFactor(t, func(t *testing.T) authtest.FactorHarness {
//			return authtest.FactorHarness{Factor: newFactor(t), Answer: answer, Step: 30 * time.Second}
//		})
//	}
//
// The suites do not sleep, and run under the race detector.
package authtest

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Harness is stores to be judged.
type Harness struct {
	// Stores are empty at first. Without Handles the cases of those are left out.
	Stores authstore.Stores
	// Users is where the owners of passwords and sessions are made; nil
	// invents decimal numbers.
	Users profile.Store
	// Tx begins transactions that the stores join; nil leaves their cases out.
	Tx storage.Transactor
	// Limits is the store of limits in the same database; nil leaves it out of the
	// transaction that spans several stores.
	Limits limit.Store
	// Activity is where the events that the stores write are read; nil leaves
	// the looks at them out.
	Activity activity.Store
}

// Run runs the suite. It calls open once for each subject, each time for
// stores of their own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"password", passwordCases},
		{"password lock", lockCases},
		{"session", sessionCases},
		{"session events", sessionEventCases},
		{"rotate", rotateCases},
		{"touch", touchCases},
		{"list", listCases},
		{"end", endCases},
		{"trim", trimCases},
		{"end beside others", besideCases},
		{"purge sessions", purgeSessionCases},
		{"session with user", withUserCases},
		{"ticket", ticketCases},
		{"tickets", ticketListCases},
		{"factor", factorCases},
		{"use factor", useFactorCases},
		{"remove factor", removeFactorCases},
		{"walk over factors", walkFactorCases},
		{"handle", handleCases},
		{"ended context", endedCases},
		{"ended context of tickets and factors", endedMoreCases},
		{"transaction", txCases},
		{"transaction of tickets and factors", txMoreCases},
	} {
		t.Run(s.name, func(t *testing.T) { s.cases(t, open(t)) })
	}
}

var lastUser atomic.Int64

// newUser returns the ID of one more user.
func (h Harness) newUser(t *testing.T) string {
	t.Helper()
	if h.Users == nil {
		return strconv.FormatInt(1000+lastUser.Add(1), 10)
	}
	name := conform.Name("u")
	u, err := h.Users.Create(conform.Context(t), profile.User{Username: name, Email: name + "@example.org"})
	conform.Must(t, "Users.Create", err)
	return u.ID
}

const kind activity.Kind = "conform.auth"

// event returns a fresh event of the user.
func event(user string) activity.Event {
	return conform.Event(user, kind, conform.Time())
}

// wroteEvent checks whether the event is in the history, as far as the harness
// lets it be read.
func wroteEvent(t *testing.T, ctx context.Context, h Harness, e activity.Event, want bool) {
	t.Helper()
	if h.Activity == nil {
		return
	}
	if got := conform.HasEvent(t, ctx, h.Activity, e.UserID, e.ID); got != want {
		t.Errorf("the event being in the history is %v, want %v", got, want)
	}
}

// unwritable returns an event whose ID exists already, or ok false when the
// harness has no way to make one.
func (h Harness) unwritable(t *testing.T, user string) (e activity.Event, ok bool) {
	t.Helper()
	if h.Activity == nil {
		return activity.Event{}, false
	}
	e = event(user)
	conform.Must(t, "Activity.Append", h.Activity.Append(conform.Context(t), e))
	return e, true
}
