package blackbox

import (
	"net/url"
	"strings"
	"testing"
)

// foreignOrigins: what a browser says to come from elsewhere changes nothing.
func foreignOrigins(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	u, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	refused := [][]string{
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", "null", "Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "same-site", "Origin", "https://sibling." + u.Hostname()},
		{"Origin", "https://sibling." + u.Host},
		{"Origin", u.Scheme + "://" + u.Hostname() + ":1"},
		{"Origin", w.URL + ".evil.example"},
		{"Sec-Fetch-Site", "cross-site", "Origin", w.URL},
		{"Sec-Fetch-Site", "CROSS-SITE"},
		{"Sec-Fetch-Site", "made-up"},
	}
	calls := w.calls(t, of)
	before := alice.rows()
	for _, k := range calls {
		if k.method == "GET" {
			if got := alice.call(k, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); got.status >= 400 {
				t.Errorf("%s from elsewhere: %d", k.name(), got.status) // reading is the browser's to hide
			}
			continue
		}
		for _, headers := range refused {
			for _, contentType := range []string{k.contentType, "text/plain", "application/x-www-form-urlencoded"} {
				k := k
				k.contentType = contentType
				if !alice.call(k, headers...).is(403, code(k, "cross_origin")) {
					t.Errorf("with %v", headers)
				}
			}
		}
	}
	unchanged(t, alice, before)
	alice.get("/api/profile").want(200)

	// Without an account too, no page signs its visitor in or up.
	for _, headers := range refused {
		for _, k := range calls {
			if k.path == "/api/auth/register" || k.path == "/api/auth/login" {
				got := w.client(t).call(k, headers...)
				got.is(403, "cross_origin")
				if len(got.header.Values("Set-Cookie")) > 0 {
					t.Errorf("%s set a cookie", k.name())
				}
			}
		}
	}
	sameOrigin(t, alice, calls, refused)
	methodOverride(t, alice)
}

// sameOrigin: what does not come from elsewhere is let through, and a bearer
// token, which no page can make a browser send, wherever it comes from.
func sameOrigin(t *testing.T, alice *client, calls []call, refused [][]string) {
	for _, headers := range [][]string{
		nil, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", alice.w.URL}, {"Sec-Fetch-Site", "same-origin", "Origin", alice.w.URL},
	} {
		alice.send("PATCH", "/api/profile", `{"bio":"changed"}`, headers...).want(200)
		alice.again().do("POST", "/api/auth/logout", "", nil, headers...).want(204)
	}
	device := alice.bearer()
	for _, headers := range refused {
		device.send("PATCH", "/api/profile", `{"bio":"by a program"}`, headers...).want(200)
		for _, k := range calls {
			if k.path == "/api/auth/register" || k.path == "/api/auth/login" {
				device.call(k, headers...).is(403, "cross_origin")
			}
		}
	}
}

// methodOverride: the method is the method.
func methodOverride(t *testing.T, alice *client) {
	before := alice.rows()
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"} {
		for _, method := range []string{"DELETE", "PATCH", "PUT"} {
			alice.get("/api/profile?_method="+method, name, method).want(200)
			alice.get("/api/auth/sessions?_method="+method, name, method).want(200)
			alice.send("POST", "/api/profile?_method="+method, `{"bio":"overridden"}`, name, method).is(405, "method_not_allowed")
		}
	}
	unchanged(t, alice, before)
}

// contentTypes: a body is of the type that the document names, or refused.
func contentTypes(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	before := alice.rows()
	types := []string{
		"", "text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
		"application/xml", "text/json", "application/jsonx", "application/json5", "application/json; charset=utf-16", "application/json; charset=latin1",
		"application/json, text/plain", "application/problem+json", "json", "*/*", "image/jpeg", "application/json-patch+json",
	}
	hal := w.user(t, "hal")
	hal.enrol()
	half, _ := hal.half("")
	n := 0
	for _, k := range w.calls(t, of) {
		if len(k.body) == 0 {
			continue
		}
		who := alice
		if w.class(t, k) == "half" {
			who = half
		}
		for _, contentType := range append(types, "application/merge-patch+json") {
			picture := strings.Contains(k.path, "picture") || k.path == "/upload-profile"
			switch {
			case k.method == "PATCH" && contentType == "application/merge-patch+json":
				continue
			case picture && (strings.HasPrefix(contentType, "multipart/") || contentType == "image/jpeg") && k.path != "/upload-profile":
				continue // what it is, its bytes decide
			case k.path == "/upload-profile" && contentType == "multipart/form-data; boundary=x":
				continue // of the right type, with nothing in it
			}
			n++
			k := k
			k.contentType = contentType
			who.call(k).is(415, code(k, "unsupported_media_type"))
		}
		if k.isJSON() {
			who.call(k, "Content-Encoding", "gzip").is(415, "unsupported_media_type")
			who.call(k, "Content-Encoding", "br").is(415, "unsupported_media_type")
		}
	}
	if n < 100 {
		t.Errorf("only %d requests", n)
	}
	unchanged(t, alice, before)
	alice.do("PATCH", "/api/profile", "Application/JSON; Charset=UTF-8", []byte(`{"bio":"good"}`)).want(200)
}
