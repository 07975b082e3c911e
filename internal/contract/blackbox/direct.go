package blackbox

import (
	"bytes"
	"net/http"
	"testing"
)

// sendDirectly gets a form, sends the picture to the store as a browser would,
// and returns the id that completes it.
func (c *client) sendDirectly(picture []byte) (id string) {
	c.t.Helper()
	f := c.send("POST", "/api/profile/picture/direct", `{"contentType":"image/jpeg"}`).want(201).object()
	var fields []field
	for name, value := range f["fields"].(map[string]any) {
		fields = append(fields, field{name: name, value: value.(string)})
	}
	fields = append(fields, field{f["fileField"].(string), "me.jpg", string(picture)})
	contentType, body := form(c.t, fields...)
	req, err := http.NewRequestWithContext(c.t.Context(), f["method"].(string), f["url"].(string), bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req) // no cookie goes there
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		c.t.Fatalf("the store answers the form %d", resp.StatusCode)
	}
	return f["id"].(string)
}

// directUpload: what was sent to the store is its sender's, is no picture
// before it is completed, and is completed once.
func directUpload(t *testing.T, w *world) {
	alice, bob := w.user(t, "alice"), w.user(t, "bob")
	complete := func(id string) string { return "/api/profile/picture/direct/" + id + "/complete" }
	for _, bad := range []string{`"text/html"`, `"image/svg+xml"`, `""`, `1`} {
		alice.send("POST", "/api/profile/picture/direct", `{"contentType":`+bad+`}`).is(422, "invalid")
	}
	alice.send("POST", "/api/profile/picture/direct", `{"contentType":"image/jpeg","key":"x"}`).is(400, "unknown_field")

	before := alice.rows()
	id := alice.sendDirectly(photo(t, 1))
	unchanged(t, alice, before)
	for _, key := range []string{id, "in%2F" + id, "in%2f" + id, "in/" + id, id + "-512.jpg"} {
		alice.get("/api/pictures/"+key).is(404, "not_found")
	}
	theirs := bob.rows()
	bob.send("POST", complete(id), `{}`).is(404, "not_found")
	unchanged(t, bob, theirs)
	for _, crop := range []string{`{}`, `{"x":0,"y":0}`, `{"x":-1,"y":0,"size":8}`, `{"x":0,"y":0,"size":0}`, `{"x":0,"y":0,"size":70000}`, `[0,0,8]`, `"0,0,8"`} {
		alice.send("POST", complete(id), `{"crop":`+crop+`}`).is(422, "invalid")
	}
	alice.send("POST", complete(id), `{}`, "If-Match", `"999"`).is(412, "stale")
	unchanged(t, alice, before)

	tag := alice.get("/api/profile").want(200).header.Get("ETag")
	r := alice.send("POST", complete(id), `{"crop":{"x":16,"y":0,"size":64}}`, "If-Match", tag).want(200)
	url := r.object()["picture"].(map[string]any)["url"].(string)
	alice.get(url).want(200)
	profile := alice.get("/api/profile").want(200)
	if profile.object()["profilePicture"] != url || profile.header.Get("ETag") != r.header.Get("ETag") {
		t.Errorf("the profile has %s, %s", profile.header.Get("ETag"), profile.body)
	}
	after := alice.rows()
	alice.send("POST", complete(id), `{}`).is(404, "not_found")
	unchanged(t, alice, after)

	// The body may be left out, and what is no picture does not become one.
	alice.do("POST", complete(alice.sendDirectly(photo(t, 2))), "", nil).want(200)
	after = alice.rows()
	alice.send("POST", complete(alice.sendDirectly([]byte("<html><script>alert(1)</script>"))), `{}`).is(415, "unsupported_media_type")
	alice.send("POST", complete(alice.sendDirectly(photo(t, 3)[:200])), `{}`).is(422, "picture_rejected")
	alice.send("POST", complete(alice.sendDirectly(photo(t, 3))), `{"crop":{"x":90,"y":0,"size":64}}`).is(422, "invalid")
	unchanged(t, alice, after)
	n := 0
	for _, e := range alice.get("/api/activity?kind=picture.changed").want(200).items() {
		if e["kind"] == "picture.changed" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d events of a changed picture; want 2", n)
	}
}
