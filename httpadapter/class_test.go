package httpadapter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// classOf is who may call each route. It is written by hand beside the table in
// routes.go, so that a class changes in two places or not at all.
var classOf = map[httpadapter.Class]string{
	httpadapter.Anyone: `
		POST /api/auth/register
		POST /api/auth/login
		POST /api/auth/password/forgot
		POST /api/auth/password/reset
		POST /api/auth/email/verify
		POST /api/auth/email/change/confirm
		POST /api/auth/email/change/undo
		POST /api/auth/passkeys/login/begin
		POST /api/auth/passkeys/login/finish
		POST /api/activity/report
		GET /api/users/{username}
		GET /api/users/{username}/picture
		GET /api/pictures/{key}
		GET /api/capabilities
		GET /api/openapi.json
		GET /default-avatar.png
		GET /account/reset
		GET /account/verify
		GET /account/email
		GET /account/undo
		GET /account/not-me
		GET /account/recover`,
	httpadapter.Half: `
		POST /api/auth/mfa
		POST /api/auth/mfa/challenge
		POST /api/auth/mfa/recovery
		POST /api/auth/mfa/recovery/confirm`,
	httpadapter.In: `
		POST /api/auth/logout
		POST /api/auth/reauthenticate
		POST /api/auth/reauthenticate/challenge
		POST /api/auth/password
		POST /api/auth/email/verify/resend
		GET /api/auth/proof
		POST /api/auth/proof/mail
		POST /api/auth/proof/mail/confirm
		DELETE /api/auth/proof/wait
		GET /api/auth/sessions
		DELETE /api/auth/sessions
		DELETE /api/auth/sessions/{id}
		GET /api/auth/mfa
		GET /api/auth/devices
		DELETE /api/auth/devices/{id}
		GET /api/profile
		PATCH /api/profile
		PUT /api/profile
		PUT /api/profile/picture
		DELETE /api/profile/picture
		POST /api/profile/picture/direct
		POST /api/profile/picture/direct/{id}/complete
		GET /api/settings
		PATCH /api/settings
		GET /api/activity
		POST /upload-profile`,
	httpadapter.Fresh: `
		POST /api/auth/proof/wait
		POST /api/auth/email/change
		POST /api/auth/passkeys/register/begin
		POST /api/auth/passkeys/register/finish
		PATCH /api/auth/passkeys/{id}
		DELETE /api/auth/passkeys/{id}
		POST /api/auth/mfa/phone
		POST /api/auth/mfa/phone/confirm
		POST /api/auth/mfa/email
		POST /api/auth/mfa/email/confirm
		POST /api/auth/mfa/totp
		POST /api/auth/mfa/totp/confirm
		POST /api/auth/mfa/recovery-codes
		DELETE /api/auth/mfa/{id}
		GET /api/profile/export
		DELETE /api/profile`,
	httpadapter.DeletionPending: `
		POST /api/profile/restore`,
}

// Every route has the class that it should, and lets in whom that class lets in, by
// each kind of credential that there is.
func TestS12_EveryRouteHasAClass(t *testing.T) {
	want := map[string]httpadapter.Class{}
	for class, list := range classOf {
		for line := range strings.Lines(strings.TrimSpace(list)) {
			key := strings.TrimSpace(line)
			if want[key] != "" {
				t.Errorf("%s is %s and %s", key, want[key], class)
			}
			want[key] = class
		}
	}
	onSpied(t, func(t *testing.T, s *spied) {
		if s.db.Dialect() != sqlstore.SQLite {
			return // who may call is decided before a database is asked
		}
		seen := map[string]bool{}
		for _, r := range s.app.Routes() {
			key := r.Method + " " + r.Pattern
			if seen[key] {
				t.Errorf("%s is declared twice", key)
			}
			seen[key] = true
			class, known := want[key]
			if !known {
				t.Errorf("%s is not in the list of this test", key)
				continue
			}
			if r.Class != class {
				t.Errorf("%s has the class %q, want %q", key, r.Class, class)
			}
			for credential, want := range lets[class] {
				if got := s.letIn(credential, r); got != want {
					t.Errorf("%s answers %s: %s; want %s", key, credential, got, want)
				}
			}
		}
		for key := range want {
			if !seen[key] {
				t.Errorf("there is no route %s", key)
			}
		}
	})
}

// What a route says of who calls. Whatever else it answers to an empty body is in.
const (
	in401 = "401"
	in403 = "403 reauthentication_required"
	inYes = "in"
)

// lets is what the routes of a class answer to each credential. Stale is signed in,
// with a proof that is over.
var lets = map[httpadapter.Class]map[string]string{
	httpadapter.Anyone:          {"nobody": inYes, "fresh": inYes},
	httpadapter.Half:            {"nobody": in401, "half": inYes, "stale": in401, "fresh": in401, "leaving": in401},
	httpadapter.In:              {"nobody": in401, "half": in401, "stale": inYes, "fresh": inYes, "leaving": in401},
	httpadapter.Fresh:           {"nobody": in401, "half": in401, "stale": in403, "fresh": inYes, "leaving": in401},
	httpadapter.DeletionPending: {"nobody": in401, "half": in401, "stale": in401, "fresh": in401, "leaving": inYes},
}

// proofs are the bodies of routes that read theirs before they ask what the caller owes.
var proofs = map[string]string{
	"POST /api/auth/mfa":           `{"method":"totp","code":"000000"}`,
	"POST /api/auth/mfa/challenge": `{"method":"sms"}`,
}

// letIn sends the route something, as somebody who did nothing else: a route may end
// what lets its caller in.
func (s *spied) letIn(credential string, r httpadapter.Route) string {
	s.t.Helper()
	c := s.client()
	switch credential {
	case "half":
		_, name, _, _ := s.guarded()
		c = s.half(name)
	case "stale":
		c, _ = s.member()
		s.clock.advance(profile.FreshFor + time.Second)
	case "fresh":
		c, _ = s.member()
	case "leaving":
		var name string
		c, name = s.member()
		c.send("DELETE", "/api/profile", "").want(s.t, 202)
		c.send("POST", "/api/auth/login", login(name, password)).want(s.t, 200)
	}
	var got reply
	if body, ok := proofs[r.Method+" "+r.Pattern]; ok {
		got = c.send(r.Method, r.Pattern, body)
	} else {
		got = c.try(r)
	}
	switch {
	case got.StatusCode >= 500:
		return fmt.Sprintf("%d %s", got.StatusCode, got.body)
	case got.StatusCode == 401 && strings.Contains(string(got.body), "invalid_credentials"):
		return inYes // who calls is known, and has to prove it by the body
	case got.StatusCode == 401:
		return in401
	case got.StatusCode == 403 && got.code(s.t) == "reauthentication_required":
		return in403
	}
	return inYes
}
