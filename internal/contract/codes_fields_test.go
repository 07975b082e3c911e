package contract_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
)

// refuses is a body with values that are refused.
func refuses(method, path, body string, fields ...string) provocation {
	return provocation{status: 422, code: "invalid", by: send(method, path, body), fields: fields}
}

func profileRefuses(body string, fields ...string) provocation {
	return refuses("PATCH", "/api/profile", body, fields...)
}

func settingsRefuse(body string, fields ...string) provocation {
	return refuses("PATCH", "/api/settings", body, fields...)
}

// newPassword refuses a password at registration.
func newPassword(name, password, problem string) provocation {
	return refuses("POST", "/api/auth/register", registration(name, password), "password "+problem)
}

// fieldProvocations cause the codes of fields, each where clients meet it.
var fieldProvocations = []provocation{
	// The account.
	newPassword("bob", "short", `too_short {"min":15,"unit":"characters"}`),
	newPassword("bob", strings.Repeat("x", 1025), `too_long {"max":1024,"unit":"bytes"}`),
	newPassword("bob", "12345678987654321", "common"),
	newPassword("bob", "a password from a breach", "breached"),
	newPassword("barbarella", "barbarella-barbarella", `personal {"min":8}`),
	refuses("POST", "/api/auth/password", fmt.Sprintf(`{"currentPassword":%q,"newPassword":%q}`, goodPassword, goodPassword), "newPassword same_password"),
	refuses("POST", "/api/auth/register", registration("admin", goodPassword), "username reserved"),
	refuses("POST", "/api/auth/email/change", `{"email":"nobody"}`, "email invalid_email"),
	refuses("POST", "/api/auth/email/change", `{"email":"ann@localhost"}`, "email invalid_email_domain"),
	refuses("POST", "/api/auth/mfa/email", `{}`, "email unconfirmed"),
	refuses("POST", "/api/auth/mfa/phone", `{"phone":"079 123 45 67"}`, "phone invalid_phone").once((*provoked).confirmEmail),
	refuses("POST", "/api/auth/reauthenticate/challenge", `{"method":"fax"}`, `method not_allowed {"allowed":["sms","email"]}`),
	refuses("POST", "/api/auth/mfa/totp", `{"name":"a\u0007b"}`, "name invalid_characters").once((*provoked).confirmEmail),
	{
		status: 422, code: "invalid", fields: []string{"method second_factor_required"}, config: codesAlone,
		by: func(w *provoked) refusal {
			w.addPhone()
			return w.send("POST", "/api/auth/reauthenticate", `{"password":"`+goodPassword+`"}`)
		},
	},
	{status: 409, code: "taken", fields: []string{"username taken"}, by: func(w *provoked) refusal {
		w.anybody().send("POST", "/api/auth/register", registration("bob", goodPassword)).want(201)
		return w.send("PATCH", "/api/profile", `{"username":"BOB"}`)
	}},

	// The profile.
	profileRefuses(`{"username":""}`, "username required"),
	profileRefuses(`{"username":"ab"}`, `username too_short {"min":3,"unit":"characters"}`),
	profileRefuses(`{"username":"a b c"}`, "username invalid_characters"),
	profileRefuses(`{"displayName":"a\nb"}`, "displayName not_one_line"),
	profileRefuses(`{"bio":"`+strings.Repeat("ü", 1001)+`"}`, `bio too_long {"max":1000,"unit":"characters"}`),
	profileRefuses(`{"birthday":"2000-02-30"}`, "birthday invalid_date"),
	{
		status: 422, code: "invalid", by: send("PATCH", "/api/profile", `{"birthday":"1899-12-31"}`),
		config: func(c *httpadapter.Config) {
			c.Now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
		},
		fields: []string{`birthday out_of_range {"max":"2026-03-01","min":"1900-01-01"}`},
	},
	profileRefuses(`{"address":{"country":"XX"}}`, "address.country invalid_country"),
	profileRefuses(`{"links":["https://example.org","javascript:alert(1)"]}`, "links[1] invalid_link"),
	profileRefuses(`{"links":[`+strings.Repeat(`"https://example.org",`, 10)+`"https://example.org"]}`, `links too_many {"max":10}`),
	profileRefuses(`{"role":"admin"}`, "role read_only"),
	profileRefuses(`{"bio":1,"address":""}`, `bio type {"type":"string"}`, `address type {"type":"object"}`),
	profileRefuses(`{"custom":{"notes":"`+strings.Repeat("x", 4096)+`"}}`, `custom too_large {"max":4096}`),
	profileRefuses(`{"custom":{"colour":"red"}}`, "custom.colour unknown_field").as(400, "unknown_field"),

	// The settings.
	settingsRefuse(`{"appearance":{"theme":"sepia","accent":"red","fontScale":2}}`,
		`appearance.theme not_allowed {"allowed":["system","light","dark"]}`, "appearance.accent invalid_color", `appearance.fontScale out_of_range {"max":1.5,"min":0.8}`),
	settingsRefuse(`{"privacy":{"visibility":"friends"}}`, `privacy.visibility not_allowed {"allowed":["public","members","private"]}`),
	settingsRefuse(`{"locale":"x y"}`, "locale invalid_language"),
	settingsRefuse(`{"timeZone":"Mars/Base"}`, "timeZone invalid_time_zone"),
	settingsRefuse(`{"notifications":{"security":{"email":false}}}`, "notifications.security.email always_on"),
	settingsRefuse(`{"app":{"palette":{"name":"loud!","layout":"{"}}}`, "app.palette.name format", "app.palette.layout invalid_json"),
	{status: 422, code: "invalid", fields: []string{` too_large {"max":65536}`}, by: func(w *provoked) refusal {
		w.send("PATCH", "/api/settings", `{"app":{"palette":{"name":`+quoted(strings.Repeat("x", 40<<10))+`}}}`).want(200)
		return w.send("PATCH", "/api/settings", `{"app":{"palette":{"layout":`+quoted(`"`+strings.Repeat("x", 40<<10)+`"`)+`}}}`)
	}},

	// A picture that is sent to the store itself.
	refuses("POST", "/api/profile/picture/direct", `{"contentType":""}`, "contentType required"),
	refuses("POST", "/api/profile/picture/direct/x/complete", `{"crop":{"x":0,"y":0,"size":0}}`, "crop invalid_square"),
}

// as is the provocation with another status and code of the problem.
func (p provocation) as(status int, code string) provocation {
	p.status, p.code = status, code
	return p
}

// once is the provocation after something else was done.
func (p provocation) once(done func(*provoked)) provocation {
	by := p.by
	p.by = func(w *provoked) refusal {
		done(w)
		return by(w)
	}
	return p
}

// quoted is s as JSON.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
