package httpadapter_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
)

const verifyPath = "/api/auth/email/verify"

// confirmation is the body by which somebody confirms an address on another device.
func confirmation(token, password string) string {
	return fmt.Sprintf(`{"token":%q,"password":%q}`, token, password)
}

func answered(token, answer string) string {
	return fmt.Sprintf(`{"token":%q,"answer":%q}`, token, answer)
}

// Somebody who signs up on a computer and reads the mail on a phone is asked for the password
// there, and is signed in on the computer still.
func TestT10_ConfirmingOnAPhoneKeepsTheSignUp(t *testing.T) {
	w := newWorld(t)
	ada, mobile := w.client().register("ada"), w.client()
	token := w.mail.token(t, authmail.Verify, "ada@example.org")
	sent := len(w.mail.all)

	asked := mobile.send("POST", verifyPath, tokenOnly(token)).want(t, 422)
	params, _ := asked.json(t)["params"].(map[string]any)
	if asked.code(t) != "confirmation_required" || params["username"] != "ada" || params["account"] != "made" || !strings.Contains(string(asked.body), `"field":"password","code":"required"`) {
		t.Errorf("the phone is answered %s", asked.body)
	}
	if got := mobile.send("POST", verifyPath, confirmation(token, "a wrong guess of somebody")).want(t, 401); got.code(t) != "invalid_credentials" {
		t.Errorf("a wrong password is answered %s", got.body)
	}
	got := mobile.send("POST", verifyPath, confirmation(token, password)).want(t, 204)
	if len(got.Cookies()) != 0 {
		t.Error("the phone is signed in")
	}
	if ada.get("/api/profile").want(t, 200).json(t)["emailVerified"] != true || len(w.mail.all) != sent {
		t.Errorf("the address is not confirmed, or one of %d messages is too many", len(w.mail.all)-sent)
	}
	mobile.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
	mobile.send("POST", verifyPath, confirmation(token, password)).want(t, 422)
}

// The session of the account is asked nothing, as before.
func TestT10_TheAccountItselfConfirmsByTheTokenAlone(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	ada.send("POST", verifyPath, tokenOnly(w.mail.token(t, authmail.Verify, "ada@example.org"))).want(t, 204)
	if ada.get("/api/profile").want(t, 200).json(t)["emailVerified"] != true {
		t.Error("the address is not confirmed")
	}
}

func TestT10_TheLimitOfAConfirmationSaysWhenToTryAgain(t *testing.T) {
	w := newWorld(t)
	w.client().register("ada")
	mobile, token := w.client(), w.mail.token(t, authmail.Verify, "ada@example.org")
	for range 10 {
		mobile.send("POST", verifyPath, confirmation(token, "a wrong guess of somebody")).want(t, 401)
	}
	if got := mobile.send("POST", verifyPath, confirmation(token, password)).want(t, 429); got.code(t) != "rate_limited" || got.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the limit the answer is %s", got.body)
	}
	mobile.send("POST", verifyPath, answered(token, "forgotten")).want(t, 204)
}

// A stranger signs up with somebody's address and fills the account. The owner of the address
// clicks "I did not sign up": nothing of the stranger is left, the bytes of the picture
// included.
func TestT09_NothingOfAStrangerIsLeft(t *testing.T) {
	for _, answer := range []string{"not_mine", "forgotten", "a reset"} {
		t.Run(answer, func(t *testing.T) {
			w := newWorld(t)
			eve := w.client().register("ada")
			eve.send("PATCH", "/api/profile", `{"displayName":"Call us now","bio":"https://evil.example","links":["https://evil.example/"],"address":{"city":"London"},"birthday":"1990-05-17"}`).want(t, 200)
			eve.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"},"privacy":{"fields":{"email":"public"}}}`).want(t, 200)
			eve.do("PUT", "/api/profile/picture", "image/png", strings.NewReader(string(imagetest.PNG(imagetest.Card(64, 64))))).want(t, 200)
			before, err := w.store.Users().ByUsername(t.Context(), "ada")
			if err != nil || before.Picture.Base == "" {
				t.Fatalf("the stranger's picture is %+v (%v)", before.Picture, err)
			}
			largest := picture.Key(before.Picture, before.Picture.Sizes[0])

			owner := w.client()
			if answer == "a reset" {
				owner.send("POST", "/api/auth/password/forgot", `{"email":"ada@example.org"}`).want(t, 202)
				owner.send("POST", "/api/auth/password/reset", confirmation(w.mail.token(t, authmail.Reset, "ada@example.org"), "a password of the owner")).want(t, 204)
			} else {
				owner.send("POST", verifyPath, answered(w.mail.token(t, authmail.Verify, "ada@example.org"), answer)).want(t, 204)
				owner.send("POST", "/api/auth/password/reset", confirmation(w.mail.token(t, authmail.TakenOver, "ada@example.org"), "a password of the owner")).want(t, 204)
			}
			eve.get("/api/profile").want(t, 401)
			eve.send("POST", "/api/auth/login", login("ada", password)).want(t, 401)
			owner.send("POST", "/api/auth/login", login("ada", "a password of the owner")).want(t, 200)

			after, err := w.store.Users().ByUsername(t.Context(), "ada")
			var left profile.Patch
			if left.Empty(after); err != nil || left != (profile.Patch{}) || !after.EmailVerified {
				t.Errorf("the account is %+v (%v)", after, err)
			}
			got := owner.get("/api/settings").want(t, 200).json(t)
			if p := got["privacy"].(map[string]any); p["visibility"] != "private" || p["fields"].(map[string]any)["email"] != "private" {
				t.Errorf("the privacy is %v", p)
			}
			if look := got["appearance"].(map[string]any); look["theme"] == "dark" {
				t.Errorf("the appearance is %v", look)
			}
			w.client().get("/api/users/ada").want(t, 404)
			w.client().get("/api/pictures/"+largest).want(t, 404)
			if n, err := w.app.Pictures.PurgeBlobs(t.Context(), picture.DefaultPendingAge); err != nil || n != len(before.Picture.Sizes) {
				t.Errorf("%d blobs were purged (%v), want the %d of the picture", n, err, len(before.Picture.Sizes))
			}
			if blob, _, err := w.app.Pictures.Open(t.Context(), largest); err == nil {
				_, _ = io.Copy(io.Discard, blob)
				blob.Close()
				t.Error("the bytes of the stranger's picture are there")
			}
		})
	}
}

// The click of the owner makes no account that a stranger's password opens, where accounts
// are made by the link.
func TestT09_AnInvitationByAStrangerOpensNothing(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Auth.SignUp = auth.VerifyFirst })
	eve, owner := w.client(), w.client()
	eve.send("POST", "/api/auth/register", registration("eve", "ada@example.org", password)).want(t, 202)
	token := w.mail.token(t, authmail.Verify, "ada@example.org")
	asked := owner.send("POST", verifyPath, tokenOnly(token)).want(t, 422)
	if params, _ := asked.json(t)["params"].(map[string]any); params["account"] != "invited" || params["username"] != "eve" {
		t.Errorf("the owner is answered %s", asked.body)
	}
	eve.send("POST", "/api/auth/login", login("ada@example.org", password)).want(t, 401)
	owner.send("POST", verifyPath, answered(token, "not_mine")).want(t, 204)
	owner.send("POST", verifyPath, confirmation(token, password)).want(t, 422)
	eve.send("POST", "/api/auth/login", login("ada@example.org", password)).want(t, 401)
	w.clock.advance(time.Minute)
	owner.send("POST", "/api/auth/register", registration("ada", "ada@example.org", "a password of the owner")).want(t, 202)
	owner.send("POST", verifyPath, confirmation(w.mail.token(t, authmail.Verify, "ada@example.org"), "a password of the owner")).want(t, 204)
	owner.send("POST", "/api/auth/login", login("ada", "a password of the owner")).want(t, 200)
}

func tokenOnly(token string) string { return fmt.Sprintf(`{"token":%q}`, token) }
