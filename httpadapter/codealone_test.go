package httpadapter_test

import (
	"testing"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
)

// S23: a phone is for who has an app too; before that it is a conflict, and so is
// to remove the app from beside it.
func TestS23_APhoneOnlyBesideAnApp(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Auth.Codes.Channels, c.Stores = []authmail.Channel{authmail.BySMS, authmail.ByEmail}, c.Stores.Unlimited()
	})
	c := w.client().register("ada")
	conflict := func(r reply) {
		t.Helper()
		if r.StatusCode != 409 || r.code(t) != "code_needs_factor" {
			t.Errorf("%d %s, want a conflict", r.StatusCode, r.body)
		}
	}
	c.send("POST", "/api/auth/mfa/phone", `{"phone":"+41791234567"}`).want(t, 422) // the address first
	c.readsMail()
	conflict(c.send("POST", "/api/auth/mfa/phone", `{"phone":"+41791234567"}`))
	conflict(c.do("POST", "/api/auth/mfa/email", "", nil))
	w.enrol(c)
	c.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+c.phoneCode()+`"}`).want(t, 200)
	ids := map[string]string{}
	items, _ := c.get("/api/auth/mfa").want(t, 200).json(t)["factors"].([]any)
	for _, item := range items {
		f := item.(map[string]any)
		ids[f["kind"].(string)] = "/api/auth/mfa/" + f["id"].(string)
	}
	conflict(c.send("DELETE", ids["totp"], ""))
	c.send("DELETE", ids["sms"], "").want(t, 204)
	c.send("DELETE", ids["totp"], "").want(t, 204)
}
