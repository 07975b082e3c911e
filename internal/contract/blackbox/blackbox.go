// Package blackbox asks a running service everything that its contract
// promises, over HTTP alone, and holds every answer against the document that
// the service itself serves.
//
//	blackbox.Run(t, func(t *testing.T) blackbox.Target {
//		srv := httptest.NewTLSServer(mux)
//		return blackbox.Target{URL: srv.URL, Transport: srv.Client().Transport, Cookie: "__Host-profilekit"}
//	})
package blackbox

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/contract"
)

// Target is a service without users and without limits on tries, mounted at
// the default base path. Lost factors can be removed at once. Its uploads are limited to 10 MiB, its JSON to 64 KiB.
type Target struct {
	// URL is its origin, and Transport what reaches it; nil is the default.
	URL       string
	Transport http.RoundTripper
	// Cookie is the name of its session cookie.
	Cookie string
	// Rows is what is stored as the user and the user's settings, every column,
	// as text. It is how the run sees that nothing changed.
	Rows func(t *testing.T, username string) string
	// Token is the token of the newest link of that kind in the mail to the
	// address: "reset", "verify", "email_change", "email_changing",
	// "factor_recovery", or "report".
	Token func(t *testing.T, kind, address string) string
	// Code is the newest code of that kind, "code", "phone" or "proof", that went to
	// the address or the number.
	Code func(t *testing.T, kind, to string) string
	// Disable marks the user as disabled, as a host would.
	Disable func(t *testing.T, username string)
	// Doubt marks the user's address as one that nobody proved, as a host would.
	Doubt func(t *testing.T, username string)
}

// Run asks a fresh target for each part of the run; with names, for those parts
// alone.
func Run(t *testing.T, open func(t *testing.T) Target, only ...string) {
	seen := &coverage{answered: map[string]bool{}}
	for _, part := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"HappyPaths", happyPaths},
		{"S36_LinksInMail", linksInMail},
		{"S33_Sessions", sessions},
		{"S29_NewTokens", newTokens},
		{"TwoProofs", twoProofs},
		{"S21_SecondFactor", secondFactor},
		{"S31_Deletion", deletion},
		{"S20_LostFactors", lostFactors},
		{"S35_Cookies", cookies},
		{"S42_MassAssignment", massAssignment},
		{"S43_GoldenKeySets", goldenKeys},
		{"S44_AccessMatrix", accessMatrix},
		{"S45_PrivateAtOnce", private},
		{"S46_ForeignOrigins", foreignOrigins},
		{"S46_ContentTypes", contentTypes},
		{"S48_HostilePaths", hostilePaths},
		{"S48_SharedCache", sharedCache},
		{"S49_HeadersOfEveryAnswer", headersOfEveryAnswer},
		{"S50_OtherMethods", otherMethods},
		{"S51_HostileJSON", hostileJSON},
		{"S52_Cursors", cursors},
		{"S64_PictureServing", pictureServing},
		{"S65_DirectUpload", directUpload},
	} {
		if len(only) > 0 && !slices.Contains(only, part.name) {
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			part.run(t, newWorld(t, open(t), seen))
		})
	}
	if len(only) == 0 {
		t.Run("EveryOperationAnswered", func(t *testing.T) { seen.complete(t) })
	}
}

// coverage remembers which operations were answered as good.
type coverage struct {
	mu       sync.Mutex
	document []byte // of v
	v        *contract.Validator
	answered map[string]bool
	checked  int
}

func (s *coverage) complete(t *testing.T) {
	if s.v == nil || s.checked < 500 {
		t.Fatalf("only %d answers were checked", s.checked)
	}
	for _, op := range s.v.Operations() {
		if !s.answered[op.ID] {
			t.Errorf("%s %s was never answered as good", op.Method, op.Path)
		}
	}
	t.Logf("%d answers held against the document", s.checked)
}
