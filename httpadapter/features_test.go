package httpadapter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// states are the features of an app by name.
func states(a *httpadapter.App) map[string]httpadapter.State {
	out := map[string]httpadapter.State{}
	for _, f := range a.Features() {
		out[f.Name] = f.State
	}
	return out
}

// The list for the host and the answer for clients are of one source.
func TestCapabilitiesAreTheFeatures(t *testing.T) {
	for name, change := range map[string]func(*httpadapter.Config){
		"everything":       func(c *httpadapter.Config) { c.Name = "Example" },
		"no pictures":      func(c *httpadapter.Config) { c.Blobs, c.Pictures = nil, picture.Policy{} },
		"no mail":          func(c *httpadapter.Config) { c.Auth.Courier = nil },
		"closed sign-up":   func(c *httpadapter.Config) { c.Auth.SignUp = auth.Closed },
		"an Authenticator": func(c *httpadapter.Config) { c.Authenticator = front{c.Now} },
		"no factors":       func(c *httpadapter.Config) { c.Auth.Factors = []authfactor.Factor{} },
		"no deletion": func(c *httpadapter.Config) {
			c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), fixed{c.Stores.Users})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			r := w.client().get("/api/capabilities").want(t, 200)
			if cache := r.Header.Get("Cache-Control"); cache != "public, max-age=60" {
				t.Errorf("Cache-Control: %s", cache)
			}
			var got httpadapter.Capabilities
			dec := json.NewDecoder(strings.NewReader(string(r.body)))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, f := range w.app.Features() {
				if (f.State == httpadapter.On) != (f.Why == "") {
					t.Errorf("%s is %s because %q", f.Name, f.State, f.Why)
				}
				on, there := got.Features[f.Name]
				if there == f.Internal || on != (there && f.State == httpadapter.On) {
					t.Errorf("%s is %s, and %v, %v in the answer", f.Name, f.State, on, there)
				}
				if there {
					n++
				}
			}
			if n != len(got.Features) || n < 20 {
				t.Errorf("%d features of %d are in the answer", n, len(got.Features))
			}
			if again, err := json.Marshal(w.app.Capabilities()); err != nil || string(again) != string(r.body) {
				t.Errorf("Capabilities is %s, %v; the answer %s", again, err, r.body)
			}
			// What is on has its route, and the reverse.
			routes := map[string]bool{}
			for _, rt := range w.app.Routes() {
				routes[rt.Method+" "+rt.Pattern] = true
			}
			for feature, route := range map[string]string{
				"signIn": "POST /api/auth/login", "passwordReset": "POST /api/auth/password/forgot", "emailChange": "POST /api/auth/email/change",
				"emailConfirmation": "POST /api/auth/email/verify", "reports": "POST /api/activity/report", "pages": "GET /account/reset",
				"passkeys": "POST /api/auth/passkeys/login/begin", "codesBySMS": "POST /api/auth/mfa/phone",
				"codesByEmail": "POST /api/auth/mfa/email", "factorRecovery": "POST /api/auth/mfa/recovery", "pictures": "PUT /api/profile/picture",
				"directUpload": "POST /api/profile/picture/direct", "deletion": "DELETE /api/profile", "export": "GET /api/profile/export",
				"activity": "GET /api/activity", "legacyRoutes": "GET /default-avatar.png",
			} {
				on, there := got.Features[feature]
				if !there || on != routes[route] {
					t.Errorf("%s is %v (%v), and %s is mounted: %v", feature, on, there, route, routes[route])
				}
			}
		})
	}
}

// TestAAL2TrustsNoDevice: under the preset of AAL2 the answer says that no device is trusted,
// and none is.
func TestAAL2TrustsNoDevice(t *testing.T) {
	for _, on := range []bool{true, false} {
		w := newWorld(t, func(c *httpadapter.Config) {
			if !on {
				c.Auth.Session = authlimit.AAL2()
			}
		})
		app, _ := w.enrol(w.client().register("ada"))
		var got struct{ Features map[string]bool }
		if err := json.Unmarshal(w.client().get("/api/capabilities").want(t, 200).body, &got); err != nil || got.Features["trustedDevices"] != on {
			t.Errorf("trustedDevices is %v, %v; want %v", got.Features["trustedDevices"], err, on)
		}
		c := w.client()
		c.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)
		c.send("POST", "/api/auth/mfa", `{"method":"totp","code":"`+app.code()+`","trustDevice":true}`).want(t, 200)
		if items, _ := c.get("/api/auth/devices").want(t, 200).json(t)["items"].([]any); (len(items) == 1) != on {
			t.Errorf("%d devices are trusted", len(items))
		}
	}
}

// The numbers are those that are kept to.
func TestCapabilitiesTellTheLimits(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Name, c.Auth.MinPassword, c.Profile.DeletionGrace = "Example", 20, time.Hour
		c.Auth.Wait = 36 * time.Hour
		c.Pictures.Limits.MaxBytes, c.Activity.Retention = 50<<10, 24*time.Hour
	})
	c := w.app.Capabilities()
	if c.Name != "Example" || c.SignUp != string(auth.Open) || !slices.Equal(c.Factors, []string{"totp"}) {
		t.Errorf("%+v", c)
	}
	if l := c.Limits; l.MinPassword != 20 || l.MaxPasswordBytes != hash.MaxPasswordBytes || l.PictureBytes != 50<<10 ||
		l.DeletionGrace != 3600 || l.FreshFor != 600 || l.ProofWait != 36*3600 || l.ActivityRetention != 86400 {
		t.Errorf("%+v", l)
	}
	ada := w.client()
	short := strings.Repeat("xy", c.Limits.MinPassword/2-1) + "z"
	ada.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, short)).want(t, 422)
	ada.register("ada")
	for _, n := range []int64{c.Limits.PictureBytes, c.Limits.PictureBytes + 1} {
		r := ada.do("PUT", "/api/profile/picture", "image/jpeg", io.LimitReader(strings.NewReader(strings.Repeat("x", 100<<10)), n))
		if got := r.StatusCode == 413; got != (n > c.Limits.PictureBytes) {
			t.Errorf("%d bytes: %d %s", n, r.StatusCode, r.body)
		}
	}
	for _, mime := range c.PictureTypes {
		if strings.HasPrefix(mime, "image/webp") || strings.HasPrefix(mime, "image/gif") || mime == "image/png" || mime == "image/jpeg" {
			continue
		}
		t.Errorf("%s is taken without a decoder", mime)
	}
}

// Decorators as hosts write them, for tracing, with consent and without.
type (
	tracedBlobs  struct{ storage.BlobStore }
	passedBlobs  struct{ storage.BlobStore }
	tracedUsers  struct{ profile.Store }
	passedUsers  struct{ profile.Store }
	tracedLedger struct{ picture.Ledger }
	passedLedger struct{ picture.Ledger }
	tracedTx     struct{ storage.Transactor }
	passedTx     struct{ storage.Transactor }
	passedHashes struct{ authstore.PasswordStore }
	tracedPeople struct{ authstore.SessionStore }
	passedPeople struct{ authstore.SessionStore }
	tracedKinds  struct{ authstore.FactorStore }
	passedKinds  struct{ authstore.FactorStore }
	tracedHolds  struct{ profile.HoldStore }
	tracedLimits struct{ limit.Store }
	tracedEvents struct{ activity.Store }
)

func (d passedBlobs) Unwrap() storage.BlobStore        { return d.BlobStore }
func (d passedUsers) Unwrap() profile.Store            { return d.Store }
func (d passedLedger) Unwrap() picture.Ledger          { return d.Ledger }
func (d passedTx) Unwrap() storage.Transactor          { return d.Transactor }
func (d passedHashes) Unwrap() authstore.PasswordStore { return d.PasswordStore }
func (d passedPeople) Unwrap() authstore.SessionStore  { return d.SessionStore }
func (d passedKinds) Unwrap() authstore.FactorStore    { return d.FactorStore }

// able is a store of blobs with every ability.
type able struct{ *directtest.Store }

func (able) PublicURL(key string) string { return "https://cdn.example/" + key }
func (able) ResizedURL(key string, size int) string {
	return fmt.Sprintf("https://cdn.example/%s-%d", key, size)
}

func (a able) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(func(storage.BlobInfo, error) bool) {}
}

// wired is a Config that asks for nothing, over stores that can everything.
func wired(t *testing.T) httpadapter.Config {
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return httpadapter.Config{
		Stores: httpadapter.StoresOf(memstore.New()), Blobs: able{directtest.New(t, memblob.New(memblob.Options{}))}, Keys: keys, BaseURL: "http://localhost",
	}
}

// abilities are the features that depend on what stores can do.
var abilities = []string{
	"deletion", "publicPictures", "resizedPictures", "pictureRepair", "usersWithSessions", "resealing", "directUpload", "signedPictures",
}

// With consent a decorator changes nothing, around every store at once.
func TestDecoratorsWithUnwrapHideNothing(t *testing.T) {
	c := wired(t)
	c.Pictures.Direct, c.Pictures.SignedFor, c.Auth.SessionCache = true, time.Minute, auth.SessionCache{TTL: time.Second}
	bare, err := httpadapter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &c.Stores
	c.Blobs, s.Users, s.Ledger, s.Tx = passedBlobs{passedBlobs{c.Blobs}}, passedUsers{s.Users}, passedLedger{s.Ledger}, passedTx{s.Tx}
	s.Auth.Passwords, s.Auth.Sessions, s.Auth.Factors = passedHashes{s.Auth.Passwords}, passedPeople{s.Auth.Sessions}, passedKinds{s.Auth.Factors}
	s.Holds, s.Limits, s.Activity = tracedHolds{s.Holds}, tracedLimits{s.Limits}, tracedEvents{s.Activity} // these have no abilities
	app, err := httpadapter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if want, got := bare.Features(), app.Features(); !slices.Equal(want, got) {
		t.Errorf("features are %v, want %v", got, want)
	}
	for _, name := range abilities {
		if states(app)[name] != httpadapter.On {
			t.Errorf("%s is %s", name, states(app)[name])
		}
	}
	if got, want := app.Routes(), bare.Routes(); !slices.Equal(got, want) {
		t.Errorf("the routes differ: %v, %v", got, want)
	}
}

// Without consent an ability is hidden, the list says by which type, and New refuses a
// Config that asks for it.
func TestDecoratorsWithoutUnwrap(t *testing.T) {
	for name, d := range map[string]struct {
		wrap   func(*httpadapter.Config)
		hidden []string
		by     string
		asks   map[string]func(*httpadapter.Config)
	}{
		"blobs": {
			func(c *httpadapter.Config) { c.Blobs = tracedBlobs{c.Blobs} },
			[]string{"publicPictures", "resizedPictures", "pictureRepair", "directUpload", "signedPictures"},
			"httpadapter_test.tracedBlobs",
			map[string]func(*httpadapter.Config){
				"direct uploads":   func(c *httpadapter.Config) { c.Pictures.Direct = true },
				"signed addresses": func(c *httpadapter.Config) { c.Pictures.SignedFor = time.Minute },
			},
		},
		"the ledger": {
			func(c *httpadapter.Config) { c.Stores.Ledger = tracedLedger{c.Stores.Ledger} },
			[]string{"directUpload", "pictureRepair"},
			"httpadapter_test.tracedLedger",
			map[string]func(*httpadapter.Config){
				"direct uploads": func(c *httpadapter.Config) { c.Pictures.Direct = true },
			},
		},
		"users": {
			func(c *httpadapter.Config) {
				c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), tracedUsers{c.Stores.Users})
			},
			[]string{"deletion"},
			"httpadapter_test.tracedUsers",
			map[string]func(*httpadapter.Config){
				"a grace":   func(c *httpadapter.Config) { c.Profile.DeletionGrace = time.Hour },
				"no grace":  func(c *httpadapter.Config) { c.Profile.DeletionGrace = -1 },
				"a limit":   func(c *httpadapter.Config) { c.Profile.DeletionLimit = limit.Rule{Limit: 1, Window: time.Hour} },
				"a cache":   func(c *httpadapter.Config) { c.Auth.SessionCache = auth.SessionCache{TTL: time.Second} },
				"passwords": func(c *httpadapter.Config) { c.Stores.Auth = c.Stores.Tx.(httpadapter.Database).Auth() },
			},
		},
		"sessions": {
			func(c *httpadapter.Config) { c.Stores.Auth.Sessions = tracedPeople{c.Stores.Auth.Sessions} },
			[]string{"usersWithSessions"},
			"httpadapter_test.tracedPeople", nil,
		},
		"factors": {
			func(c *httpadapter.Config) { c.Stores.Auth.Factors = tracedKinds{c.Stores.Auth.Factors} },
			[]string{"resealing"},
			"httpadapter_test.tracedKinds", nil,
		},
		"the transactor": {
			func(c *httpadapter.Config) { c.Stores.Tx = tracedTx{c.Stores.Tx} }, nil, "httpadapter_test.tracedTx",
			map[string]func(*httpadapter.Config){
				"a cache": func(c *httpadapter.Config) { c.Auth.SessionCache = auth.SessionCache{TTL: time.Second} },
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, log := wired(t), &lockedBuffer{}
			c.Logger = (&world{log: log}).logger()
			db := c.Stores.Tx
			d.wrap(&c)
			app, err := httpadapter.New(c)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range app.Features() {
				want := slices.Contains(d.hidden, f.Name)
				if (f.State == httpadapter.Hidden) != want || want && !strings.Contains(f.Why, d.by) {
					t.Errorf("%s is %s: %s", f.Name, f.State, f.Why)
				}
				if want && !strings.Contains(log.String(), `"feature":"`+f.Name+`"`) {
					t.Errorf("the log does not tell of %s: %s", f.Name, log.String())
				}
			}
			for what, ask := range d.asks {
				c := wired(t)
				d.wrap(&c)
				if what == "passwords" {
					c.Stores.Tx = db
				}
				ask(&c)
				if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), d.by) {
					t.Errorf("a Config that asks for %s: %v; want an error that names %s", what, err, d.by)
				}
			}
		})
	}
}

// ofTenant gives the blobs of one tenant keys of their own.
type ofTenant struct {
	storage.BlobStore
	prefix string
}

func (o ofTenant) Put(ctx context.Context, key string, body io.ReadSeeker, m storage.Meta) error {
	return o.BlobStore.Put(ctx, o.prefix+key, body, m)
}

func (o ofTenant) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	return o.BlobStore.Open(ctx, o.prefix+key)
}

func (o ofTenant) Delete(ctx context.Context, key string) error {
	return o.BlobStore.Delete(ctx, o.prefix+key)
}

// A decorator that changes keys is not passed: pictures have no address with the key
// of before, and every call has the tenant's.
func TestADecoratorThatChangesKeysIsNotPassed(t *testing.T) {
	inside := memblob.New(memblob.Options{})
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Blobs, c.Pictures = ofTenant{&cdn{Store: inside}, "tenant-a/"}, picture.Policy{}
	})
	ada := w.client().register("ada")
	ada.photo(1)
	for _, u := range ada.pictureURLs() {
		if !strings.HasPrefix(u, "http://localhost/api/pictures/") && !strings.HasPrefix(u, "/api/pictures/") {
			t.Errorf("the picture is at %s, past the decorator", u)
		}
		ada.get(u).want(t, 200)
	}
	n := 0
	for info, err := range inside.List(t.Context(), "") {
		if err != nil || !strings.HasPrefix(info.Key, "tenant-a/") {
			t.Errorf("%s, %v", info.Key, err)
		}
		n++
	}
	if n == 0 {
		t.Error("nothing was stored")
	}
}

// Whoever has a second factor gets in by a recovery code when the host has left out all
// kinds of factors.
func TestFactorsOfBeforeAreStillAskedFor(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	_, codes := w.enrol(ada)
	other := newWorld(t, func(c *httpadapter.Config) {
		c.Stores, c.Auth.Factors, c.Now = httpadapter.StoresOf(w.store), []authfactor.Factor{}, w.clock.Now
	})
	again := other.client()
	r := again.send("POST", "/api/auth/login", login("ada", password)).want(t, 200).json(t)
	if r["status"] != "mfa_required" {
		t.Fatalf("%v", r)
	}
	again.send("POST", "/api/auth/mfa", answer("recovery_code", codes[0], "")).want(t, 200)
	again.get("/api/profile").want(t, 200)
}

func TestADecoratedOffIsOff(t *testing.T) {
	for _, off := range []limit.Store{limit.Off{}, &limit.Off{}, passedLimits{limit.Off{}}} {
		c := wired(t)
		c.Stores.Limits = off
		app, err := httpadapter.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := states(app)["limits"]; got != httpadapter.Off {
			t.Errorf("with %T limits are %s", off, got)
		}
	}
}

type passedLimits struct{ limit.Store }

func (p passedLimits) Unwrap() limit.Store { return p.Store }
