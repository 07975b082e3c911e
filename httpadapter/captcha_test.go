package httpadapter_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage"
)

func TestS09_CaptchaIsAskedFirst(t *testing.T) {
	var asked []string
	w := newWorld(t, func(c *httpadapter.Config) {
		c.HTTP.Captcha = func(r *http.Request, action string) error {
			asked = append(asked, action)
			switch r.Header.Get("X-Captcha") {
			case "person":
				return nil
			case "down":
				return fmt.Errorf("the provider: %w", &storage.UnavailableError{})
			}
			return errors.New("no token, provider code 17")
		}
	})
	requests := map[string][2]string{
		"register": {"/api/auth/register", registration("ada", "ada@example.org", password)},
		"login":    {"/api/auth/login", login("ada", password)},
		"forgot":   {"/api/auth/password/forgot", `{"email":"ada@example.org"}`},
	}
	for _, action := range []string{"register", "login", "forgot"} {
		path, body := requests[action][0], requests[action][1]
		asked = nil
		for range 30 { // more than any limit: who is refused uses none up
			if got := w.client().send("POST", path, body, "X-Captcha", "robot").want(t, 403); got.code(t) != "captcha_required" || strings.Contains(string(got.body), "17") {
				t.Fatalf("%s: %s", action, got.body)
			}
		}
		if got := w.client().send("POST", path, body, "X-Captcha", "down").want(t, 503); got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: a provider that is down: %v", action, got.Header)
		}
		if got := w.client().send("POST", path, "{", "X-Captcha", "robot"); got.StatusCode != 403 {
			t.Errorf("%s: the body is read first: %d", action, got.StatusCode)
		}
		// Another site's page is refused without a question.
		w.client().send("POST", path, body, "X-Captcha", "person", "Origin", "https://evil.example").want(t, 403)
		if got := w.client().send("POST", path, body, "X-Captcha", "person"); got.StatusCode >= 300 {
			t.Errorf("%s: a person: %d %s", action, got.StatusCode, got.body)
		}
		if len(asked) != 33 || asked[0] != action {
			t.Errorf("%s was asked %d times, as %s", action, len(asked), asked[0])
		}
	}
	if !strings.Contains(w.log.String(), "provider code 17") {
		t.Error("the log does not say why")
	}
	asked = nil
	for _, r := range w.app.Routes() {
		w.client().send(r.Method, strings.NewReplacer("{id}", "1", "{username}", "ada", "{key}", "x").Replace(r.Pattern), `{}`, "X-Captcha", "person")
	}
	if len(asked) != 3 {
		t.Errorf("%v were asked about", asked)
	}
}
