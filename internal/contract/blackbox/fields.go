package blackbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// privileged are names of what a user may not set, as this and other
// applications spell them.
var privileged = []string{
	"role", "Role", "ROLE", "rOle", "roles", "user_role", "isAdmin", "is_admin", "admin",
	"id", "Id", "ID", "_id", "user_id", "uid", "userID",
	"emailVerified", "EmailVerified", "emailverified", "EMAILVERIFIED", "email_verified", "email-verified", "verified", "isVerified",
	"pendingEmail", "phone", "phoneVerified", "passwordHash", "password_hash", "PasswordHash", "hash", "version", "Version", "disabled", "createdAt", "created_at", "updatedAt",
	"pictureSizes", "picturePlaceholder", "picture", "picture_url", "profile_picture", "avatar", "custom.role", "user", "User", "profile", "data", "$set", "__proto__", "constructor",
	`\u0072ole`, `rol\u0065`, `\u0069d`, `email\u0056erified`, `role\u200b`, ` role`, `role `, "\u017fettings", "\u212aey", "rôle", `ro\/le`, "",
}

// massAssignment puts each of those names, with values that would do harm, in
// every body that there is; nothing may come of it.
func massAssignment(t *testing.T, w *world) {
	alice := w.user(t, "alice")
	alice.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`).want(200)
	before := alice.rows()
	if !strings.Contains(before, "alice@example.org") || !strings.Contains(before, "dark") {
		t.Fatalf("the rows are not there to compare: %s", before)
	}
	bodies := []struct{ method, path, rest string }{
		{"PATCH", "/api/profile", `"bio":"assigned"`},
		{"PUT", "/api/profile", `"username":"assigned","email":"alice@example.org"`},
		{"PATCH", "/api/settings", `"locale":"fr"`},
		{"PATCH", "/api/settings", ""},
		{"PATCH", "/api/profile", ""},
	}
	for _, name := range privileged {
		for _, value := range []string{`"admin"`, `true`, `1`, `null`, `{"role":"admin"}`, `["admin"]`} {
			for _, b := range bodies {
				for _, body := range []string{`{"` + name + `":` + value + `,` + b.rest, `{` + b.rest + `,"` + name + `":` + value} {
					body = strings.Trim(body, ",") + "}"
					body = strings.ReplaceAll(body, "{,", "{")
					r := alice.send(b.method, b.path, body)
					refusedField(r, name, body)
				}
			}
		}
	}
	unchanged(t, alice, before)
	for _, nested := range []string{
		`{"address":{"role":"admin"}}`, `{"address":{"City":"x"}}`, `{"custom":{"role":"admin"}}`, `{"custom":{"__proto__":{"role":"admin"}}}`, `[{"op":"replace","path":"/role","value":"admin"}]`,
	} {
		alice.send("PATCH", "/api/profile", nested).want(400, 422)
	}
	for _, nested := range []string{
		`{"privacy":{"role":"admin"}}`, `{"privacy":{"fields":{"role":"public"}}}`, `{"Appearance":{"theme":"light"}}`, `{"appearance":{"Theme":"light"}}`,
		`{"notifications":{"admin":{"email":true}}}`, `{"app":{"host":{"role":"admin"}}}`, `{"$schema":2}`, `{"version":1}`,
	} {
		alice.send("PATCH", "/api/settings", nested).want(400, 422)
	}
	unchanged(t, alice, before)
	atSignUp(t, w)
	elsewhere(t, alice)
}

// refusedField: 400 or 422, and the field is named.
func refusedField(r reply, name, body string) {
	r.t.Helper()
	if r.status != 400 && r.status != 422 {
		r.t.Errorf("%s %s: %d %.200s", r.what, body, r.status, r.body)
		return
	}
	var plain string
	if json.Unmarshal([]byte(`"`+name+`"`), &plain) != nil || r.object()["code"] == "malformed_json" {
		return
	}
	fields := fmt.Sprint(r.object()["errors"])
	if !strings.Contains(fields, plain[:min(len(plain), 3)]) {
		r.t.Errorf("%s %s does not name the field: %s", r.what, body, r.body)
	}
}

// atSignUp: no account comes of such a body.
func atSignUp(t *testing.T, w *world) {
	for i, name := range privileged {
		user := fmt.Sprintf("mallory%d", i)
		for _, value := range []string{`"admin"`, `true`, `null`} {
			body := fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q,"%s":%s}`, user, user, password, name, value)
			c := w.client(t)
			r := c.send("POST", "/api/auth/register", body)
			refusedField(r, name, body)
			if c.token() != "" {
				t.Errorf("%s: signed in", body)
			}
		}
		w.client(t).send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q}`, user, password)).is(401, "invalid_credentials")
	}
	u := w.user(t, "newcomer").get("/api/profile").want(200).object()
	if u["role"] != "user" || u["emailVerified"] != false || u["pendingEmail"] != nil || u["phone"] != nil {
		t.Errorf("a new user is %v", u)
	}
}

// elsewhere: the query, other fields of a form and headers set nothing.
func elsewhere(t *testing.T, alice *client) {
	id := alice.get("/api/profile").want(200).object()["id"]
	alice.send("PATCH", "/api/profile?role=admin&emailVerified=true&id=1", `{"bio":"x"}`, "X-Role", "admin").want(200)
	contentType, body := form(t, field{"role", "", "admin"}, field{"profile_picture", "a.jpg", string(photo(t, 1))}, field{"userId", "", "1"}, field{"id", "", "1"})
	alice.do("PUT", "/api/profile/picture?role=admin", contentType, body).want(200)
	alice.do("POST", "/upload-profile?role=admin", contentType, body).want(200)
	u := alice.get("/api/profile").want(200).object()
	if u["role"] != "user" || u["emailVerified"] != false || u["id"] != id {
		t.Errorf("the user is %v", u)
	}
	for _, login := range []string{`"role":"admin"`, `"userId":"1"`, `"id":"1"`, `"Remember":true`, `"user":{"role":"admin"}`} {
		alice.w.client(t).send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"alice","password":%q,%s}`, password, login)).is(400, "unknown_field")
	}
}
