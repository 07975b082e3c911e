package httpadapter_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
)

// callerRows are about who is calling, and what our sign-in would do.
var callerRows = []row{
	{"Who is calling", callerIsRead, callerIsNamed, false},
	{"Fresh proofs", proofsAreAsked, proofsAreGiven, false},
	{"Sign-up, sign-in, passwords, second factors", nil, signInIsTheHosts, false},
	{"Sessions and devices", nil, sessionsAreTheHosts, false},
	{"Limits of sign-in, captcha", nil, captchaIsNotAsked, false},
	{"Session cache", nil, cacheIsRefused, false},
	{"Mail", noticesAreMailed, linksAreNotMailed, false},
	{"E-mail address", emailIsShown, emailIsTheHosts, false},
	{"Cross-site requests (CSRF)", originsAreChecked, cookiesAreTheHosts, false},
	{"`RequireUser`, `RequireRole`", middlewareKnowsTheCaller, rolesAreGiven, false},
	{"Disabled users", disabledAreOut, disabledByTheHost, false},
}

func callerIsRead(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	ada.get("/api/profile").want(t, 200)
	h.change(u.ID, profile.Patch{Bio: new("as the host says")})
	if got := ada.get("/api/profile").want(t, 200).json(t); got["bio"] != "as the host says" || got["id"] != u.ID {
		t.Errorf("%v", got)
	}
	for _, id := range []string{"", "ada", "ada@example.org", "0" + u.ID} {
		if got := h.as(id).get("/api/profile").want(t, 401); got.code(t) != "unauthenticated" {
			t.Errorf("%q: %s", id, got.body)
		}
	}
}

func callerIsNamed(t *testing.T, open opener) {
	h := open(t)
	_, u := h.join("ada")
	h.client().get("/api/profile").want(t, 401)
	h.client().get("/api/profile", "X-Test-User", u.ID).want(t, 200)
	// A fault of the host's is not a sign-out.
	h.client().get("/api/profile", "X-Test-User", u.ID, "X-Test-Proved", "nonsense").want(t, 500)
}

func proofsAreAsked(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	n := 0
	for _, r := range h.app.Routes() {
		if r.Class != httpadapter.Fresh && r.Class != httpadapter.DeletionPending {
			continue
		}
		n++
		for _, age := range []time.Duration{profile.FreshFor + time.Second, -profile.ClockSkew, 1000 * time.Hour} {
			header, at := h.proved(age)
			if got := ada.try(r, header, at).want(t, 403); got.code(t) != "reauthentication_required" {
				t.Errorf("%s %s, proved %v ago: %s", r.Method, r.Pattern, age, got.body)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d routes ask for a proof, want export, deletion and restore", n)
	}
	for _, age := range []time.Duration{profile.FreshFor, 0, -profile.ClockSkew + time.Second} {
		header, at := h.proved(age)
		ada.get("/api/profile/export", header, at).want(t, 200)
	}
}

func proofsAreGiven(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.header.Set(h.proved(0))
	h.clock.advance(11 * time.Minute)
	ada.get("/api/profile").want(t, 200)
	ada.get("/api/profile/export").want(t, 403)
	ada.header.Set(h.proved(0)) // the host asked again
	ada.get("/api/profile/export").want(t, 200)
}

func signInIsTheHosts(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ours := open(t, func(c *httpadapter.Config) { c.Authenticator = nil })
	n := 0
	for _, r := range ours.app.Routes() {
		if !strings.HasPrefix(r.Pattern, "/api/auth/") {
			continue
		}
		n++
		ada.try(r).want(t, 404)
	}
	if n < 20 || h.app.Auth != nil {
		t.Errorf("%d routes of our own sign-in were tried; Auth is %v", n, h.app.Auth)
	}
	// Nobody is anybody by a session of ours.
	bob := ours.client().register("bob")
	h.client().get("/api/profile", "Cookie", bob.cookies()).want(t, 401)
}

// cookies are those that the client would send.
func (c *client) cookies() string {
	c.w.t.Helper()
	var list []string
	for _, ck := range c.Jar.Cookies(mustURL(c.w.t, c.w.srv.URL)) {
		list = append(list, ck.String())
	}
	return strings.Join(list, "; ")
}

func sessionsAreTheHosts(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	for _, r := range h.app.Routes() {
		ada.try(r)
		if strings.Contains(r.Pattern, "/sessions") || strings.Contains(r.Pattern, "/devices") {
			t.Errorf("%s is mounted", r.Pattern)
		}
	}
	if list, err := everySession(t.Context(), h.config.Stores.Auth.Sessions, u.ID); err != nil || len(list) != 0 {
		t.Errorf("%d sessions, %v", len(list), err)
	}
}

func captchaIsNotAsked(t *testing.T, open opener) {
	c, _ := config(t)
	c.Auth, c.Authenticator = auth.Policy{}, front{c.Now}
	c.HTTP.Captcha = func(*http.Request, string) error { return nil }
	if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "HTTP.Captcha") {
		t.Errorf("New: %v", err)
	}
	h := open(t)
	// Nobody counts whom the host lets in, or not.
	for range 100 {
		h.as("nobody").get("/api/profile").want(t, 401)
	}
}

func cacheIsRefused(t *testing.T, _ opener) {
	c, _ := config(t)
	c.Auth, c.Authenticator = auth.Policy{}, front{c.Now}
	withCache(&c)
	if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "SessionCache") {
		t.Errorf("New: %v", err)
	}
}

func noticesAreMailed(t *testing.T, open opener) {
	sent := &letters{}
	h := open(t, func(c *httpadapter.Config) {
		prefs, err := settings.New(settings.Config{
			Store: c.Stores.Settings, Sections: []settings.Declaration{notify.PreferencesSection.Declare()},
		})
		if err != nil {
			t.Fatal(err)
		}
		if sent.Notifier, err = notify.New(notify.Config{
			Store: c.Stores.Outbox, Keys: c.Keys, Now: c.Now, Users: c.Stores.Users, UnknownAddresses: true, Settings: prefs,
			Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: sent}},
		}); err != nil {
			t.Fatal(err)
		}
		c.Recorder = sent
	})
	ada, _ := h.join("ada")
	ada.get("/api/profile/export").want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
	sent.flush(t)
	if n := len(sent.all); n != 3 {
		t.Errorf("%d letters, want one of the copy, one of the deletion and one of its taking back", n)
	}
	for _, l := range sent.all {
		if l.To != "ada@example.org" {
			t.Errorf("%s went to %s", l.Subject, l.To)
		}
	}
}

func linksAreNotMailed(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.send("PATCH", "/api/profile", `{"email":"new@example.org"}`).want(t, 422)
	for _, r := range h.app.Routes() {
		ada.try(r)
		if strings.HasPrefix(r.Pattern, "/account/") || r.Pattern == "/api/activity/report" {
			t.Errorf("%s is mounted, and no mail leads there", r.Pattern)
		}
	}
	if n := len(h.mail.all); n != 0 {
		t.Errorf("the Courier was given %d messages", n)
	}
}

func emailIsShown(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	me := ada.get("/api/profile").want(t, 200).json(t)
	if me["email"] != "ada@example.org" || me["emailVerified"] != false || me["pendingEmail"] != nil {
		t.Errorf("%v", me)
	}
	ada.send("PATCH", "/api/profile", `{"email":"ada@example.org","bio":"x"}`).want(t, 200)
	for method, body := range map[string]string{
		"PATCH": `{"email":"new@example.org","bio":"y"}`, "PUT": `{"username":"ada","email":"new@example.org"}`,
	} {
		if got := ada.send(method, "/api/profile", body).want(t, 422); got.code(t) != "email_change_unavailable" {
			t.Errorf("%s: %s", method, got.body)
		}
	}
	if now := ada.get("/api/profile").json(t); now["email"] != "ada@example.org" || now["bio"] != "x" {
		t.Errorf("%v", now)
	}
}

func emailIsTheHosts(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	h.change(u.ID, profile.Patch{Email: new("new@example.org"), EmailVerified: new(true)})
	if now := ada.get("/api/profile").json(t); now["email"] != "new@example.org" || now["emailVerified"] != true {
		t.Errorf("%v", now)
	}
}

func originsAreChecked(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	for _, r := range h.app.Routes() {
		if r.Method == "GET" {
			continue
		}
		if got := ada.try(r, evil...); got.StatusCode != 403 || r.Pattern != "/upload-profile" && got.code(t) != "cross_origin" {
			t.Errorf("%s %s: %d %s", r.Method, r.Pattern, got.StatusCode, got.body)
		}
	}
	ada.send("POST", "/host", "", evil...).want(t, 403)
	// No page of another site sends this header unless the host lets it.
	ada.send("PATCH", "/api/profile", `{"bio":"x"}`, append(evil, "Authorization", "Bearer of the host's")...).want(t, 200)
	ada.do("OPTIONS", "/api/profile", "", nil, append(evil, "Access-Control-Request-Method", "PATCH")...).want(t, 405)
}

func cookiesAreTheHosts(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	for _, r := range h.app.Routes() {
		if got := ada.try(r); len(got.Cookies()) != 0 {
			t.Errorf("%s %s sets %v", r.Method, r.Pattern, got.Cookies())
		}
	}
}

func middlewareKnowsTheCaller(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	h.client().get("/host").want(t, 401)
	if got := ada.get("/host").want(t, 200); string(got.body) != "adatrue" {
		t.Errorf("User gave %s", got.body)
	}
	if got := ada.get("/admin").want(t, 403); got.code(t) == "" {
		t.Errorf("%s", got.body)
	}
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	ada.get("/host").want(t, 401)
}

func rolesAreGiven(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	h.change(u.ID, profile.Patch{Role: new("admin")})
	ada.get("/admin").want(t, 200)
	h.change(u.ID, profile.Patch{Role: new("user")})
	ada.get("/admin").want(t, 403)
}

func disabledAreOut(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	bob, _ := h.join("bob")
	bob.get("/api/users/ada").want(t, 200)
	h.change(u.ID, profile.Patch{Disabled: new(true)})
	for _, r := range h.app.Routes() {
		if r.Class != httpadapter.Anyone {
			ada.try(r).want(t, 401)
		}
	}
	ada.get("/host").want(t, 401)
	bob.get("/api/users/ada").want(t, 404)
}

func disabledByTheHost(t *testing.T, open opener) {
	store := newCDN()
	h := open(t, func(c *httpadapter.Config) { c.Blobs = store })
	ada, u := h.join("ada")
	ada.photo(1)
	public := ada.pictureURLs()
	h.change(u.ID, profile.Patch{Disabled: new(true)})
	if _, err := h.app.Pictures.Settle(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	for _, at := range public {
		if store.opens(t, at) {
			t.Errorf("%s still opens", at)
		}
	}
	h.change(u.ID, profile.Patch{Disabled: new(false)})
	ada.get("/api/profile").want(t, 200)
}

// everySession is the list of the user's sessions of every level.
func everySession(ctx context.Context, s authstore.SessionStore, userID string) (all []authstore.Session, err error) {
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDeletionPending, authstore.LevelDevice} {
		list, err := s.Sessions(ctx, userID, level, 10_000)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
