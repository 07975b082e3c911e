package blackbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// keysOf are the sorted names of a JSON object.
func keysOf(t *testing.T, body []byte) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %.200q", err, body)
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

func member(t *testing.T, body []byte, name string) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %.200q", err, body)
	}
	return m[name]
}

// The names are written by hand, apart from the program and from its document: what
// everybody sees of a new profile, what others may be let see, and what is for the owner.
const (
	publicFields  = "bio displayName familyName givenName links pronouns username"
	privateFields = "address birthday custom email phone"
	pictureKeys   = "picturePlaceholder pictureSizes profilePicture"
	ownersKeys    = "createdAt emailVerified id pendingEmail role updatedAt"
)

var (
	publicKeys = keys(publicFields, pictureKeys)
	shownKeys  = keys(publicFields, pictureKeys, privateFields)
	ownKeys    = keys(publicFields, pictureKeys, privateFields, ownersKeys)
)

// keys are the names of all lists, as keysOf has them.
func keys(lists ...string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(strings.Join(lists, " ")))), " ")
}

// goldenKeys: each view has exactly these names, whoever asks.
func goldenKeys(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	bob, anon := w.user(t, "bob"), w.client(t)
	same := func(what string, body []byte, want string) {
		t.Helper()
		if got := keysOf(t, body); got != want {
			t.Errorf("%s has\n%s, want\n%s", what, got, want)
		}
	}
	same("GET /profile", alice.get("/api/profile").body, ownKeys)
	same("PATCH /profile", alice.send("PATCH", "/api/profile", `{"bio":"b"}`).body, ownKeys)
	same("PUT /profile", alice.send("PUT", "/api/profile", `{"username":"alice","email":"alice@example.org"}`).body, ownKeys)
	set := alice.do("PUT", "/api/profile/picture", "image/jpeg", photo(t, 2)).want(200).body
	same("PUT /profile/picture", set, "picture user")
	same("its user", member(t, set, "user"), ownKeys)
	same("its picture", member(t, set, "picture"), "placeholder sizes url")
	same("its sizes", member(t, member(t, set, "picture"), "sizes"), "128 256 512 64")
	in := w.client(t).send("POST", "/api/auth/login", `{"login":"alice","password":"`+password+`"}`).want(200).body
	same("login", in, "status user")
	same("its user", member(t, in, "user"), ownKeys)
	same("bearer login", w.client(t).send("POST", "/api/auth/login", `{"login":"alice","password":"`+password+`","transport":"bearer"}`).want(200).body, "expiresAt status token user")
	proof := fmt.Sprintf(`{"password":%q}`, password)
	same("a proof by bearer", alice.bearer().send("POST", "/api/auth/reauthenticate", proof).want(200).body, "expiresAt token")
	for name, c := range map[string]*client{"anonymous": anon, "another user": bob} {
		same("for "+name+" a new profile", c.get("/api/users/alice").want(200).body, publicKeys)
	}
	same("for the owner the public view", alice.get("/api/users/alice").want(200).body, shownKeys)
	same("a session", raw(t, alice.get("/api/auth/sessions").items()[0]), "createdAt current device id ip lastUsedAt place")
	same("sessions", alice.get("/api/auth/sessions").body, "items")
	same("activity", alice.get("/api/activity").body, "items next")
	same("an event", raw(t, alice.get("/api/activity").items()[0]), "at detail device id ip kind place")
	settings := alice.get("/api/settings").body
	same("settings", settings, "appearance locale notifications privacy timeZone")
	same("privacy", member(t, settings, "privacy"), "fields visibility")
	same("fields", member(t, member(t, settings, "privacy"), "fields"), keys(publicFields, privateFields, "picture"))
	same("notifications", member(t, settings, "notifications"), "account product security")
	same("appearance", member(t, settings, "appearance"), "accent density fontScale reducedMotion theme")
	same("a problem", w.client(t).get("/api/profile").want(401).body, "code detail status title")
	same("a problem of fields", alice.send("PATCH", "/api/profile", `{"role":"admin"}`).want(422).body, "code detail errors status title")
	formType, body := form(t, field{"profile_picture", "a.jpg", string(photo(t, 3))})
	same("upload", alice.do("POST", "/upload-profile", formType, body).want(200).body, "imageUrl success")
	same("a refused upload", alice.do("POST", "/upload-profile", formType, nil).body, "message success")

	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":{"email":"members","birthday":"public","bio":"private","picture":"members","username":"public"}}}`).want(200)
	withoutBio := strings.Replace(publicFields, "bio", "", 1)
	same("for anonymous", anon.get("/api/users/alice").want(200).body, keys(withoutBio, "birthday"))
	same("for another user", bob.get("/api/users/alice").want(200).body,
		keys(withoutBio, "birthday email", pictureKeys))
	_ = of
}

func raw(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// private: a profile made private is, at once and for everybody else, one that
// does not exist, its pictures too.
func private(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	bob, anon := w.user(t, "bob"), w.client(t)
	device := bob.bearer()
	others := []*client{bob, anon, device}
	sizes := alice.get("/api/profile").want(200).object()["pictureSizes"].(map[string]any)
	tag := anon.get("/api/pictures/" + of.key).want(200).header.Get("ETag")
	absentKey := strings.Repeat("a", strings.IndexByte(of.key, '-')) + of.key[strings.IndexByte(of.key, '-'):]
	pairs := [][2]string{
		{"/api/users/alice", "/api/users/nobody"},
		{"/api/users/ALICE", "/api/users/nobody"},
		{"/api/users/alice/picture", "/api/users/nobody/picture"},
		{"/api/users/alice/picture?size=64", "/api/users/nobody/picture?size=64"},
	}
	for _, url := range sizes {
		pairs = append(pairs, [2]string{url.(string), "/api/pictures/" + absentKey})
	}
	visible := func(when string, c *client, want bool) {
		t.Helper()
		for _, p := range pairs {
			for _, headers := range [][]string{nil, {"If-None-Match", tag}, {"Range", "bytes=0-1"}} {
				shown, absent := c.get(p[0], headers...), c.get(p[1], headers...)
				if want {
					if shown.status >= 400 {
						t.Errorf("%s, %s: %d", when, p[0], shown.status)
					}
					continue
				}
				if absent.status != 404 || shown.status != 404 || string(shown.body) != string(absent.body) || traits(shown.header) != traits(absent.header) {
					t.Errorf("%s, %s is %d %s %s\nabsent is %d %s %s", when, p[0], shown.status, shown.body, traits(shown.header), absent.status, absent.body, traits(absent.header))
				}
			}
			if head := c.do("HEAD", p[0], "", nil); (head.status < 400) != want {
				t.Errorf("%s, HEAD %s: %d", when, p[0], head.status)
			}
		}
	}
	everybody := func(when string, member, stranger bool) {
		t.Helper()
		visible(when, bob, member)
		visible(when, device, member)
		visible(when, anon, stranger)
		visible(when, alice, true)
	}
	everybody("at first", true, true)
	alice.send("PATCH", "/api/settings", `{"privacy":{"visibility":"private"}}`).want(200)
	everybody("private", false, false)
	alice.send("PATCH", "/api/settings", `{"privacy":{"visibility":"members"}}`).want(200)
	everybody("for members", true, false)
	alice.send("PATCH", "/api/settings", `{"privacy":{"visibility":"public"}}`).want(200)
	everybody("public again", true, true)
	// Nobody finds by a name whom they may not know by it.
	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":{"username":"members"}}}`).want(200)
	anon.get("/api/users/alice").is(404, "not_found")
	anon.get("/api/users/alice/picture").is(404, "not_found")
	bob.get("/api/users/alice").want(200)
	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":null}}`).want(200)
	everybody("all as at first", true, true)

	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":"private"}}}`).want(200)
	for _, c := range others {
		if keys := keysOf(t, c.get("/api/users/alice").want(200).body); strings.Contains(keys, "icture") {
			t.Errorf("a private picture is told: %s", keys)
		}
		c.get("/api/users/alice/picture").want(200) // the default one
		for _, url := range sizes {
			c.get(url.(string)).is(404, "not_found")
		}
	}
	alice.get("/api/pictures/" + of.key).want(200)
	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":null}}}`).want(200)
	visible("picture public again", anon, true)

	alice.upload(9)
	for _, c := range append(others, alice) {
		c.get("/api/pictures/"+of.key).is(404, "not_found")
	}
	latest := alice.get("/api/profile").object()["profilePicture"].(string)
	alice.do("DELETE", "/api/profile/picture", "", nil).want(204)
	for _, c := range append(others, alice) {
		c.get(latest).is(404, "not_found")
	}
}

// traits are the headers that would tell two answers apart.
func traits(h http.Header) string {
	h = h.Clone()
	h.Del("X-Request-Id")
	h.Del("Date")
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		b.WriteString(name + ": " + strings.Join(h[name], ", ") + "; ")
	}
	return b.String()
}

// pictureServing: the bytes are a picture, whatever anybody makes of them.
func pictureServing(t *testing.T, w *world) {
	alice := w.user(t, "alice")
	bob, anon := w.user(t, "bob"), w.client(t)
	html := append(photo(t, 1), "<html><script>alert(1)</script>"...)
	formType, body := form(t, field{"profile_picture", "x.html", string(html)})
	r := alice.do("PUT", "/api/profile/picture", formType, body).want(200)
	for size, u := range r.object()["picture"].(map[string]any)["sizes"].(map[string]any) {
		url := u.(string)
		got := anon.get(url).want(200)
		want := map[string]string{
			"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
			"Cache-Control": "public, max-age=31536000, immutable", "Content-Disposition": "inline",
		}
		for name, value := range want {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s is %q", size, name, got.header.Get(name))
			}
		}
		if strings.Contains(string(got.body), "script") || strings.Contains(url, "alice") || strings.Contains(url, "html") {
			t.Errorf("%s has what was sent", url)
		}
		head := anon.do("HEAD", url, "", nil).want(200)
		if traits(head.header) != traits(got.header) {
			t.Errorf("HEAD %s\nGET  %s", traits(head.header), traits(got.header))
		}
		tag := got.header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", url)
		}
		anon.get(url, "If-None-Match", tag).want(304)
		anon.get(url, "If-None-Match", `"other"`).want(200)
		anon.get(url, "Accept", "text/html").want(200)
		anon.get(url+"?x=.css&response-content-type=text/html", "Range", "bytes=0-1").want(200, 206)
	}
	alice.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":"members"}}}`).want(200)
	url := r.object()["picture"].(map[string]any)["url"].(string)
	got := bob.get(url).want(200)
	if got.header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(got.header.Get("Vary"), "Cookie") {
		t.Errorf("for members: %s", traits(got.header))
	}
	bob.get(url, "If-None-Match", got.header.Get("ETag")).want(304)
	anon.get(url, "If-None-Match", got.header.Get("ETag")).is(404, "not_found")
}
