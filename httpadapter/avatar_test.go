package httpadapter_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

// The default picture has the letters of what the caller may see, is kept by
// browsers and asked for again, and is nothing but a picture.
func TestS64_DefaultPictures(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	anon := w.client()
	ada.send("PATCH", "/api/profile", `{"displayName":"Zoë Quinn"}`).want(t, 200)

	r := anon.get("/api/users/ada/picture?size=96").want(t, 200)
	img, err := png.Decode(bytes.NewReader(r.body))
	if err != nil || img.Bounds().Dx() != 96 {
		t.Fatalf("%v, %v; want a PNG of 96 pixels", img, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
		"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	tag := r.Header.Get("ETag")
	if again := anon.get("/api/users/ada/picture?size=96", "If-None-Match", tag).want(t, 304); len(again.body) != 0 {
		t.Errorf("304 with %d bytes", len(again.body))
	}
	anon.get("/api/users/ada/picture?size=97", "If-None-Match", tag).want(t, 200)
	anon.get("/api/users/ada/picture?format=svg", "If-None-Match", tag).want(t, 200)

	svg := string(anon.get("/api/users/ada/picture?format=svg&size=4096").want(t, 200).body)
	if !strings.Contains(svg, ">ZQ<") || !strings.Contains(svg, `width="1024"`) {
		t.Errorf("the SVG is %s; want ZQ, 1024 pixels", svg)
	}
	anon.get("/api/users/ada/picture?format=gif").want(t, 400)
	anon.get("/api/users/nobody/picture?format=svg").want(t, 404)

	// A name that the owner hides is not told by its letters.
	ada.send("PATCH", "/api/settings", `{"privacy":{"fields":{"displayName":"private"}}}`).want(t, 200)
	if svg := string(anon.get("/api/users/ada/picture?format=svg").want(t, 200).body); !strings.Contains(svg, ">A<") {
		t.Errorf("the SVG is %s; want the user name's letter", svg)
	}
	anon.get("/api/users/ada/picture?size=96", "If-None-Match", tag).want(t, 200)
}
