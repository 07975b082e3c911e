package httpadapter_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
)

func TestS36_PagesOfLinksLoadAndTellNothing(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Auth.FactorRecovery.Wait = auth.RecoveryWait })
	for _, name := range []string{"reset", "verify", "email", "undo", "not-me", "recover"} {
		got := w.client().get("/account/"+name, "Accept", "text/html").want(t, 200)
		h := got.Header
		if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, h)
		}
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %s", name, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
		// The browser runs the script and the style only if these are they.
		for directive, element := range map[string]string{"script-src": "script", "style-src": "style"} {
			m := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllSubmatch(got.body, -1)
			if len(m) != 1 {
				t.Fatalf("%s has %d <%s>", name, len(m), element)
			}
			sum := sha256.Sum256(m[0][1])
			if want := directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", name, policy, want)
			}
		}
		if m := regexp.MustCompile(`(?i)(src|href|action)\s*=\s*"|https?:|\son[a-z]+=`).Find(bytes.ReplaceAll(got.body, []byte("data-action="), nil)); m != nil {
			t.Errorf("%s loads, or leads to, %q", name, m)
		}
		action := regexp.MustCompile(`data-action="([^"]+)"`).FindSubmatch(got.body)
		if action == nil || w.client().send("POST", string(action[1]), `{"token":"x","password":"`+password+`"}`).StatusCode == 404 {
			t.Errorf("%s sends its token nowhere: %s", name, action)
		}
	}
	ownPages := newWorld(t, func(c *httpadapter.Config) { c.HTTP.NoPages = true })
	if got := ownPages.client().get("/account/reset"); got.StatusCode != 404 {
		t.Errorf("NoPages: %d", got.StatusCode)
	}
	// Where people begin no recovery the host may, if there is a link for it.
	byHost := newWorld(t).client()
	byHost.get("/account/recover").want(t, 200)
	byHost.do("POST", "/api/auth/mfa/recovery", "", nil).want(t, 405) // the ID of a factor, which is deleted
	byHost.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"x"}`).want(t, 401)
	without := newWorld(t, func(c *httpadapter.Config) {
		c.Auth.Links = authmail.DefaultLinks(c.BaseURL)
		c.Auth.Links.Recover = ""
	}).client()
	without.get("/account/recover").want(t, 404)
	without.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"x"}`).want(t, 404)
	elsewhere := newWorld(t, func(c *httpadapter.Config) { c.HTTP.Base = "/v1/api" })
	if got := elsewhere.client().get("/account/reset").want(t, 200); !bytes.Contains(got.body, []byte(`data-action="/v1/api/auth/password/reset"`)) {
		t.Errorf("another base: %s", got.body)
	}
}

func TestS11P15_ForgotAnswersTheSame(t *testing.T) {
	w := newWorld(t)
	w.client().register("ada")
	var first string
	for i, address := range []string{"ada@example.org", "nobody@example.org", "ADA@EXAMPLE.ORG"} {
		got := w.client().send("POST", "/api/auth/password/forgot", `{"email":"`+address+`"}`).want(t, 202)
		h := got.Header.Clone()
		h.Del("X-Request-Id")
		h.Del("Date")
		if answer := fmt.Sprint(h, string(got.body)); i == 0 {
			first = answer
		} else if answer != first {
			t.Errorf("%s: %s, want %s", address, answer, first)
		}
	}
	// Over the budget of an address the answer stays the same, whose account or not; only the
	// network's limit, 20 an hour, is told.
	for range 16 {
		w.client().send("POST", "/api/auth/password/forgot", `{"email":"ada@example.org"}`).want(t, 202)
	}
	if n := w.mail.count(authmail.Reset, "ada@example.org"); n != 5 {
		t.Errorf("%d links were sent, want 5", n)
	}
	last := w.client().send("POST", "/api/auth/password/forgot", `{"email":"nobody@example.org"}`)
	if last.want(t, 429); last.code(t) != "rate_limited" || last.Header.Get("Retry-After") == "" {
		t.Errorf("over the limit of the network: %s", last.body)
	}
}

func TestS37P03P14_LinksHaveTheConfiguredOrigin(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.BaseURL = "https://example.org"
		many := limit.Rule{Limit: 100, Window: time.Hour}
		c.Auth.Limits = authlimit.Tries{Mail: many, MailAddress: many}
	})
	w.client().register("ada")
	for _, headers := range [][]string{
		{"Host", "evil.example"},
		{"X-Forwarded-Host", "evil.example"},
		{"X-Forwarded-Proto", "gopher"},
		{"X-Forwarded-Prefix", "/evil"},
		{"Forwarded", "host=evil.example;proto=http"},
		{"X-Original-Host", "evil.example"},
		{"Origin", "https://example.org"},
		{"Referer", "https://evil.example/"},
	} {
		req, err := http.NewRequest("POST", w.srv.URL+"/api/auth/password/forgot", strings.NewReader(`{"email":"ada@example.org"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if headers[0] == "Host" {
			req.Host = headers[1]
		} else if headers[0] != "Origin" {
			req.Header.Set(headers[0], headers[1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 202 {
			t.Errorf("%v: %d", headers, resp.StatusCode)
		}
	}
	if len(w.mail.all) < 9 {
		t.Fatalf("only %d messages", len(w.mail.all))
	}
	for _, m := range w.mail.all {
		for _, link := range []string{m.Link, m.Report} {
			if !strings.HasPrefix(link, "https://example.org/account/") || strings.Contains(link, "evil") {
				t.Errorf("a link is %q", link)
			}
		}
	}
}

func TestVerifyFirstAnswersAlways202(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Auth.SignUp = auth.VerifyFirst })
	c := w.client()
	in := func(name, email string) reply {
		return c.send("POST", "/api/auth/register", registration(name, email, password))
	}
	first := in("ada", "ada@example.org").want(t, 202)
	if len(first.Cookies()) != 0 {
		t.Error("it sets a cookie")
	}
	c.send("POST", "/api/auth/login", login("ada", password)).want(t, 401)
	c.send("POST", "/api/auth/email/verify", confirmation(w.mail.token(t, authmail.Verify, "ada@example.org"), password)).want(t, 204)
	c.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
	again := in("ada2", "ADA@example.org").want(t, 202)
	if string(first.body) != string(again.body) || len(first.Header) != len(again.Header) {
		t.Errorf("free %s, taken %s", first.body, again.body)
	}
	in("x", "nothing").want(t, 422)
}

func TestEmailChangeNeedsAFreshProof(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	w.clock.advance(11 * time.Minute)
	for _, try := range [][3]string{
		{"POST", "/api/auth/email/change", `{"email":"new@example.org"}`},
		{"PATCH", "/api/profile", `{"bio":"changed","email":"new@example.org"}`},
		{"PUT", "/api/profile", `{"username":"ada","email":"new@example.org"}`},
	} {
		if got := ada.send(try[0], try[1], try[2]).want(t, 403); got.code(t) != "reauthentication_required" {
			t.Errorf("%s %s: %s", try[0], try[1], got.body)
		}
	}
	ada.send("PATCH", "/api/profile", `{"email":"ada@example.org"}`).want(t, 200)
	if got := ada.get("/api/profile").json(t); got["bio"] != nil || got["pendingEmail"] != nil {
		t.Errorf("the profile is %v", got)
	}
	ada.send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`).want(t, 204)
	got := ada.send("PUT", "/api/profile", `{"username":"ada.l","email":"new@example.org"}`).want(t, 200).json(t)
	if got["username"] != "ada.l" || got["pendingEmail"] != "new@example.org" || got["email"] != "ada@example.org" {
		t.Errorf("PUT answers %v", got)
	}
	// All or nothing: the address is good, the birthday is not.
	ada.send("PATCH", "/api/profile", `{"birthday":"soon","email":"other@example.org"}`).want(t, 422)
	ada.send("PATCH", "/api/profile", `{"bio":"changed","email":"no address"}`).want(t, 422)
	if got := ada.get("/api/profile").json(t); got["pendingEmail"] != "new@example.org" || got["bio"] != nil {
		t.Errorf("after what was refused the profile is %v", got)
	}
}

// Without a courier there is nothing that could need one.
func TestNoCourierUnmountsWhatNeedsIt(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Auth.Courier = nil })
	ada := w.client().register("ada")
	for _, r := range w.app.Routes() {
		if strings.Contains(r.Pattern, "/email/") || strings.Contains(r.Pattern, "/password/") || strings.HasPrefix(r.Pattern, "/account/") || strings.HasSuffix(r.Pattern, "/report") {
			t.Errorf("%s is mounted", r.Pattern)
		}
	}
	if got := ada.send("PATCH", "/api/profile", `{"email":"new@example.org"}`).want(t, 422); got.code(t) != "email_change_unavailable" {
		t.Errorf("%s", got.body)
	}
	ada.send("POST", "/api/auth/password/forgot", `{"email":"ada@example.org"}`).want(t, 404)
}
