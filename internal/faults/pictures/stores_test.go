// Package pictures tests the life of pictures in real object stores.
package pictures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// world is a picture service on SQLite and a store.
type world struct {
	t        *testing.T
	db       *sqlstore.DB
	blobs    listed
	pictures *picture.Service
	prefs    *settings.Service
}

func newWorld(t *testing.T, blobs listed) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, blobs: blobs}
	if w.prefs, err = settings.New(settings.Config{
		Store: db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()}, Tx: db,
	}); err != nil {
		t.Fatal(err)
	}
	profiles, err := profile.New(profile.Config{Store: db.Users(), Settings: w.prefs})
	if err != nil {
		t.Fatal(err)
	}
	w.pictures, err = picture.New(picture.Config{
		Users: db.Users(), Ledger: db.Ledger(), Blobs: blobs, Tx: db, LimitStore: limit.Off{}, Profiles: profiles,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) user(name string) string {
	w.t.Helper()
	u, err := w.db.Users().Create(w.t.Context(), profile.User{Username: name, Email: name + "@example.org"})
	if err != nil {
		w.t.Fatal(err)
	}
	return u.ID
}

// shown changes who sees the user.
func (w *world) shown(id string, v profile.Visibility) {
	w.t.Helper()
	if err := settings.Set(w.t.Context(), w.prefs, profile.PrivacySection, id, profile.Privacy{Visibility: v}); err != nil {
		w.t.Fatal(err)
	}
}

// photo is a JPEG of a few KB.
func photo(seed uint32) io.Reader {
	return bytes.NewReader(imagetest.JPEG(imagetest.Photo(96, 80, seed), 80))
}

func (w *world) put(user string, seed uint32) profile.User {
	w.t.Helper()
	u, err := w.pictures.Put(w.t.Context(), user, photo(seed), picture.PutOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// exact purges and then checks that the store holds exactly the blobs that the
// users point to, each whole: invariants I2 and I3.
func (w *world) exact(users ...string) {
	w.t.Helper()
	if _, err := w.pictures.PurgeBlobs(w.t.Context(), 0); err != nil {
		w.t.Errorf("PurgeBlobs: %v", err)
	}
	if n, err := w.pictures.PurgeBlobs(w.t.Context(), 0); n != 0 || err != nil {
		w.t.Errorf("a second PurgeBlobs deleted %d, %v; want nothing left", n, err)
	}
	want := map[string]bool{}
	for _, id := range users {
		u, err := w.db.Users().User(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, size := range u.Picture.Sizes {
			want[picture.Key(u.Picture, size)] = true
		}
	}
	have := map[string]bool{}
	for info, err := range w.blobs.List(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		have[info.Key] = true
		if info.Size < 100 {
			w.t.Errorf("%s has %d bytes", info.Key, info.Size)
		}
	}
	if !maps.Equal(have, want) {
		w.t.Errorf("the store has %v; want %v", slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(want)))
	}
}

// TestR25_LifeOfAPicture: an upload, a change, a delete and a purge leave
// exactly the blobs that are referred to, in each store; going private leaves
// nothing at the old addresses.
func TestR25_LifeOfAPicture(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, open(t))
			ada, bob := w.user("ada"), w.user("bob")
			w.put(ada, 1)
			w.put(bob, 2)
			w.exact(ada, bob)
			w.put(ada, 3)
			w.exact(ada, bob)
			before := w.put(ada, 4).Picture
			_, urls := w.blobs.(storage.PublicURLer)
			if before.Public != urls || (w.pictures.PublicURL(before, 64) != "") != urls {
				t.Errorf("a public picture has address %q; the store has addresses: %v", w.pictures.PublicURL(before, 64), urls)
			}
			w.shown(ada, profile.Private)
			u, err := w.db.Users().User(t.Context(), ada)
			if err != nil || u.Picture.Public || w.pictures.PublicURL(u.Picture, 64) != "" {
				t.Errorf("gone private: %+v, %v", u.Picture, err)
			}
			if urls {
				r, _, err := w.blobs.Open(t.Context(), picture.KeyFor(before, 64))
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the blob of the public address opens: %v", err)
					r.Close()
				}
			}
			w.exact(ada, bob)
			w.shown(ada, profile.Public)
			if u, err = w.db.Users().User(t.Context(), ada); err != nil || u.Picture.Public != urls {
				t.Errorf("public again: %+v, %v", u.Picture, err)
			}
			w.exact(ada, bob)
			if _, err := w.pictures.Remove(t.Context(), ada, 0); err != nil {
				t.Fatal(err)
			}
			w.exact(bob)
			if _, err := w.pictures.Remove(t.Context(), bob, 0); err != nil {
				t.Fatal(err)
			}
			w.exact()
		})
	}
}

// TestS63_ManyUploads: whatever one user uploads, at once and one after the
// other, one picture is left.
func TestS63_ManyUploads(t *testing.T) {
	n := 40
	if os.Getenv("PROFILEKIT_LONG") != "" {
		n = 200
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, open(t))
			ada := w.user("ada")
			var all sync.WaitGroup
			for part := range 4 {
				all.Go(func() {
					for i := range n / 4 {
						if _, err := w.pictures.Put(t.Context(), ada, photo(uint32(part*100+i)), picture.PutOptions{}); err != nil {
							t.Errorf("upload %d of %d: %v", i, part, err)
						}
					}
				})
			}
			// Purging beside the uploads takes nothing that is live. Pending
			// blobs are theirs: an age of an hour spares them.
			all.Go(func() {
				for range 5 {
					if _, err := w.pictures.PurgeBlobs(t.Context(), time.Hour); err != nil {
						t.Errorf("PurgeBlobs: %v", err)
					}
				}
			})
			all.Wait()
			w.exact(ada)
		})
	}
}

// TestR24_StoreFailsAtEachCall: at whichever call the store fails, before or
// after it did what was asked, the user has the old picture or the new one,
// whole, and a purge leaves nothing else.
func TestR24_StoreFailsAtEachCall(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			f := &failing{listed: open(t)}
			w := newWorld(t, f)
			ada := w.user("ada")
			w.put(ada, 0)
			for _, after := range []bool{false, true} {
				for at := 1; ; at++ {
					old, err := w.db.Users().User(t.Context(), ada)
					if err != nil {
						t.Fatal(err)
					}
					f.fail(at, after)
					u, err := w.pictures.Put(t.Context(), ada, photo(uint32(at)), picture.PutOptions{})
					struck := f.heal()
					if err == nil && struck > 0 {
						t.Errorf("call %d failed and the upload is told to work", at)
					}
					if err != nil && !errors.Is(err, storage.ErrUnavailable) {
						t.Errorf("call %d: %v; want ErrUnavailable", at, err)
					}
					now, err2 := w.db.Users().User(t.Context(), ada)
					if err2 != nil {
						t.Fatal(err2)
					}
					if err != nil && now.Picture.Base != old.Picture.Base {
						t.Errorf("call %d failed and the picture changed", at)
					}
					if err == nil && now.Picture.Base != u.Picture.Base {
						t.Errorf("call %d: the answer is not what is stored", at)
					}
					w.exact(ada)
					if struck == 0 {
						break // the upload makes fewer calls than that
					}
				}
			}
		})
	}
}

// failing fails one Put, before or after it has put, and every call after that.
type failing struct {
	listed
	mu     sync.Mutex
	at, n  int
	after  bool
	struck int
}

func (f *failing) fail(at int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.n, f.after, f.struck = at, 0, after, 0
}

func (f *failing) heal() (struck int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = 0
	return f.struck
}

func (f *failing) strikes() (strike, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.at == 0 || f.n < f.at {
		return false, false
	}
	f.struck++
	return true, f.after
}

func (f *failing) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	strike, after := f.strikes()
	if strike && !after {
		return &storage.UnavailableError{Err: errors.New("down")}
	}
	err := f.listed.Put(ctx, key, body, meta)
	if strike && err == nil {
		return &storage.UnavailableError{Err: fmt.Errorf("the answer to %s was lost", key)}
	}
	return err
}

func (f *failing) Delete(ctx context.Context, key string) error {
	f.mu.Lock()
	down := f.at > 0
	f.mu.Unlock()
	if down {
		return &storage.UnavailableError{Err: errors.New("down")}
	}
	return f.listed.Delete(ctx, key)
}

// ResizedURL keeps the store's own sizes.
func (f *failing) ResizedURL(key string, size int) string {
	if r, ok := f.listed.(storage.Resizer); ok {
		return r.ResizedURL(key, size)
	}
	return ""
}

// PublicURL keeps the store's own addresses.
func (f *failing) PublicURL(key string) string {
	if u, ok := f.listed.(storage.PublicURLer); ok {
		return u.PublicURL(key)
	}
	return ""
}
