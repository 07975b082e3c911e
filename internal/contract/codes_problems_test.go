package contract_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/memstore"
)

func codesAlone(c *httpadapter.Config) { c.Auth.Codes.Alone = true }

const number = "+41791234567"

// addPhone makes codes by text message a second factor.
func (w *provoked) addPhone() {
	w.t.Helper()
	w.confirmEmail()
	w.send("POST", "/api/auth/mfa/phone", `{"phone":"`+number+`"}`).want(202)
	w.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+w.mail.code(w.t, "phone", number)+`"}`).want(200)
}

// loseKeys has what ada's factors keep sealed by a key that nobody has.
func (w *provoked) loseKeys() {
	w.t.Helper()
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		w.t.Fatal(err)
	}
	walker := w.store.Auth().Factors.(authstore.FactorWalker)
	list, err := walker.FactorsAfter(w.t.Context(), "", 10)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("%d factors, %v", len(list), err)
	}
	for _, r := range list {
		sealed, err := ring.Seal("lost", nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := walker.ReplaceFactorData(w.t.Context(), r, sealed); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *provoked) confirmEmail() {
	w.t.Helper()
	w.send("POST", "/api/auth/email/verify", `{"token":"`+w.mail.token(w.t, "verify", "ada@example.org")+`"}`).want(204)
}

func (c *caller) signIn(password string, headers ...string) refusal {
	c.w.t.Helper()
	return c.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password), headers...)
}

// remote is what comes of a custom field whose service has that fault.
func remote(fault string) func(*provoked) refusal {
	return func(w *provoked) refusal { return w.send("PATCH", "/api/profile", `{"custom":{"remote":"`+fault+`"}}`) }
}

func send(method, path, body string, headers ...string) func(*provoked) refusal {
	return func(w *provoked) refusal { return w.send(method, path, body, headers...) }
}

func get(path string, headers ...string) func(*provoked) refusal {
	return func(w *provoked) refusal { return w.do("GET", path, "", "", headers...) }
}

// problemProvocations cause the codes of problems that are no values.
var problemProvocations = []provocation{
	{status: 400, code: "malformed_json", by: send("PATCH", "/api/profile", `{`)},
	{status: 400, code: "unknown_field", by: send("PATCH", "/api/profile", `{"Bio":"x","links":1}`), fields: []string{"Bio unknown_field", `links type {"type":"array"}`}},
	{status: 400, code: "duplicate_field", by: send("PATCH", "/api/profile", `{"bio":"x","bio":"y"}`), fields: []string{"bio duplicate_field"}},
	{status: 400, code: "bad_cursor", by: get("/api/activity?cursor=x")},
	{status: 400, code: "malformed_query", by: get("/api/activity?limit=%zz")},
	{status: 400, code: "bad_multipart", by: func(w *provoked) refusal {
		return w.do("PUT", "/api/profile/picture", "multipart/form-data; boundary=x", "--x--\r\n")
	}},
	{status: 400, code: "incomplete_body", by: func(w *provoked) refusal {
		return w.raw("PUT", "/api/profile/picture", "image/jpeg", "Transfer-Encoding: chunked\r\n\r\nno number\r\n")
	}},
	{status: 401, code: "unauthenticated", by: func(w *provoked) refusal { return w.anybody().do("GET", "/api/profile", "", "") }},
	{status: 401, code: "invalid_credentials", by: func(w *provoked) refusal { return w.anybody().signIn("another password") }},
	{status: 403, code: "cross_origin", by: send("PATCH", "/api/profile", `{"bio":"x"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")},
	{status: 403, code: "captcha_required", by: func(w *provoked) refusal { return w.anybody().signIn(goodPassword, "X-Robot", "yes") }},
	{status: 403, code: "reauthentication_required", by: func(w *provoked) refusal {
		w.late.Store(int64(time.Hour))
		return w.send("POST", "/api/auth/email/change", `{"email":"new@example.org"}`)
	}},
	{status: 403, code: "forbidden", by: send("PUT", "/api/profile", `{"userId":"another","username":"ada","email":"ada@example.org"}`)},
	{status: 403, code: "role_required", by: get("/admin")},
	{status: 404, code: "not_found", by: get("/api/users/nobody")},
	{status: 405, code: "method_not_allowed", by: send("PUT", "/api/settings", `{}`)},
	{status: 406, code: "not_acceptable", by: get("/api/profile", "Accept", "text/html")},
	{
		status: 408, code: "timeout", config: func(c *httpadapter.Config) { c.HTTP.BodyTimeout = 50 * time.Millisecond },
		by: func(w *provoked) refusal {
			return w.raw("PATCH", "/api/profile", jsonT, "Content-Length: 100\r\n\r\n{")
		},
	},
	{status: 409, code: "taken", fields: []string{"username taken"}, by: send("POST", "/api/auth/register", registration("ada", goodPassword))},
	{
		status: 409, code: "too_early", config: codesAlone, params: `{"from":"(the time)"}`,
		by: func(w *provoked) refusal {
			w.addPhone()
			half := w.anybody()
			half.signIn(goodPassword).want(200)
			from := half.do("POST", "/api/auth/mfa/recovery", "", "").want(202).text("from")
			r := half.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"`+w.mail.token(w.t, "factor_recovery", "ada@example.org")+`"}`)
			// The time is that which was told before, to the second.
			told := fmt.Sprint(r.problem.Params["from"])
			if at, err := time.Parse(time.RFC3339, told); err != nil || !strings.HasPrefix(from, at.Format("2006-01-02T15:04:05")) {
				w.t.Errorf("it works from %s, told was %s", told, from)
			}
			if r.problem.Params != nil {
				r.problem.Params["from"] = "(the time)"
			}
			return r
		},
	},
	{
		status: 409, code: "last_factor", config: codesAlone,
		by: func(w *provoked) refusal {
			w.addPhone()
			// An account without a password is one that a host made.
			u, err := w.store.Users().ByUsername(w.t.Context(), "ada")
			if err != nil {
				w.t.Fatal(err)
			}
			passwords := w.store.Auth().Passwords
			hash, err := passwords.PasswordHash(w.t.Context(), u.ID)
			if err != nil {
				w.t.Fatal(err)
			}
			if err := passwords.SetPassword(w.t.Context(), u.ID, hash, ""); err != nil {
				w.t.Fatal(err)
			}
			factor := w.do("GET", "/api/auth/mfa", "", "").want(200).text("factors", "id")
			return w.do("DELETE", "/api/auth/mfa/"+factor, "", "")
		},
	},
	{
		status: 409, code: "factor_unusable", config: codesAlone,
		by: func(w *provoked) refusal {
			w.addPhone()
			w.loseKeys()
			half := w.anybody()
			half.signIn(goodPassword).want(200)
			return half.send("POST", "/api/auth/mfa/challenge", `{"method":"sms"}`)
		},
	},
	{status: 409, code: "code_needs_factor", by: func(w *provoked) refusal {
		w.confirmEmail()
		return w.send("POST", "/api/auth/mfa/phone", `{"phone":"`+number+`"}`)
	}},
	{
		status: 403, code: "proof_required", params: `{"mayWait":true,"missing":[["mailbox"],["wait"]],"state":"mailbox","waitUntil":null}`,
		by: func(w *provoked) refusal {
			w.confirmEmail()
			later := w.anybody()
			later.signIn(goodPassword).want(200)
			return later.send("POST", "/api/auth/mfa/totp", `{}`)
		},
	},
	{
		status: 403, code: "change_refused", params: `{"reason":"host_only"}`,
		config: func(c *httpadapter.Config) { c.Auth.WithoutMail, c.Auth.UnknownAddresses = authrule.NoMailRefuse, true },
		by:     func(w *provoked) refusal { return w.send("POST", "/api/auth/mfa/totp", `{}`) },
	},
	{
		status: 409, code: "no_deletion_pending", by: func(w *provoked) refusal { return w.do("POST", "/api/profile/restore", "", "") },
		config: func(c *httpadapter.Config) {
			c.Authenticator, c.Auth, c.HTTP.Captcha = hostSignIn{c.Stores.Users}, auth.Policy{}, nil
			c.Auth.FactorRecovery.Wait = 0
		},
	},
	{status: 412, code: "stale", by: send("PATCH", "/api/profile", `{"bio":"x"}`, "If-Match", `"999"`)},
	{status: 413, code: "too_large", by: send("PATCH", "/api/profile", `{"bio":"`+strings.Repeat("x", 70<<10)+`"}`)},
	{status: 415, code: "unsupported_media_type", by: func(w *provoked) refusal { return w.do("PATCH", "/api/profile", "text/plain", `{}`) }},
	{
		status: 422, code: "confirmation_required", params: `{"account":"made","username":"ada"}`, fields: []string{"password required"},
		by: func(w *provoked) refusal {
			return w.anybody().send("POST", "/api/auth/email/verify", `{"token":"`+w.mail.token(w.t, "verify", "ada@example.org")+`"}`)
		},
	},
	{status: 422, code: "invalid_token", by: send("POST", "/api/auth/email/verify", `{"token":"`+strings.Repeat("A", 43)+`"}`)},
	{status: 422, code: "invalid_code", config: codesAlone, by: func(w *provoked) refusal {
		w.confirmEmail()
		w.send("POST", "/api/auth/mfa/phone", `{"phone":"`+number+`"}`).want(202)
		wrong := "000000"
		if w.mail.code(w.t, "phone", number) == wrong {
			wrong = "000001"
		}
		return w.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+wrong+`"}`)
	}},
	{
		status: 422, code: "email_change_unavailable", by: send("PATCH", "/api/profile", `{"email":"new@example.org"}`),
		config: func(c *httpadapter.Config) {
			c.Auth.Courier, c.Auth.Codes.Channels = nil, nil
			c.Auth.FactorRecovery.Wait = 0
		},
	},
	{
		status: 429, code: "rate_limited", config: func(c *httpadapter.Config) { c.Stores.Limits = c.Stores.Tx.(*memstore.Store).Limits() },
		by: func(w *provoked) refusal {
			for range 100 {
				if r := w.anybody().signIn("another password"); r.problem.Code != "invalid_credentials" {
					return r
				}
			}
			return refusal{}
		},
	},
	{status: 500, code: "internal", by: remote("broken")},
	{status: 503, code: "unavailable", by: remote("down")},
	{status: 507, code: "storage_full", by: remote("full")},
}

// parameterProvocations are values of the query that are refused.
var parameterProvocations = []provocation{
	{status: 400, code: "bad_parameter", by: get("/api/activity?limit=0"), fields: []string{`limit out_of_range {"max":100,"min":1}`}},
	{status: 400, code: "bad_parameter", by: get("/api/activity?limit=all"), fields: []string{`limit out_of_range {"max":100,"min":1}`}},
	{status: 400, code: "bad_parameter", by: get("/api/activity?kind=A"), fields: []string{"kind invalid_characters"}},
	{status: 400, code: "bad_parameter", by: get("/api/activity?kind=" + strings.Repeat("a", 65)), fields: []string{`kind too_long {"max":64,"unit":"characters"}`}},
	{status: 400, code: "bad_parameter", by: get("/api/activity?limit=1&limit=1&kind=a&kind=b"), fields: []string{"kind duplicate_field", "limit duplicate_field"}},
	{status: 400, code: "bad_parameter", by: get("/api/users/ada/picture?size=4097"), fields: []string{`size out_of_range {"max":4096,"min":1}`}},
	{status: 400, code: "bad_parameter", by: get("/api/users/ada/picture?format=gif"), fields: []string{`format not_allowed {"allowed":["png","svg"]}`}},
	{status: 400, code: "bad_parameter", fields: []string{"crop invalid_square"}, by: func(w *provoked) refusal {
		return w.do("PUT", "/api/profile/picture?crop=1,2", "image/jpeg", photo(w.t))
	}},
	// The square is one, but not of this picture.
	{status: 422, code: "invalid", fields: []string{"crop invalid_square"}, by: func(w *provoked) refusal {
		return w.do("PUT", "/api/profile/picture?crop=50,0,64", "image/jpeg", photo(w.t))
	}},
}

// pictureProvocations are every reason why a picture is not taken: those that a
// file shows, and those of a host's Decoder.
func pictureProvocations() []provocation {
	put := func(body func(w *provoked) string) func(w *provoked) refusal {
		return func(w *provoked) refusal { return w.do("PUT", "/api/profile/picture", "image/jpeg", body(w)) }
	}
	out := []provocation{
		{params: `{"reason":"empty"}`, by: put(func(*provoked) string { return "" })},
		{params: `{"reason":"corrupt"}`, by: put(func(w *provoked) string { return photo(w.t)[:200] })},
		{
			params: `{"reason":"pixels"}`, by: put(func(w *provoked) string { return photo(w.t) }),
			config: func(c *httpadapter.Config) { c.Pictures.Limits.MaxPixels = 100 },
		},
	}
	for _, reason := range []string{"sides", "scans", "frames", "chunks", "memory", "time"} {
		out = append(out, provocation{params: `{"reason":"` + reason + `"}`, by: put(func(*provoked) string { return "REFUSED " + reason })})
	}
	for i := range out {
		out[i].status, out[i].code = 422, "picture_rejected"
	}
	return out
}
