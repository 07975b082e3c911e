package httpadapter_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/memblob"
)

// ruleRows are the rules that do not ask who signed the caller in.
var ruleRows = []row{
	{"Edits", editsAreTied, nil, false},
	{"User names", namesAreHeld, nil, false},
	{"Pictures", picturesAreMade, nil, false},
	{"Hidden pictures", picturesAreHidden, nil, false},
	{"Privacy", privacyHolds, nil, false},
	{"Settings", settingsAreKept, nil, false},
	{"Activity feed", feedIsKept, feedIsFilled, false},
	{"Events", eventsAreTold, signInIsTold, true},
	{"Limit of uploads", uploadsAreLimited, nil, true},
	{"Limit of exports", exportsAreLimited, nil, true},
	{"Limit of deletions", deletionsAreLimited, nil, true},
}

func newCDN() *cdn { return &cdn{Store: memblob.New(memblob.Options{})} }

// letters is a Notifier that keeps what it sends.
type letters struct {
	*notify.Notifier
	mu  sync.Mutex
	all []notify.Letter
}

func (l *letters) Send(_ context.Context, letter notify.Letter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, letter)
	return nil
}

func (l *letters) flush(t *testing.T) {
	t.Helper()
	for {
		n, err := l.Flush(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func editsAreTied(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	before := ada.get("/api/profile").want(t, 200).Header.Get("ETag")
	ada.send("PATCH", "/api/profile", `{"bio":"first"}`, "If-Match", before).want(t, 200)
	if got := ada.send("PATCH", "/api/profile", `{"bio":"late"}`, "If-Match", before).want(t, 412); got.code(t) != "stale" {
		t.Errorf("%s", got.body)
	}
	ada.do("PUT", "/api/profile/picture", "image/png", strings.NewReader(string(card)), "If-Match", before).want(t, 412)
	ada.send("PATCH", "/api/profile", `{"birthday":"tomorrow"}`).want(t, 422)
	if me := ada.get("/api/profile").json(t); me["bio"] != "first" || me["profilePicture"] != nil {
		t.Errorf("%v", me)
	}
}

func namesAreHeld(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	bob, _ := h.join("bob")
	ada.send("PATCH", "/api/profile", `{"username":"countess"}`).want(t, 200)
	for _, name := range []string{"ada", "Countess"} {
		if got := bob.send("PATCH", "/api/profile", `{"username":"`+name+`"}`).want(t, 409); got.code(t) != "taken" {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	if refused := profile.DefaultReserved[0]; bob.send("PATCH", "/api/profile", `{"username":"`+refused+`"}`).StatusCode == 200 {
		t.Errorf("%s is not reserved", refused)
	}
	ada.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 200)
}

func picturesAreMade(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.photo(1)
	ada.send("POST", ada.sendDirectly(card), "{}").want(t, 200)
	ada.do("PUT", "/api/profile/picture", "image/png", strings.NewReader("<script>")).want(t, 415)
	for _, at := range ada.pictureURLs() {
		h.client().get(at).want(t, 200)
	}
	ada.send("DELETE", "/api/profile/picture", "").want(t, 204)
}

func picturesAreHidden(t *testing.T, open opener) {
	store := newCDN()
	h := open(t, func(c *httpadapter.Config) { c.Blobs = store })
	for name, hide := range map[string]func(*client){
		"private": func(c *client) { c.send("PATCH", "/api/settings", `{"privacy":{"visibility":"private"}}`).want(t, 200) },
		"members": func(c *client) {
			c.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":"members"}}}`).want(t, 200)
		},
		"leaving": func(c *client) { c.send("DELETE", "/api/profile", "").want(t, 202) },
	} {
		c, _ := h.join(name)
		c.photo(1)
		public := c.pictureURLs()
		for _, at := range public {
			if !store.opens(t, at) {
				t.Fatalf("%s: %s does not open", name, at)
			}
		}
		hide(c)
		for _, at := range public {
			if store.opens(t, at) {
				t.Errorf("%s: %s still opens", name, at)
			}
		}
	}
	// What the store cannot hide now is not told to be hidden.
	ada, _ := h.join("ada")
	ada.photo(2)
	public := ada.pictureURLs()
	store.down.Store(true)
	ada.send("PATCH", "/api/settings", `{"privacy":{"visibility":"private"}}`).want(t, 503)
	ada.send("DELETE", "/api/profile", "").want(t, 503)
	if now := ada.pictureURLs(); !slices.Equal(now, public) {
		t.Errorf("the refused changes moved the picture from %v to %v", public, now)
	}
}

func privacyHolds(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	bob, _ := h.join("bob")
	anon := h.client()
	for _, c := range []struct {
		visibility   string
		member, anon int
	}{{"public", 200, 200}, {"members", 200, 404}, {"private", 404, 404}} {
		ada.send("PATCH", "/api/settings", `{"privacy":{"visibility":"`+c.visibility+`"}}`).want(t, 200)
		ada.get("/api/users/ada").want(t, 200)
		bob.get("/api/users/ada").want(t, c.member)
		anon.get("/api/users/ada").want(t, c.anon)
	}
}

func settingsAreKept(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	tag := ada.get("/api/settings").want(t, 200).Header.Get("ETag")
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`, "If-Match", tag).want(t, 200)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"light"}}`, "If-Match", tag).want(t, 412)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"plaid"}}`).want(t, 422)
	if got := ada.get("/api/settings").json(t)["appearance"].(map[string]any); got["theme"] != "dark" {
		t.Errorf("%v", got)
	}
}

func feedIsKept(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.send("PATCH", "/api/profile", `{"bio":"x"}`).want(t, 200)
	h.clock.advance(time.Second)
	ada.send("PATCH", "/api/settings", `{"locale":"fr"}`).want(t, 200)
	page := ada.get("/api/activity?limit=1").want(t, 200).json(t)
	next, _ := page["next"].(string)
	rest := ada.get("/api/activity?limit=1&cursor="+next).want(t, 200).json(t)["items"].([]any)
	if next == "" || len(rest) != 1 || rest[0].(map[string]any)["kind"] != string(profile.KindUpdated) {
		t.Errorf("the next page of %v is %v", page, rest)
	}
	bob, _ := h.join("bob")
	if kinds := bob.kinds(); len(kinds) != 0 {
		t.Errorf("bob sees %v", kinds)
	}
	bob.get("/api/activity?cursor="+next).want(t, 400)
}

func feedIsFilled(t *testing.T, open opener) {
	h := open(t)
	ada, u := h.join("ada")
	if err := h.app.Activity.Record(t.Context(), activity.NewEvent(t.Context(), "host.sign_in", u.ID, h.clock.Now(), nil)); err != nil {
		t.Fatal(err)
	}
	if kinds := ada.kinds(); !slices.Equal(kinds, []string{"host.sign_in"}) {
		t.Errorf("the feed has %v", kinds)
	}
}

func eventsAreTold(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	ada.photo(1)
	ada.send("DELETE", "/api/profile/picture", "").want(t, 204)
	ada.send("PATCH", "/api/profile", `{"bio":"x"}`).want(t, 200)
	ada.send("PATCH", "/api/settings", `{"locale":"fr"}`).want(t, 200)
	ada.get("/api/profile/export").want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
	got, want := ada.kinds(), []string{
		string(picture.KindChanged), string(picture.KindRemoved), string(profile.KindUpdated), "settings.changed",
		string(profile.KindExported), string(profile.KindDeletionRequested), string(profile.KindRestored),
	}
	slices.Sort(got) // the clock stands still
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the feed has %v, want %v", got, want)
	}
	var heard []string
	for _, kind := range h.told.all() {
		heard = append(heard, string(kind))
	}
	if slices.Sort(heard); !slices.Equal(heard, want) {
		t.Errorf("the Recorder heard %v, want %v", heard, want)
	}
	// The event tells from where, as with our sign-in.
	var page struct{ Items []struct{ IP *string } }
	if err := json.Unmarshal(ada.get("/api/activity?limit=1").body, &page); err != nil || page.Items[0].IP == nil {
		t.Errorf("%+v %v", page, err)
	}
}

func signInIsTold(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	for _, r := range h.app.Routes() {
		if r.Method == "GET" && r.Class != httpadapter.Fresh {
			ada.try(r)
		}
	}
	if kinds := ada.kinds(); len(kinds) != 0 || len(h.told.all()) != 0 {
		t.Errorf("the feed has %v, the Recorder heard %v", kinds, h.told.all())
	}
}

// limited fails the test unless the answer says that there were too many.
func (r reply) limited(t *testing.T) {
	t.Helper()
	if r.want(t, 429); r.code(t) != "rate_limited" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%v %s", r.Header, r.body)
	}
}

func uploadsAreLimited(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	const form, body = "/api/profile/picture/direct", `{"contentType":"image/png"}`
	ada.upload(card).want(t, 200)
	ada.send("POST", form, body).want(t, 201)
	for range 58 { // refused for what it is, and counted
		ada.upload([]byte("no picture")).want(t, 415)
	}
	ada.upload(card).limited(t)
	ada.send("POST", form, body).limited(t)
	bob, _ := h.join("bob")
	bob.upload(card).want(t, 200)
	h.clock.advance(time.Hour + time.Second)
	ada.upload(card).want(t, 200)
}

func exportsAreLimited(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	for range 10 {
		ada.get("/api/profile/export").want(t, 200)
	}
	ada.get("/api/profile/export").limited(t)
	h.clock.advance(24*time.Hour + time.Second)
	ada.get("/api/profile/export").want(t, 200)
}

func deletionsAreLimited(t *testing.T, open opener) {
	h := open(t)
	ada, _ := h.join("ada")
	for range 5 {
		ada.send("DELETE", "/api/profile", "").want(t, 202)
		ada.send("POST", "/api/profile/restore", "").want(t, 200)
	}
	ada.send("DELETE", "/api/profile", "").limited(t)
	ada.get("/api/profile").want(t, 200)
	h.clock.advance(24*time.Hour + time.Second)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
}
