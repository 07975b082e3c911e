package httpadapter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// endRows are a copy of everything, and the end of an account.
var endRows = []row{
	{"Export", exportHasAll, exportHasTheHosts, true},
	{"Deletion", deletionBegins, deletionNeedsAStore, true},
	{"Users whose deletion is pending", leavingAreOut, leavingAreStillNamed, true},
	{"Restore", restoreBringsBack, nil, true},
	{"Erasing", runErases, hostForgets, true},
}

// kept is what a host's Contributor was asked for.
type kept struct {
	mu              sync.Mutex
	exports, erases []string
	erase           func(ctx context.Context, id string) error
}

func (k *kept) ExportUser(_ context.Context, id string, a *personal.Archive) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.exports = append(k.exports, id)
	return a.JSON("host/orders.json", id)
}

func (k *kept) EraseUser(ctx context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.erases = append(k.erases, id)
	if k.erase == nil {
		return nil
	}
	return k.erase(ctx, id)
}

func exportHasAll(t *testing.T, open opener) {
	h := open(t)
	ours := open(t, func(c *httpadapter.Config) { c.Authenticator = nil })
	me := ours.client().register("ada").get("/api/profile").want(t, 200).json(t)
	ada := h.as(me["id"].(string))
	ada.photo(1)
	got := files(t, ada.get("/api/profile/export").want(t, 200).body)
	for _, name := range []string{"profile.json", "settings.json", "security.json", "activity.jsonl", "picture.jpg"} {
		if got[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	// What our sign-in left, without what is worth something to a thief.
	if !strings.Contains(got["security.json"], `"createdAt"`) || strings.Contains(got["security.json"], "argon2") {
		t.Errorf("security.json is %s", got["security.json"])
	}
	ada.do("HEAD", "/api/profile/export", "", nil).want(t, 200)
}

func exportHasTheHosts(t *testing.T, open opener) {
	k := &kept{}
	h := open(t, func(c *httpadapter.Config) { c.Contributors = []personal.Contributor{k} })
	ada, u := h.join("ada")
	if got := files(t, ada.get("/api/profile/export").want(t, 200).body); !strings.Contains(got["host/orders.json"], u.ID) {
		t.Errorf("%v", got)
	}
	if !slices.Equal(k.exports, []string{u.ID}) || len(k.erases) != 0 {
		t.Errorf("asked for %v and %v", k.exports, k.erases)
	}
}

func deletionBegins(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	header, at := h.proved(profile.FreshFor + time.Second)
	if got := ada.send("DELETE", "/api/profile", "", header, at).want(t, 403); got.code(t) != "reauthentication_required" {
		t.Errorf("%s", got.body)
	}
	ada.get("/api/profile").want(t, 200)
	answer := ada.send("DELETE", "/api/profile", "").want(t, 202).json(t)
	end, err := time.Parse(time.RFC3339Nano, fmt.Sprint(answer["deletesAt"]))
	if left := end.Sub(h.clock.Now()); err != nil || left > profile.DefaultDeletionGrace || left < profile.DefaultDeletionGrace-time.Second {
		t.Errorf("%v is in %v, %v", answer, left, err)
	}
	if now, err := h.users().User(t.Context(), u.ID); err != nil || !now.DeletesAt.Equal(end) {
		t.Errorf("the user's end is %v, %v", now.DeletesAt, err)
	}

	// Of two at once one begins it.
	bob, _ := h.join("bob")
	got := atOnce(func() int { return bob.send("DELETE", "/api/profile", "").StatusCode })
	if !slices.Equal(got, []int{202, 401}) {
		t.Errorf("two at once: %v", got)
	}
	if heard := h.told.all(); len(heard) != 2 {
		t.Errorf("the Recorder heard %v", heard)
	}
}

// atOnce calls f twice at the same time and returns both results, the smaller first.
func atOnce(f func() int) []int {
	var wg sync.WaitGroup
	got := make([]int, 2)
	for i := range got {
		wg.Go(func() { got[i] = f() })
	}
	wg.Wait()
	slices.Sort(got)
	return got
}

func deletionNeedsAStore(t *testing.T, open opener) {
	h := open(t, func(c *httpadapter.Config) {
		c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), fixed{c.Stores.Users})
	})
	ada, _ := h.join("ada")
	for _, r := range h.app.Routes() {
		if r.Class == httpadapter.DeletionPending || r.Method == "DELETE" && r.Pattern == "/api/profile" {
			t.Errorf("%s %s is mounted", r.Method, r.Pattern)
		}
	}
	ada.send("DELETE", "/api/profile", "").want(t, 405)
	ada.send("POST", "/api/profile/restore", "").want(t, 404)
	if h.app.Deletions != nil || h.app.Eraser != nil {
		t.Error("there are Deletions or an Eraser")
	}
	if got := ada.get("/api/openapi.json").want(t, 200); strings.Contains(string(got.body), "restoreProfile") {
		t.Error("the document tells of it")
	}
	ada.get("/api/profile/export").want(t, 200)
}

func leavingAreOut(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	bob, _ := h.join("bob")
	ada.photo(1)
	urls := ada.pictureURLs()
	bob.get(urls[0]).want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	n := 0
	for _, r := range h.app.Routes() {
		switch {
		case r.Class == httpadapter.DeletionPending:
		case r.Class == httpadapter.Anyone: // as for a stranger
			if got, want := ada.try(r), h.client().try(r); got.StatusCode != want.StatusCode {
				t.Errorf("%s %s: %d, of a stranger %d", r.Method, r.Pattern, got.StatusCode, want.StatusCode)
			}
		default:
			n++
			ada.try(r).want(t, 401)
		}
	}
	if n < 10 {
		t.Errorf("only %d routes were tried", n)
	}
	ada.get("/host").want(t, 401)
	ada.get("/admin").want(t, 401)
	for _, c := range []*client{ada, bob, h.client()} {
		c.get("/api/users/ada").want(t, 404)
		c.get("/api/users/ada/picture").want(t, 404)
		c.get(urls[0]).want(t, 404)
	}
	if got := bob.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 409); got.code(t) != "taken" {
		t.Errorf("%s", got.body)
	}
}

func leavingAreStillNamed(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	// Whom the host does not name any more cannot come back.
	h.client().send("POST", "/api/profile/restore", "").want(t, 401)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
}

func restoreBringsBack(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	bob, _ := h.join("bob")
	const restore = "/api/profile/restore"
	nothingTo := func() {
		t.Helper()
		if got := ada.send("POST", restore, "").want(t, 409); got.code(t) != "no_deletion_pending" {
			t.Errorf("%s", got.body)
		}
	}
	nothingTo()
	ada.photo(1)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`).want(t, 200)
	before := ada.get("/api/profile").want(t, 200).json(t)
	ada.send("DELETE", "/api/profile", "").want(t, 202)

	header, at := h.proved(profile.FreshFor + time.Second)
	if got := ada.send("POST", restore, "", header, at).want(t, 403); got.code(t) != "reauthentication_required" {
		t.Errorf("%s", got.body)
	}
	bob.send("POST", restore, "").want(t, 409)
	back := ada.send("POST", restore, "").want(t, 200)
	if got := back.json(t); got["status"] != "complete" || got["user"].(map[string]any)["id"] != u.ID || back.Header.Get("ETag") == "" {
		t.Errorf("%v %s", back.Header, back.body)
	}
	nothingTo()
	after := ada.get("/api/profile").want(t, 200).json(t)
	delete(before, "updatedAt")
	delete(after, "updatedAt")
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("before %v\nafter  %v", before, after)
	}
	if got := ada.get("/api/settings").json(t)["appearance"].(map[string]any); got["theme"] != "dark" {
		t.Errorf("%v", got)
	}
	bob.get("/api/users/ada").want(t, 200)
	bob.get(ada.pictureURLs()[0]).want(t, 200)

	// Of two at once one wins.
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	if got := atOnce(func() int { return ada.send("POST", restore, "").StatusCode }); !slices.Equal(got, []int{200, 409}) {
		t.Errorf("two at once: %v", got)
	}

	// A disabled account does not come back, nor one whose time is up.
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	h.change(u.ID, profile.Patch{Disabled: new(true)})
	ada.send("POST", restore, "").want(t, 401)
	h.change(u.ID, profile.Patch{Disabled: new(false)})
	h.clock.advance(profile.DefaultDeletionGrace)
	ada.send("POST", restore, "").want(t, 401)
	ada.get("/api/profile").want(t, 401)
}

// watched are blobs that tell of each deletion.
type watched struct {
	*cdn
	gone chan struct{}
}

func (w watched) Delete(ctx context.Context, key string) error {
	err := w.cdn.Delete(ctx, key)
	select {
	case w.gone <- struct{}{}:
	default: // somebody will look
	}
	return err
}

func (w watched) count(t *testing.T) (n int) {
	t.Helper()
	for _, err := range w.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// runs has App.Run work until no blob is left.
func (h *hosted) runs(t *testing.T, blobs watched) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.app.Run(ctx) }()
	late := time.After(time.Minute)
	for blobs.count(t) > 0 {
		select {
		case <-blobs.gone:
		case <-late:
			t.Fatalf("%d blobs are left; the log: %s", blobs.count(t), h.log.String())
		}
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	// A purge that was cut is finished by one an hour later.
	h.clock.advance(time.Hour + time.Second)
	if _, err := h.app.Pictures.PurgeBlobs(t.Context(), picture.DefaultPendingAge); err != nil {
		t.Error(err)
	}
}

// leftNothing fails the test unless nothing is kept of the user.
func (h *hosted) leftNothing(t *testing.T, id string, s authstore.Stores) {
	t.Helper()
	ctx, stores := t.Context(), h.config.Stores
	if _, err := h.users().User(ctx, id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the user: %v", err)
	}
	if hash, err := s.Passwords.PasswordHash(ctx, id); err != nil || hash != "" {
		t.Errorf("there is a password, %v", err)
	}
	if list, err := everySession(ctx, s.Sessions, id); err != nil || len(list) != 0 {
		t.Errorf("%d sessions, %v", len(list), err)
	}
	if n, err := s.Tickets.RemoveTickets(ctx, id); err != nil || n != 0 {
		t.Errorf("%d tickets, %v", n, err)
	}
	if list, err := s.Factors.Factors(ctx, id); err != nil || len(list) != 0 {
		t.Errorf("%d second factors, %v", len(list), err)
	}
	if page, err := h.app.Activity.Page(ctx, id, activity.PageRequest{Limit: 10}); err != nil || len(page.Items) != 0 {
		t.Errorf("the feed has %v, %v", page.Items, err)
	}
	if keys, err := stores.Ledger.Keys(ctx, id); err != nil || len(keys) != 0 {
		t.Errorf("the list of blobs has %v, %v", keys, err)
	}
	if d, err := h.app.Settings.Document(ctx, id); err != nil || d.Version != 0 {
		t.Errorf("there are settings of version %d, %v", d.Version, err)
	}
	for _, key := range []string{"upload:user:", "export:user:", "deletion:user:"} {
		if ok, _, err := stores.Limits.Take(ctx, key+id, limit.Rule{Limit: 1, Window: time.Hour}, h.clock.Now()); err != nil || !ok {
			t.Errorf("the counter %s is there, %v", key, err)
		}
	}
}

func runErases(t *testing.T, open opener) {
	blobs := watched{newCDN(), make(chan struct{}, 1)}
	h := open(t, func(c *httpadapter.Config) { c.Blobs = blobs })
	ours := open(t, func(c *httpadapter.Config) { c.Authenticator, c.Now, c.Blobs = nil, h.clock.Now, blobs })
	before := ours.client().register("ada") // a password, a session and a link in mail
	before.readsMail().send("POST", "/api/auth/mfa/totp", "{}").want(t, 200)
	id := before.get("/api/profile").want(t, 200).json(t)["id"].(string)
	s := h.config.Stores.Auth
	sessions, err1 := everySession(t.Context(), s.Sessions, id)
	factors, err2 := s.Factors.Factors(t.Context(), id)
	if len(sessions) != 1 || len(factors) != 1 || errors.Join(err1, err2) != nil {
		t.Fatalf("our sign-in left %d sessions and %d factors, %v %v", len(sessions), len(factors), err1, err2)
	}

	ada := h.as(id)
	ada.photo(1)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`).want(t, 200)
	ada.get("/api/profile/export").want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	if n, err := h.app.Eraser.Erase(t.Context()); n != 0 || err != nil {
		t.Errorf("erased before its time: %d, %v", n, err)
	}
	h.clock.advance(profile.DefaultDeletionGrace + profile.Margin + time.Second)
	h.runs(t, blobs)
	h.leftNothing(t, id, s)
	if heard := h.told.all(); !slices.Contains(heard, profile.KindDeleted) {
		t.Errorf("the Recorder heard %v", heard)
	}
	ada.get("/api/profile").want(t, 401)
	ada.send("POST", "/api/profile/restore", "").want(t, 401)
	// The name is kept from others, the address is free.
	bob, _ := h.join("bob")
	bob.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 409)
}

func hostForgets(t *testing.T, open opener) {
	k := &kept{}
	h := open(t, func(c *httpadapter.Config) { c.Contributors = []personal.Contributor{k} })
	ada, u := h.join("ada")
	down := true
	k.erase = func(ctx context.Context, id string) error {
		if _, err := h.users().User(ctx, id); err != nil {
			t.Errorf("the host is asked after the user is gone: %v", err)
		}
		if down {
			return errors.New("the host is down")
		}
		return nil
	}
	ada.get("/api/profile/export").want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	h.clock.advance(profile.DefaultDeletionGrace + profile.Margin + time.Second)
	if n, err := h.app.Eraser.Erase(t.Context()); n != 0 || err == nil {
		t.Errorf("the host is down: %d erased, %v", n, err)
	}
	down = false
	if n, err := h.app.Eraser.Erase(t.Context()); n != 1 || err != nil {
		t.Errorf("%d erased, %v", n, err)
	}
	if !slices.Equal(k.exports, []string{u.ID}) || !slices.Equal(k.erases, []string{u.ID, u.ID}) {
		t.Errorf("asked for %v and %v", k.exports, k.erases)
	}
}
