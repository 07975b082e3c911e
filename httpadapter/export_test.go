package httpadapter_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/personal"
)

// files reads a whole archive.
func files(t *testing.T, body []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatalf("the archive of %d bytes: %v", len(body), err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// shop is a host's own that keeps orders.
type shop struct {
	fail bool
	// orders is how many bytes of them there are that do not compress.
	orders int
}

func (*shop) EraseUser(context.Context, string) error { return nil }

func (s *shop) ExportUser(_ context.Context, userID string, a *personal.Archive) error {
	if s.orders > 0 {
		w, err := a.Create("shop/receipts.bin", true)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(w, rand.Reader, int64(s.orders)); err != nil {
			return err
		}
	}
	if s.fail {
		return errors.New("the shop is down")
	}
	return a.JSON("shop/orders.json", map[string]string{"customer": userID})
}

func TestExportHasEverythingAndNoSecret(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Contributors = []personal.Contributor{&shop{}} })
	ada := w.client().register("ada")
	ada.photo(1)
	ada.send("PATCH", "/api/profile", `{"bio":"bio of ada","address":{"city":"Genève"},"links":["https://example.org/"]}`).want(t, 200)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`).want(t, 200)
	w.client().register("bea").send("PATCH", "/api/profile", `{"bio":"bio of bea"}`).want(t, 200)
	me := ada.get("/api/profile").json(t)
	// More events than a page has.
	var many []activity.Event
	for i := range 250 {
		many = append(many, activity.NewEvent(t.Context(), "test.event", me["id"].(string), w.clock.Now().Add(-time.Duration(i)*time.Minute), nil))
	}
	if err := w.app.Activity.Record(t.Context(), many...); err != nil {
		t.Fatal(err)
	}

	if r := ada.do("HEAD", "/api/profile/export", "", nil).want(t, 200); r.Header.Get("Content-Type") != "application/zip" || len(r.body) != 0 {
		t.Errorf("HEAD: %v", r.Header)
	}
	r := ada.get("/api/profile/export").want(t, 200)
	if d := r.Header.Get("Content-Disposition"); d != "attachment; filename=profile-ada.zip" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", r.Header)
	}
	got := files(t, []byte(r.body))
	var own, prefs, security, orders map[string]any
	for name, into := range map[string]*map[string]any{"profile.json": &own, "settings.json": &prefs, "security.json": &security, "shop/orders.json": &orders} {
		if err := json.Unmarshal([]byte(got[name]), into); err != nil {
			t.Fatalf("%s: %v in %q", name, err, got[name])
		}
	}
	for field, want := range me {
		if field == "profilePicture" || field == "pictureSizes" {
			continue // addresses on this host; the picture itself is in the copy
		}
		if got := own[field]; plain(got) != plain(want) {
			t.Errorf("profile.json has %s %v, the own view %v", field, got, want)
		}
	}
	if prefs["appearance"].(map[string]any)["theme"] != "dark" || len(security["sessions"].([]any)) != 1 || orders["customer"] != me["id"] {
		t.Errorf("%v, %v, %v", prefs, security, orders)
	}
	if _, format, err := image.Decode(strings.NewReader(got["picture.jpg"])); err != nil || format != "jpeg" {
		t.Errorf("the picture is %s, %v", format, err)
	}
	lines := strings.Split(strings.TrimSpace(got["activity.jsonl"]), "\n")
	kinds := map[string]int{}
	for _, line := range lines {
		var e struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		kinds[e.Kind]++
	}
	if kinds["test.event"] != 250 || kinds["auth.registered"] != 1 || kinds["profile.exported"] != 1 {
		t.Errorf("the history has %v", kinds)
	}
	if len(got) != 6 {
		t.Errorf("%d files", len(got))
	}
	for name, text := range got {
		for _, secret := range []string{"$argon2id$", "bio of bea", "bea@example.org", "hash", "Hash"} {
			if strings.Contains(text, secret) && name != "picture.jpg" {
				t.Errorf("%s has %q", name, secret)
			}
		}
	}
}

func TestS34_ExportIsFreshAndLimited(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Profile.ExportLimit = limit.Rule{Limit: 2, Window: time.Hour} })
	ada := w.client().register("ada")
	w.client().get("/api/profile/export").want(t, 401)
	for range 2 {
		ada.get("/api/profile/export").want(t, 200)
	}
	if r := ada.get("/api/profile/export").want(t, 429); r.Header.Get("Retry-After") == "" || r.code(t) != "rate_limited" {
		t.Errorf("%v", r.Header)
	}
	w.clock.advance(11 * time.Minute)
	if r := ada.get("/api/profile/export").want(t, 403); r.code(t) != "reauthentication_required" {
		t.Errorf("code %s", r.code(t))
	}
	ada.send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`).want(t, 204)
	w.clock.advance(time.Hour)
	ada.send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`).want(t, 204)
	ada.get("/api/profile/export").want(t, 200)
}

// plain is a value as JSON without what is empty: a copy leaves that out.
func plain(v any) string {
	if m, ok := v.(map[string]any); ok {
		for name, value := range m {
			if value == nil {
				delete(m, name)
			}
		}
		if len(m) == 0 {
			v = nil
		}
	}
	if list, ok := v.([]any); ok && len(list) == 0 {
		v = nil
	}
	return fmt.Sprint(v)
}

// What fails before the first byte is an answer that says so.
func TestS69_AnExportThatFailsEarlyIsTold(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Contributors = []personal.Contributor{&shop{fail: true}} })
	ada := w.client().register("ada")
	if r := ada.get("/api/profile/export").want(t, 500); r.Header.Get("Content-Type") != "application/problem+json" || r.Header.Get("Content-Disposition") != "" {
		t.Errorf("%v", r.Header)
	}
	if !strings.Contains(w.log.String(), "the shop is down") {
		t.Errorf("the log: %s", w.log.String())
	}
}

// What fails after the first byte is a cut connection, and never a zip that
// somebody takes for whole.
func TestS69_AnExportThatFailsIsCut(t *testing.T) {
	broken := &shop{fail: true, orders: 200 << 10}
	w := newWorld(t, func(c *httpadapter.Config) { c.Contributors = []personal.Contributor{broken} })
	ada := w.client().register("ada")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.srv.URL+"/api/profile/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ada.Do(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the client was not told")
	}
	if strings.Contains(w.log.String(), "ada@example.org") || !strings.Contains(w.log.String(), "an export was cut") {
		t.Errorf("the log: %s", w.log.String())
	}
	broken.fail = false
	ada.get("/api/profile/export").want(t, 200)
}

// Many exports at once, beside changes: each is whole.
func TestExportsBesideChanges(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Profile.ExportLimit = limit.Rule{Limit: 100, Window: time.Hour} })
	ada := w.client().register("ada")
	ada.photo(1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				got := files(t, []byte(ada.get("/api/profile/export").want(t, 200).body))
				if got["profile.json"] == "" || got["activity.jsonl"] == "" {
					t.Errorf("%d files", len(got))
				}
			}
		})
	}
	for i := range 5 {
		ada.photo(uint32(i))
	}
	wg.Wait()
}
