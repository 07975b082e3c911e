package httpadapter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
)

// What only looks like a picture is none, whatever it is said to be, and what is
// served as one cannot run.
func TestP11_NothingButPicturesIsServed(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Stores.Limits = limit.Off{} })
	ada := w.client().register("ada")
	html := `<html><script>alert(1)</script></html>`
	svg := `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`
	for name, file := range map[string]string{
		"HTML": html, "SVG": svg, "SVG behind a declaration": `<?xml version="1.0"?>` + svg, "HTML behind a GIF's name": "GIF89a" + html,
		"HTML behind a JPEG's name": "\xff\xd8\xff\xe0" + html, "HTML behind a PNG's name": "\x89PNG\r\n\x1a\n" + html, "PDF": "%PDF-1.4 " + html, "nothing": "",
	} {
		for _, kind := range []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "text/html", "application/xhtml+xml", "image/png, text/html", ""} {
			got := ada.do("PUT", "/api/profile/picture", kind, strings.NewReader(file))
			if got.StatusCode != 415 && got.StatusCode != 422 {
				t.Errorf("%s as %q: %d %s", name, kind, got.StatusCode, got.body)
			}
			if bytes.Contains(got.body, []byte("<script")) {
				t.Errorf("%s as %q is shown again: %s", name, kind, got.body)
			}
		}
	}
	if got := ada.get("/api/profile").json(t); got["profilePicture"] != nil {
		t.Errorf("there is a picture now: %v", got["profilePicture"])
	}
	// The only SVG there is has been drawn here, and is shut in like the rest.
	name, err := json.Marshal(`"/><script>alert(1)</script>`)
	if err != nil {
		t.Fatal(err)
	}
	ada.send("PATCH", "/api/profile", `{"displayName":`+string(name)+`}`).want(t, 200)
	for _, format := range []string{"svg", "png"} {
		got := w.client().get("/api/users/ada/picture?format="+format).want(t, 200)
		h := got.Header
		if csp := h.Get("Content-Security-Policy"); h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: %v", format, h)
		}
		if bytes.Contains(got.body, []byte("<script")) {
			t.Errorf("%s: %s", format, got.body)
		}
	}
}

// Nobody learns from what others may see how many there are, when somebody was
// here last, or an address.
func TestP22_ViewsOfOthersTellNoMore(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.client().register("ada"), w.client().register("eve")
	ada.send("PATCH", "/api/profile", `{"bio":"hello","address":{"city":"Bern"},"birthday":"1990-01-01"}`).want(t, 200)
	for who, c := range map[string]*client{"a visitor": w.client(), "eve": eve} {
		got := c.get("/api/users/ada").want(t, 200)
		for _, secret := range []string{"example.org", "Bern", "1990", "lastUsed", "last_login", "lastLogin", "total", "count", "version", "role", "updatedAt"} {
			if bytes.Contains(got.body, []byte(secret)) {
				t.Errorf("%s sees %q in %s", who, secret, got.body)
			}
		}
		if got.Header.Get("ETag") != "" || got.Header.Get("Last-Modified") != "" || got.Header.Get("X-Total-Count") != "" {
			t.Errorf("%s sees headers %v", who, got.Header)
		}
	}
	for _, list := range []string{"/api/activity?limit=1", "/api/auth/sessions", "/api/auth/devices"} {
		var keys []string
		for key := range eve.get(list).want(t, 200).json(t) {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if k := fmt.Sprint(keys); k != "[items next]" && k != "[items]" {
			t.Errorf("%s has %v", list, keys)
		}
	}
	for _, path := range []string{"/api/users", "/api/users/", "/api/users?sort=lastLogin", "/api/users/ada/activity", "/api/users/ada/sessions", "/api/users/ada/email"} {
		if got := eve.get(path); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

// No part of a path, a name or a key of a user's choice reaches the store.
func TestP23_NoPathOfAUserReachesTheStore(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	for _, key := range []string{
		"..%2f..%2fetc%2fpasswd", "%2e%2e%2fapp.db", "..%5c..%5cboot.ini", "C:%5cboot.ini", "%00", "in%2fx", ".tmp%2fx", "a%2fb", "ada", "*", "?", "con", strings.Repeat("a", 5000),
	} {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
			got := w.raw(t, method, "/api/pictures/"+key)
			if got.StatusCode != 404 && got.StatusCode != 405 {
				t.Errorf("%s %s: %d", method, key, got.StatusCode)
			}
		}
	}
	for _, name := range []string{"../../x", `..\..\x`, "/etc/passwd", "x\x00.jpg", "in/x"} {
		body := "--b\r\nContent-Disposition: form-data; name=\"profile_picture\"; filename=" + fmt.Sprintf("%q", name) + "\r\nContent-Type: image/jpeg\r\n\r\n" + string(imagetest.JPEG(imagetest.Photo(80, 80, 1), 80)) + "\r\n--b--\r\n"
		got := ada.do("PUT", "/api/profile/picture", "multipart/form-data; boundary=b", strings.NewReader(body))
		if got.StatusCode == 200 && bytes.Contains(got.body, []byte("etc")) || got.StatusCode >= 500 {
			t.Errorf("%q: %d %s", name, got.StatusCode, got.body)
		}
		if got.StatusCode != http.StatusOK {
			continue
		}
		pic, _ := got.json(t)["picture"].(map[string]any)
		if at, _ := pic["url"].(string); strings.Contains(at, "..") || strings.Contains(at, "passwd") || !strings.HasPrefix(at, "/api/pictures/") {
			t.Errorf("%q is kept at %q", name, at)
		}
	}
}
