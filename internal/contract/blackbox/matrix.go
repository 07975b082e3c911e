package blackbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// owner is a user with something of everything, and what names it.
func (w *world) owner(t *testing.T, name string) (*client, ids) {
	t.Helper()
	c := w.user(t, name)
	c.send("PATCH", "/api/profile", `{"bio":"bio-of-`+name+`","address":{"city":"city-of-`+name+`"}}`).want(200)
	pic := c.upload(7)
	second := c.again()
	var session string
	for _, s := range second.get("/api/auth/sessions").want(200).items() {
		if s["current"] == true {
			session = s["id"].(string)
		}
	}
	return c, ids{username: name, key: pic[strings.LastIndexByte(pic, '/')+1:], session: session}
}

// class is that of the call's operation.
func (w *world) class(t *testing.T, k call) string {
	t.Helper()
	for _, op := range w.v.Operations() {
		if op.Method == k.method && sameShape(op.Path, k.path) {
			return op.Class
		}
	}
	t.Fatalf("%s has no class", k.name())
	return ""
}

func sameShape(pattern, path string) bool {
	a, b := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// code is what a refusal has in its code: the root routes have none.
func code(k call, want string) string {
	if !strings.HasPrefix(k.path, "/api/") {
		return ""
	}
	return want
}

// accessMatrix asks every operation as nobody, as somebody else, with dead and
// forged credentials, as a disabled user, and as the owner.
func accessMatrix(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	calls := w.calls(t, of)
	t.Run("Anonymous", func(t *testing.T) {
		before := alice.rows()
		for _, k := range calls {
			got := w.client(t).call(k)
			if strings.HasSuffix(k.path, "/passkeys/login/finish") { // who it is stands in the body, here nobody
				got.is(401, "invalid_credentials")
				continue
			}
			if w.class(t, k) == "anyone" {
				if got.status >= 400 {
					t.Errorf("%s as nobody: %d %.200q", k.name(), got.status, got.body)
				}
				continue
			}
			got.is(401, code(k, "unauthenticated"))
		}
		unchanged(t, alice, before)
	})
	t.Run("BadCredentials", func(t *testing.T) { badCredentials(t, alice, of, calls) })
	t.Run("OtherUser", func(t *testing.T) { otherUser(t, alice, of, calls) })
	t.Run("Disabled", func(t *testing.T) { disabled(t, w) })
	t.Run("Owner", func(t *testing.T) {
		for i := range calls {
			c, of := w.owner(t, fmt.Sprintf("owner%d", i))
			k := w.callsWith(t, of, nil)[i]
			if strings.Contains(string(k.body), `"token":""`) {
				k = w.calls(t, of)[i]
			}
			if strings.HasSuffix(k.path, "/auth/register") {
				k.body = []byte(strings.ReplaceAll(string(k.body), "mallory", "mallory2"))
			}
			c, k = w.ready(c, k)
			if k.method == "PUT" && k.isJSON() {
				k.body = []byte(strings.ReplaceAll(string(k.body), "renamed", "renamed-as-owner"))
			}
			if got := c.call(k); got.status >= 400 {
				t.Errorf("%s as the owner: %d %.200q", k.name(), got.status, got.body)
			}
		}
	})
}

func unchanged(t *testing.T, c *client, before string) {
	t.Helper()
	if after := c.rows(); after != before {
		t.Errorf("the rows of %s changed:\n%s\n%s", c.name, before, after)
	}
}

// badCredentials are none at all, whatever they look like.
func badCredentials(t *testing.T, alice *client, of ids, calls []call) {
	w := alice.w
	token := alice.token()
	gone := alice.again()
	dead := gone.token()
	gone.do("POST", "/api/auth/logout", "", nil).want(204)
	before := alice.rows()
	for what, value := range map[string]string{
		"ended": dead, "cut": token[:len(token)-1], "longer": token + "A", "other case": flipCase(token), "session id": of.session,
		"user name": "alice", "made up": strings.Repeat("A", len(token)), "empty": "", "spaces": "   ", "long": strings.Repeat("A", 3000), "odd": "../../x%00",
	} {
		for _, header := range [][2]string{{"Authorization", "Bearer " + value}, {"Cookie", w.Cookie + "=" + value}} {
			for _, k := range calls {
				if w.class(t, k) == "anyone" {
					continue
				}
				got := w.client(t).call(k, header[0], header[1])
				if !got.is(401, code(k, "unauthenticated")) {
					t.Errorf("credential: %s in %s", what, header[0])
				}
			}
		}
	}
	for _, header := range []string{"Basic " + token, token, "Token " + token, "Bearer" + token} {
		w.client(t).get("/api/profile", "Authorization", header).is(401, "unauthenticated")
	}
	// A Bearer header disables the cookie, also when it is invalid.
	alice.get("/api/profile", "Authorization", "Bearer x").is(401, "unauthenticated")
	alice.get("/api/profile").want(200)
	unchanged(t, alice, before)
}

func flipCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

// otherUser tries everything on alice's things as bob.
func otherUser(t *testing.T, alice *client, of ids, calls []call) {
	w := alice.w
	id := alice.get("/api/profile").want(200).object()["id"].(string)
	before := alice.rows()
	n := 0
	for _, k := range calls {
		if k.path == "/api/auth/login" || k.path == "/api/auth/register" {
			continue // what they do is not bob's
		}
		for _, query := range []string{"", "?userId=" + url.QueryEscape(id) + "&user=alice&id=" + url.QueryEscape(id)} {
			n++
			bob := w.user(t, fmt.Sprintf("bob%d", n))
			k := k
			k.path += query
			if k.method == "PUT" && k.isJSON() { // what bob names is bob's own
				k.body = []byte(strings.NewReplacer("alice@", bob.name+"@", "renamed", "renamed-"+bob.name).Replace(string(k.body)))
			}
			got := bob.call(k, "X-User-Id", id, "X-Forwarded-User", "alice")
			if strings.Contains(k.path, of.session) {
				got.is(404, "not_found")
			}
			if strings.Contains(string(got.body), "city-of-alice") || strings.Contains(string(got.body), "alice@example.org") {
				t.Errorf("%s as bob shows what is alice's: %s", k.name(), got.body)
			}
			if !k.isJSON() {
				continue
			}
			for _, name := range []string{"userId", "user_id", "id", "user", "owner"} {
				with := k
				with.body = []byte(fmt.Sprintf(`{%q:%q,%s`, name, id, strings.TrimPrefix(string(k.body), "{")))
				if got := bob.call(with); got.status < 400 {
					t.Errorf("%s as bob with %s: %d", k.name(), name, got.status)
				}
			}
		}
	}
	bob := w.user(t, "bob")
	bob.send("PUT", "/api/profile", fmt.Sprintf(`{"userId":%q,"username":"alice","email":"alice@example.org"}`, id)).is(403, "forbidden")
	bob.send("PUT", "/api/profile", fmt.Sprintf(`{"userId":%s,"username":"bob","email":"bob@example.org"}`, numeric(id))).is(403, "forbidden")
	alice.get("/api/profile").want(200)
	unchanged(t, alice, before)
	if got := len(alice.get("/api/auth/sessions").want(200).items()); got < 2 {
		t.Errorf("%d of alice's sessions are left", got)
	}
}

// numeric is the id as the replaced application would have sent it.
func numeric(id string) string {
	for _, c := range id {
		if c < '0' || c > '9' {
			return "1"
		}
	}
	return id
}

// disabled: the sessions of a disabled user are dead, and no new one begins.
func disabled(t *testing.T, w *world) {
	dora, of := w.owner(t, "dora")
	device := dora.bearer()
	calls := w.calls(t, of)
	w.Disable(t, "dora")
	for _, c := range []*client{dora, device} {
		for _, k := range calls {
			if w.class(t, k) != "anyone" {
				c.call(k).is(401, code(k, "unauthenticated"))
			}
		}
	}
	good := w.client(t).send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"dora","password":%q}`, password))
	wrong := w.client(t).send("POST", "/api/auth/login", `{"login":"dora","password":"wrong"}`)
	if good.status != 401 || string(good.body) != string(wrong.body) {
		t.Errorf("disabled, the right password: %d %s, a wrong one: %d %s", good.status, good.body, wrong.status, wrong.body)
	}
}
