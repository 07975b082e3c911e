package httpadapter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/personal"
)

// A public picture's addresses are dead before the answer that the account will
// be erased; who comes back has the picture again.
func TestS64_DeletionKillsPublicAddresses(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs = store })
	ada := w.client().register("ada")
	ada.photo(1)
	public := ada.pictureURLs()
	store.down.Store(true)
	ada.send("DELETE", "/api/profile", "").want(t, 503)
	if now := ada.pictureURLs(); !slices.Equal(now, public) || !store.opens(t, public[0]) {
		t.Errorf("the refused deletion moved the picture from %v to %v", public, now)
	}
	store.down.Store(false)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	for _, u := range public {
		if store.opens(t, u) {
			t.Errorf("%s still opens", u)
		}
	}
	ada.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
	for _, u := range ada.pictureURLs() {
		if !store.opens(t, u) {
			t.Errorf("of the restored account %s does not open", u)
		}
	}
}

// A deletion that is refused leaves the picture public.
func TestS34_DeletionIsRefusedWhole(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Blobs = store
		c.Profile.DeletionLimit = limit.Rule{Limit: 1, Window: time.Hour}
	})
	ada := w.client().register("ada")
	ada.photo(1)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	ada.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
	if r := ada.send("DELETE", "/api/profile", "").want(t, 429); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for _, u := range ada.pictureURLs() {
		if !store.opens(t, u) {
			t.Errorf("after the refusal %s does not open", u)
		}
	}
	w.clock.advance(11 * time.Minute)
	if r := ada.send("DELETE", "/api/profile", "").want(t, 403); r.code(t) != "reauthentication_required" {
		t.Errorf("code %s", r.code(t))
	}
	ada.get("/api/profile").want(t, 200)
}

// Run erases who is due, after what the host keeps of them, and the blobs.
func TestR43_RunErases(t *testing.T) {
	blobs := memblob.New(memblob.Options{})
	synctest.Test(t, func(t *testing.T) {
		cfg, w := config(t)
		cfg.Blobs = blobs
		cfg.Profile.DeletionGrace = time.Hour
		var asked atomic.Int64
		var up atomic.Bool
		cfg.Contributors = []personal.Contributor{personal.Funcs{Erase: func(ctx context.Context, id string) error {
			if _, err := w.store.Users().User(ctx, id); err != nil {
				t.Errorf("the host is asked after the user is gone: %v", err)
			}
			asked.Add(1)
			if !up.Load() {
				return errors.New("the host is down")
			}
			return nil
		}}}
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		in, err := app.Auth.Register(t.Context(), auth.Client{}, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Pictures.Put(t.Context(), in.User.ID, strings.NewReader(string(imagetest.JPEG(imagetest.Card(80, 60), 90))), picture.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		id, err := app.Auth.Authenticate(t.Context(), in.Token)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Deletions.Request(t.Context(), id.Caller()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- app.Run(ctx) }()
		there := func() bool {
			_, err := w.store.Users().User(t.Context(), in.User.ID)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		synctest.Wait()
		if !there() || asked.Load() != 0 {
			t.Error("erased before its time")
		}
		w.clock.advance(2 * time.Hour)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if !there() || asked.Load() != 1 {
			t.Errorf("there %v, the host was asked %d times", there(), asked.Load())
		}
		up.Store(true)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if there() || asked.Load() != 2 {
			t.Errorf("there %v, the host was asked %d times", there(), asked.Load())
		}
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	n := 0
	for range blobs.List(t.Context(), "") {
		n++
	}
	if n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// fixed is a host's own users who cannot be deleted.
type fixed struct{ profile.Store }

func TestWithoutADeletableStoreThereIsNoRoute(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), fixed{c.Stores.Users})
	})
	ada := w.client().register("ada")
	if w.app.Eraser != nil {
		t.Error("there is an Eraser")
	}
	r := ada.send("DELETE", "/api/profile", "").want(t, 405)
	if allow := r.Header.Get("Allow"); strings.Contains(allow, "DELETE") {
		t.Errorf("Allow: %s", allow)
	}
	ada.send("POST", "/api/profile/restore", "").want(t, 404)
	if text := ada.get("/api/openapi.json").want(t, 200); strings.Contains(fmt.Sprint(text.json(t)), "deleteProfile") {
		t.Error("the document tells of it")
	}
}
