package httpadapter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/profile"
)

// waysToProve are the ways in which an owner proves the own identity. Each makes what it
// needs with the session of owner, and returns the request that proves. Ways that are not
// fresh are tried long after the sign-in.
var waysToProve = []struct {
	name   string
	fresh  bool
	status int
	begin  func(owner *client) (prove func() reply)
}{
	{"the password", false, 200, func(owner *client) func() reply {
		return sends(owner, "POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`)
	}},
	{"a code of an app", false, 200, func(owner *client) func() reply {
		app, _ := owner.w.enrol(owner)
		return func() reply { return owner.send("POST", "/api/auth/reauthenticate", answer("totp", app.code(), "")) }
	}},
	{"a recovery code", false, 200, func(owner *client) func() reply {
		_, codes := owner.w.enrol(owner)
		return sends(owner, "POST", "/api/auth/reauthenticate", answer("recovery_code", codes[0], ""))
	}},
	{"a passkey", false, 200, func(owner *client) func() reply {
		key, _ := owner.addPasskey()
		return func() reply {
			body := owner.passkeyBody("login", `{"purpose":"reauthenticate"}`, `,"method":"passkey"`, key.Get)
			return owner.send("POST", "/api/auth/reauthenticate", body)
		}
	}},
	{"changing the password", false, 200, func(owner *client) func() reply {
		return func() reply { return changePassword(password, newWords)(owner) }
	}},
	{"the mailbox", true, 200, func(owner *client) func() reply {
		return sends(owner, "POST", "/api/auth/proof/mail/confirm", `{"code":"`+owner.readsMail().mailCode()+`"}`)
	}},
	{"the link of the sign-up", true, 200, func(owner *client) func() reply {
		address := owner.get("/api/profile").json(owner.w.t)["email"].(string)
		return sends(owner, "POST", "/api/auth/email/verify", `{"token":"`+owner.w.mail.token(owner.w.t, authmail.Verify, address)+`"}`)
	}},
	{"adding an app", true, 200, func(owner *client) func() reply {
		app := owner.w.beginApp(owner)
		return sends(owner, "POST", "/api/auth/mfa/totp/confirm", `{"code":"`+app.code()+`"}`)
	}},
	{"adding a phone", true, 200, func(owner *client) func() reply {
		return sends(owner, "POST", "/api/auth/mfa/phone/confirm", `{"code":"`+owner.phoneCode()+`"}`)
	}},
	{"adding a passkey", true, 201, func(owner *client) func() reply {
		owner.readsMail()
		return sends(owner, "POST", "/api/auth/passkeys/register/finish", owner.passkeyBody("register", "", "", softkey.New("http://localhost").Create))
	}},
}

func sends(c *client, method, path, body string) func() reply {
	return func() reply { return c.send(method, path, body) }
}

// A thief of a bearer token gains nothing when its owner proves who it is: every route
// refuses the stolen token, at once and with the cache of sessions too. The owner goes on
// with the token of the answer, which is fresh.
func TestT16_AProofChangesABearerToken(t *testing.T) {
	for name, cached := range map[string]func(*httpadapter.Config){"cached": withCache, "uncached": func(*httpadapter.Config) {}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cached, func(c *httpadapter.Config) {
				c.Stores = c.Stores.Unlimited()
				c.Auth.Codes.Channels, c.Auth.Codes.Alone = []authmail.Channel{authmail.BySMS}, true
				var err error
				if c.Auth.Passkeys, err = passkey.New(c.Keys, passkey.Options{Origin: c.BaseURL}); err != nil {
					t.Fatal(err)
				}
			})
			w.bearer = true
			for i, way := range waysToProve {
				t.Run(way.name, func(t *testing.T) {
					name := fmt.Sprintf("ada%d", i)
					owner := w.client()
					w.client().register(name)
					owner.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q,"transport":"bearer"}`, name, password)).want(t, 200)
					prove := way.begin(owner)
					if !way.fresh {
						w.clock.advance(profile.FreshFor + time.Second)
						owner.get("/api/profile/export").want(t, 403)
					}
					thief := w.client()
					thief.header.Set("Authorization", owner.header.Get("Authorization"))
					thief.get("/api/profile").want(t, 200) // and the cache knows it

					got := prove().want(t, way.status)
					view := got.json(t)
					until, err := time.Parse(time.RFC3339Nano, fmt.Sprint(view["expiresAt"]))
					if token := fmt.Sprint(view["token"]); len(token) != 43 || "Bearer "+token == thief.header.Get("Authorization") || err != nil || until.Before(w.clock.Now()) {
						t.Errorf("the answer has no new token, and until when: %s", got.body)
					}
					if got.Header.Get("Cache-Control") != "no-store" || len(got.Cookies()) != 0 {
						t.Errorf("Cache-Control %q, cookies %v", got.Header.Get("Cache-Control"), got.Cookies())
					}
					for _, r := range w.app.Routes() {
						if r.Class != httpadapter.In && r.Class != httpadapter.Fresh {
							continue
						}
						if got := thief.try(r); got.StatusCode != 401 {
							t.Errorf("%s %s lets the stolen token in: %d %s", r.Method, r.Pattern, got.StatusCode, got.body)
						}
					}
					thief.get("/host").want(t, 401)
					owner.get("/api/profile").want(t, 200)
					owner.get("/api/profile/export").want(t, 200)
				})
			}
		})
	}
}

// givesToken and endsToken are the routes for signed-in callers that replace the token of
// the session, and those that end the session. All others leave the token as it is.
var (
	givesToken = []string{
		"POST /api/auth/reauthenticate",
		"POST /api/auth/password",
		"POST /api/auth/proof/mail/confirm",
		"POST /api/auth/passkeys/register/finish",
		"POST /api/auth/mfa/phone/confirm",
		"POST /api/auth/mfa/email/confirm",
		"POST /api/auth/mfa/totp/confirm",
	}
	endsToken = []string{
		"POST /api/auth/logout",
		"DELETE /api/auth/sessions/{id}", // one's own
		"DELETE /api/profile",
	}
)

// Every route for signed-in callers gets a request that it grants, by a browser and by a
// program. Where the token in use is dead afterwards, the answer has the new one, or the
// route stands among those that end the session. So a route that is added and gives a
// proof cannot keep the new token to itself.
func TestT16_EveryRouteThatProvesTellsTheToken(t *testing.T) {
	onSpied(t, func(t *testing.T, s *spied) {
		class := map[string]httpadapter.Class{}
		for _, r := range s.app.Routes() {
			class[r.Method+" "+r.Pattern] = r.Class
		}
		for _, bearer := range []bool{false, true} {
			s.bearer, s.model = bearer, nil
			walked := map[string]bool{}
			for _, line := range requests() {
				if class[line.route] != httpadapter.In && class[line.route] != httpadapter.Fresh || line.status >= 300 {
					continue
				}
				walked[line.route] = true
				s.tellsToken(line)
			}
			for route, class := range class {
				if (class == httpadapter.In || class == httpadapter.Fresh) && !walked[route] {
					t.Errorf("there is no request that %s grants", route)
				}
			}
			for _, route := range slices.Concat(givesToken, endsToken) {
				if !walked[route] {
					t.Errorf("there is no route %s", route)
				}
			}
		}
	})
}

// tellsToken sends one request of a signed-in caller, and looks what became of the token.
func (s *spied) tellsToken(line request) {
	s.t.Helper()
	got := line.prepare(s)()
	used, bearer := strings.CutPrefix(got.Request.Header.Get("Authorization"), "Bearer ")
	what := fmt.Sprintf("%s, %s, bearer %v", line.route, line.when, bearer)
	if ck, err := got.Request.Cookie("profilekit"); err == nil && !bearer {
		used = ck.Value
	} else if err == nil || !bearer {
		s.t.Fatalf("%s: the request has a cookie: %v; it must have that or a bearer token", what, err == nil)
	}
	if s.bearer && !bearer {
		s.t.Errorf("%s: a program sent a cookie", what)
	}
	want := line.status
	if want == 204 && bearer && slices.Contains(givesToken, line.route) {
		want = 200 // the token is all that the answer says
	}
	if got.StatusCode != want {
		s.t.Errorf("%s: status %d, want %d: %s", what, got.StatusCode, want, got.body)
	}
	lives := s.opens(used, "/api/profile")
	switch {
	case slices.Contains(givesToken, line.route):
		if next := got.told(); lives || next == "" || next == used || !s.opens(next, "/api/profile") || !s.opens(next, "/api/profile/export") {
			s.t.Errorf("%s: the old token works: %v, the new one is told: %v; it must be, and work where a fresh proof is needed", what, lives, next != "")
		}
		if (got.inBody() != "") != bearer || (got.inCookie() != "") == bearer {
			s.t.Errorf("%s: the token is in the body %v, in a cookie %v", what, got.inBody() != "", got.inCookie() != "")
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			s.t.Errorf("%s: Cache-Control is %q", what, got.Header.Get("Cache-Control"))
		}
	case slices.Contains(endsToken, line.route):
		if lives || got.told() != "" {
			s.t.Errorf("%s: the token works: %v, another one is told: %v; the session must be over", what, lives, got.told() != "")
		}
	case !lives:
		s.t.Errorf("%s: the token is dead afterwards, and the route stands neither among those that give a new one nor among those that end the session", what)
	case got.told() != "":
		s.t.Errorf("%s: a token is told, and the old one goes on working", what)
	}
}

// opens reports whether a token lets a new client in.
func (s *spied) opens(token, path string) bool {
	s.t.Helper()
	c := s.client()
	got := c.get(path, "Authorization", "Bearer "+token)
	if got.StatusCode != 200 && got.StatusCode != 401 && got.StatusCode != 403 {
		s.t.Errorf("GET %s: %d %s", path, got.StatusCode, got.body)
	}
	return got.StatusCode == 200
}
