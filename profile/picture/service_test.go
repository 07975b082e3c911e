package picture_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// world is a service on stores in memory, with one user.
type world struct {
	db    *memstore.Store
	blobs *memblob.Store
	svc   *picture.Service
	user  profile.User
	now   time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{db: memstore.New(), blobs: memblob.New(memblob.Options{}), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	w.user, err = w.db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	w.svc = w.service(t, nil)
	return w
}

// service makes a service on the world's stores; change may put others before
// them.
func (w *world) service(t testing.TB, change func(*picture.Config)) *picture.Service {
	t.Helper()
	cfg := picture.Config{
		Users: w.db.Users(), Ledger: w.db.Ledger(), Blobs: w.blobs, Tx: w.db, LimitStore: limit.Off{},
		Now: func() time.Time { return w.now },
	}
	if change != nil {
		change(&cfg)
	}
	_, direct := storage.As[storage.DirectUploader](cfg.Blobs)
	_, taker := storage.As[storage.LedgerTaker](cfg.Ledger)
	cfg.Direct = direct && taker
	svc, err := picture.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// privacy is the profiles of the world's users, and what changes who sees the one.
func (w *world) privacy(t testing.TB) (*profile.Service, func(profile.Visibility)) {
	t.Helper()
	prefs, err := settings.New(settings.Config{
		Store: w.db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()}, Tx: w.db,
	})
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := profile.New(profile.Config{Store: w.db.Users(), Settings: prefs})
	if err != nil {
		t.Fatal(err)
	}
	return profiles, func(v profile.Visibility) {
		t.Helper()
		if err := settings.Set(t.Context(), prefs, profile.PrivacySection, w.user.ID, profile.Privacy{Visibility: v}); err != nil {
			t.Fatal(err)
		}
	}
}

// small is a picture that costs little; seed makes them differ.
func small(seed byte) io.Reader {
	return bytes.NewReader(imagetest.FlatJPEG{Width: 8, Height: 8, Values: []byte{seed}}.Bytes())
}

func (w *world) current(t testing.TB) profile.User {
	t.Helper()
	u, err := w.db.Users().User(t.Context(), w.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// referenced are the keys that the user's picture has.
func (w *world) referenced(t testing.TB) []string {
	t.Helper()
	var keys []string
	p := w.current(t).Picture
	for _, size := range p.Sizes {
		keys = append(keys, picture.Key(p, size))
	}
	slices.Sort(keys)
	return keys
}

func (w *world) stored(t testing.TB) []string {
	t.Helper()
	keys := map[string]bool{}
	for info, err := range w.blobs.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys[info.Key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

// checkWhole: the picture that the user has is there in every size (I2), and
// the ledger knows whose it is.
func (w *world) checkWhole(t testing.TB) {
	t.Helper()
	for _, key := range w.referenced(t) {
		r, info, err := w.blobs.Open(t.Context(), key)
		if err != nil {
			t.Errorf("the user's picture is broken: %v", err)
			continue
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil || cleanFile(data) != nil {
			t.Errorf("%s: %v, %v", key, err, cleanFile(data))
		}
		if info.ContentType != "image/jpeg" || info.CacheControl != "public, max-age=31536000, immutable" {
			t.Errorf("%s is stored as %+v", key, info)
		}
		if owner, err := w.svc.Owner(t.Context(), key); err != nil || owner != w.user.ID {
			t.Errorf("owner of %s: %q, %v", key, owner, err)
		}
	}
}

// checkPurged: after a purge there are exactly the blobs that are referenced,
// and the ledger holds nothing else (I3); a second purge finds nothing.
func (w *world) checkPurged(t testing.TB) {
	t.Helper()
	w.now = w.now.Add(2 * time.Hour) // claims of a purge that died run out
	if _, err := w.svc.PurgeBlobs(t.Context(), 0); err != nil {
		t.Fatalf("PurgeBlobs: %v", err)
	}
	want := w.referenced(t)
	if got := w.stored(t); !slices.Equal(got, want) {
		t.Errorf("after the purge there are %v; want %v", got, want)
	}
	got, err := w.db.Ledger().Keys(t.Context(), w.user.ID)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("after the purge the ledger has %v, %v; want %v", got, err, want)
	}
	if n, err := w.svc.PurgeBlobs(t.Context(), 0); n != 0 || err != nil {
		t.Errorf("the second purge deleted %d, %v", n, err)
	}
	w.checkWhole(t)
}

func (w *world) kinds(t testing.TB) string {
	t.Helper()
	events, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: w.user.ID, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range slices.Backward(events) {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

func TestPutReplaceRemove(t *testing.T) {
	w := newWorld(t)
	first, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := first.Picture
	if !slices.Equal(p.Sizes, []int{512, 256, 128, 64}) || p.Ext != "jpg" || len(p.Placeholder) != 32 || p.URL != "" {
		t.Errorf("picture is %+v", p)
	}
	if first.Version <= w.user.Version {
		t.Errorf("version %d after %d", first.Version, w.user.Version)
	}
	w.checkWhole(t)

	second, err := w.svc.Put(t.Context(), w.user.ID, small(200), picture.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if second.Picture.Base == p.Base {
		t.Error("the new picture has the old one's name")
	}
	if _, err := w.svc.Owner(t.Context(), picture.Key(p, 64)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("owner of a replaced blob: %v; want storage.ErrNotFound", err)
	}
	if n, err := w.svc.PurgeBlobs(t.Context(), picture.DefaultPendingAge); n != 4 || err != nil {
		t.Errorf("purge deleted %d, %v; want the 4 replaced", n, err)
	}
	w.checkPurged(t)

	third, err := w.svc.Remove(t.Context(), w.user.ID, 0)
	if err != nil || !third.Picture.IsZero() {
		t.Errorf("after Remove: %+v, %v", third.Picture, err)
	}
	again, err := w.svc.Remove(t.Context(), w.user.ID, 0)
	if err != nil || again.Version != third.Version {
		t.Errorf("Remove without a picture: version %d after %d, %v", again.Version, third.Version, err)
	}
	if got, want := w.kinds(t), "picture.changed picture.changed picture.removed"; got != want {
		t.Errorf("events %q; want %q", got, want)
	}
	w.checkPurged(t)
	if w.blobs.Len() != 0 {
		t.Errorf("%d blobs are left", w.blobs.Len())
	}
}

func TestAdoptedPictureIsReplaced(t *testing.T) {
	w := newWorld(t)
	old := profile.Picture{URL: "https://example.org/old.jpg"}
	if _, err := w.db.Users().Update(t.Context(), w.user.ID, profile.Patch{Picture: &old}); err != nil {
		t.Fatal(err)
	}
	if key := picture.Key(old, 64); key != "" {
		t.Errorf("Key of a picture without a base is %q", key)
	}
	u, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{})
	if err != nil || u.Picture.URL != "" {
		t.Errorf("after Put: %+v, %v", u.Picture, err)
	}
	w.checkPurged(t)
}

func TestRefusedPictureChangesNothing(t *testing.T) {
	w := newWorld(t)
	if _, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	before := w.current(t)
	for _, f := range imagetest.Refused() {
		if _, err := w.svc.Put(t.Context(), w.user.ID, bytes.NewReader(f.Data), picture.PutOptions{}); outcome(err) != f.Refused {
			t.Errorf("%s: %v; want %s", f.Name, err, f.Refused)
		}
	}
	if after := w.current(t); after.Version != before.Version || after.Picture.Base != before.Picture.Base {
		t.Errorf("the user changed: %+v", after.Picture)
	}
	if w.blobs.Len() != 4 {
		t.Errorf("%d blobs; want 4", w.blobs.Len())
	}
	if _, err := w.svc.Put(t.Context(), "no-such-user", small(1), picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Put for an unknown user: %v; want storage.ErrNotFound", err)
	}
	if _, err := w.svc.Remove(t.Context(), "no-such-user", 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Remove for an unknown user: %v; want storage.ErrNotFound", err)
	}
	w.checkPurged(t)
}

// An unknown user's picture is not even read.
func TestS58_UnknownUserIsRefusedBeforeTheBodyIsRead(t *testing.T) {
	w := newWorld(t)
	src := &counting{Reader: small(1)}
	if _, err := w.svc.Put(t.Context(), "no-such-user", src, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) || src.n != 0 {
		t.Errorf("%v after %d bytes; want storage.ErrNotFound after 0", err, src.n)
	}
}

var keyForm = regexp.MustCompile(`^[a-z2-7]{26}-(512|256|128|64)\.(jpg|png)$`)

// Keys are random and say nothing: the same picture of the same user never
// has the same name twice, and nothing of the file gets into it.
func TestS62_KeysAreRandom(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	letters := map[byte]int{}
	jpg := imagetest.EXIF{Orientation: 1, GPS: true}.InJPEG(imagetest.FlatJPEG{Width: 8, Height: 8, Values: []byte{9}}.Bytes())
	for range 20 {
		u, err := w.svc.Put(t.Context(), w.user.ID, bytes.NewReader(jpg), picture.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range u.Picture.Sizes {
			key := picture.Key(u.Picture, size)
			if !keyForm.MatchString(key) || !storage.ValidKey(key) {
				t.Errorf("key %q has not the form", key)
			}
			if seen[key] {
				t.Errorf("key %q came twice", key)
			}
			seen[key] = true
		}
		for i := range len(u.Picture.Base) {
			letters[u.Picture.Base[i]]++
		}
	}
	if len(letters) < 25 {
		t.Errorf("520 random letters are only %d different ones of 32", len(letters))
	}
}

func TestS62_OwnerOfStrangeKeys(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"", "../x", "a/../../b", "X", "no-such-key-64.jpg", "a\x00", strings.Repeat("a", 1000)} {
		if _, err := w.svc.Owner(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Owner(%.20q): %v; want storage.ErrNotFound", key, err)
		}
	}
}

// Two uploads at once: both may succeed, one of the pictures stays, and the
// other's blobs go.
func TestS63_ParallelUploadsLeaveOnePicture(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, err := w.svc.Put(t.Context(), w.user.ID, small(byte(i)), picture.PutOptions{}); err != nil {
				t.Errorf("Put: %v", err)
			}
		})
	}
	wg.Wait()
	w.checkWhole(t)
	w.checkPurged(t)
	if w.blobs.Len() != 4 {
		t.Errorf("%d blobs; want 4", w.blobs.Len())
	}
}

func TestNewNeedsItsStores(t *testing.T) {
	if _, err := picture.New(picture.Config{}); err == nil {
		t.Error("New of an empty Config worked")
	}
	w := newWorld(t)
	if w.svc.MaxBytes() != 10<<20 {
		t.Errorf("MaxBytes is %d", w.svc.MaxBytes())
	}
}

type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
