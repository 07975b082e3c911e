package httpadapter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/httpadapter"
)

// A form counts as an upload, and what it brings is not counted again.
func TestS65_FormsAreLimitedAsUploads(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Pictures.UploadLimit = limit.Rule{Limit: 3, Window: time.Hour}
	})
	ada := w.client().register("ada")
	const begin, body = "/api/profile/picture/direct", `{"contentType":"image/png"}`
	ada.upload(card).want(t, 200)
	first := ada.sendDirectly(card)
	second := ada.sendDirectly(card)
	got := ada.send("POST", begin, body).want(t, 429)
	if got.code(t) != "rate_limited" || got.Header.Get("Retry-After") == "" {
		t.Errorf("%v %s", got.Header, got.body)
	}
	ada.upload(card).want(t, 429)
	ada.send("POST", first, "{}").want(t, 200)
	ada.send("POST", second, "{}").want(t, 200)
	ada.send("POST", second, "{}").want(t, 404)
	w.client().register("bob").send("POST", begin, body).want(t, 201)
	w.clock.advance(time.Hour + time.Second)
	ada.send("POST", begin, body).want(t, 201)
}

// The form is the caller's secret: caches do not keep it and the log is not
// told.
func TestS65_FormsAreSecret(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	got := ada.send("POST", "/api/profile/picture/direct", `{"contentType":"image/png"}`).want(t, 201)
	if cc := got.Header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("Cache-Control is %q", cc)
	}
	form := ada.directForm()
	ada.send("POST", ada.sendDirectly([]byte("no picture")), "{}").want(t, 415)
	log := w.log.String()
	for _, secret := range []string{form.ID, form.Fields["signature"], form.Fields["policy"], form.URL} {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(log, "/profile/picture/direct/{id}/complete") {
		t.Error("the log does not tell the route")
	}
}

// Where the host does not ask for direct uploads there are no such routes, and the
// document does not name them.
func TestS65_NoDirectUploadNoRoutes(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Pictures.Direct = false })
	ada := w.client().register("ada")
	ada.send("POST", "/api/profile/picture/direct", `{"contentType":"image/png"}`).want(t, 404)
	ada.send("POST", "/api/profile/picture/direct/"+strings.Repeat("a", 26)+"/complete", "{}").want(t, 404)
	paths, _ := ada.get("/api/openapi.json").want(t, 200).json(t)["paths"].(map[string]any)
	for path := range paths {
		if strings.Contains(path, "/direct") {
			t.Errorf("the document names %s", path)
		}
	}
	if paths["/profile/picture"] == nil {
		t.Error("the document does not name the picture")
	}
}
