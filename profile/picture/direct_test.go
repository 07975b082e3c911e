package picture_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// newDirectWorld has a store to which files can be sent directly.
func newDirectWorld(t testing.TB) *world {
	w := newRepairWorld(t)
	w.svc = w.service(t, func(cfg *picture.Config) { cfg.Blobs = directtest.New(t, w.blobs) })
	return w
}

// sent is a file that the user has sent and not completed.
func (w *world) sent(t testing.TB, file []byte) picture.DirectUpload {
	t.Helper()
	up, err := w.svc.BeginDirect(t.Context(), w.user.ID, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	if status := directtest.Send(t, up.DirectForm, file); status >= 300 {
		t.Fatalf("the store answers %d", status)
	}
	return up
}

func bytesOf(t testing.TB, r io.Reader) []byte {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// exact: the store has the picture of the user and nothing else.
func (w *world) exact(t testing.TB) {
	t.Helper()
	w.checkWhole(t)
	if got, want := w.stored(t), w.referenced(t); !slices.Equal(got, want) {
		t.Errorf("the store has %v; want %v", got, want)
	}
}

// A file that was sent to the store is nothing until it is completed, and
// afterwards the same as one that was sent to the host.
func TestS65_DirectUploadBecomesAPicture(t *testing.T) {
	w := newDirectWorld(t)
	file := bytesOf(t, small(90))
	up := w.sent(t, file)
	if left := time.Until(up.ExpiresAt); left <= 0 || left > 5*time.Minute {
		t.Errorf("the form lasts %v; want at most 5 minutes", left)
	}
	if up.MaxBytes != 10<<20 {
		t.Errorf("MaxBytes is %d", up.MaxBytes)
	}
	raw := w.stored(t)
	if len(raw) != 1 || !strings.HasSuffix(raw[0], "/"+up.ID) {
		t.Fatalf("the store has %v", raw)
	}
	if owner, err := w.svc.Owner(t.Context(), raw[0]); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the file as it was sent is served as %q's: %v", owner, err)
	}
	if p := w.current(t).Picture; !p.IsZero() {
		t.Errorf("before it was completed the user has %+v", p)
	}
	u, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{Crop: &picture.Crop{Size: 8}})
	if err != nil || u.Picture.Base != w.current(t).Picture.Base || u.Picture.Base == up.ID {
		t.Fatalf("CompleteDirect: %+v, %v", u.Picture, err)
	}
	w.exact(t)
	direct := bytesOf(t, must(w.blobs.Open(t.Context(), picture.Key(u.Picture, 512))))
	if u, err = w.svc.Put(t.Context(), w.user.ID, bytes.NewReader(file), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if put := bytesOf(t, must(w.blobs.Open(t.Context(), picture.Key(u.Picture, 512)))); !bytes.Equal(put, direct) {
		t.Error("Put makes another picture of the same file")
	}
}

func must(r io.ReadCloser, _ storage.BlobInfo, err error) io.Reader {
	if err != nil {
		return strings.NewReader(err.Error())
	}
	return r
}

// Whatever was sent, it is decoded and made anew or it is no picture, and it
// does not stay.
func TestS65_DirectUploadIsCheckedAsEveryPicture(t *testing.T) {
	w := newDirectWorld(t)
	firstPicture(t, w)
	before := w.current(t).Picture.Base
	good := bytesOf(t, small(90))
	var rejected *picture.RejectedError
	var invalid *input.InvalidError
	for name, c := range map[string]struct {
		file []byte
		crop *picture.Crop
		is   func(error) bool
	}{
		"HTML":    {file: []byte("<html><script>alert(1)</script></html>"), is: func(err error) bool { return errors.Is(err, picture.ErrUnsupported) }},
		"cut off": {file: good[:len(good)/2], is: func(err error) bool { return errors.As(err, &rejected) }},
		"a crop that is not in the picture": {file: good, crop: &picture.Crop{X: 9000, Size: 8}, is: func(err error) bool {
			return errors.As(err, &invalid)
		}},
	} {
		up := w.sent(t, c.file)
		if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{Crop: c.crop}); !c.is(err) {
			t.Errorf("%s: %v", name, err)
		}
		w.exact(t)
		if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s, a second time: %v; want ErrNotFound", name, err)
		}
	}
	// A store that let more through than the form allows.
	up := w.sent(t, good)
	if err := w.blobs.Put(t.Context(), "in/"+up.ID, bytes.NewReader(make([]byte, up.MaxBytes+1)), storage.Meta{ContentType: "image/jpeg", Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, picture.ErrTooLarge) {
		t.Errorf("too long: %v; want ErrTooLarge", err)
	}
	w.exact(t)
	if got := w.current(t).Picture.Base; got != before {
		t.Errorf("the picture is %s now; want the old one", got)
	}
}

// An ID is its owner's, of a file that was begun, and works once.
func TestS65_DirectUploadIsItsOwnersAndWorksOnce(t *testing.T) {
	w := newDirectWorld(t)
	bob, err := w.db.Users().Create(t.Context(), profile.User{Username: "bob", Email: "bob@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	file := bytesOf(t, small(90))
	up := w.sent(t, file)
	if _, err := w.svc.CompleteDirect(t.Context(), bob.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("another user's: %v; want ErrNotFound", err)
	}
	for _, id := range []string{"", "x", "../" + up.ID[3:], "in/" + up.ID, up.ID + "x", strings.ToUpper(up.ID), strings.Repeat("a", 26)} {
		if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, id, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("ID %q: %v; want ErrNotFound", id, err)
		}
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { _, errs[i] = w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, storage.ErrNotFound):
			t.Errorf("CompleteDirect beside others: %v; want nil or ErrNotFound", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 completions made a picture; want one", won)
	}
	w.exact(t)

	// The form lasts longer than the ID: what it brings then is purged, but not
	// forgotten before the form has ended.
	if status := directtest.Send(t, up.DirectForm, file); status >= 300 {
		t.Fatalf("the store answers %d", status)
	}
	if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a second file by one form: %v; want ErrNotFound", err)
	}
	w.purge(t, 0)
	if keys, err := w.db.Ledger().Keys(t.Context(), w.user.ID); err != nil || !slices.Contains(keys, "in/"+up.ID) {
		t.Errorf("the ledger forgot the key while the form is good: %v, %v", keys, err)
	}
	w.now = w.now.Add(16 * time.Minute)
	w.purge(t, 0)
	w.exact(t)
}

func (w *world) purge(t testing.TB, age time.Duration) {
	t.Helper()
	if _, err := w.svc.PurgeBlobs(t.Context(), age); err != nil {
		t.Errorf("PurgeBlobs: %v", err)
	}
}

// What was sent and never completed goes: by the ledger, or if that lost it,
// by a repair.
func TestS65_DirectUploadsThatAreNotCompletedArePurged(t *testing.T) {
	w := newDirectWorld(t)
	firstPicture(t, w)
	up := w.sent(t, []byte("never completed"))
	w.purge(t, 0)
	w.now = w.now.Add(time.Hour)
	w.purge(t, picture.DefaultPendingAge)
	if !slices.Contains(w.stored(t), "in/"+up.ID) {
		t.Error("purged while the form may still bring something")
	}
	w.now = w.now.Add(16 * time.Minute)
	w.purge(t, picture.DefaultPendingAge)
	w.exact(t)
	if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("purged: %v; want ErrNotFound", err)
	}
	w.stray(t, "in/"+up.ID)
	w.now = w.now.Add(25 * time.Hour)
	if report, err := w.svc.Repair(t.Context(), picture.RepairOptions{Delete: true}); err != nil || report.Deleted != 1 {
		t.Errorf("Repair: %+v, %v", report, err)
	}
	w.exact(t)
}

// What is no fault of the file can be tried again with the same ID.
func TestS65_DirectUploadIsTriedAgainAfterAFault(t *testing.T) {
	w := newRepairWorld(t)
	double := directtest.New(t, w.blobs)
	f := &brittle{Store: double}
	w.svc = w.service(t, func(cfg *picture.Config) { cfg.Blobs = f })
	up, err := w.svc.BeginDirect(t.Context(), w.user.ID, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("nothing was sent: %v; want ErrNotFound", err)
	}
	directtest.Send(t, up.DirectForm, bytesOf(t, small(90)))
	for name, fault := range map[string]*brittle{
		"open": {open: true}, "put": {put: true},
	} {
		f.open, f.put = fault.open, fault.put
		if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v; want ErrUnavailable", name, err)
		}
	}
	f.open, f.put = false, false
	if _, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{}); err != nil {
		t.Errorf("CompleteDirect, the store healed: %v", err)
	}
	w.purge(t, 0)
	w.exact(t)
}

// brittle is a store of which a part is down.
type brittle struct {
	*directtest.Store
	open, put bool
}

func (b *brittle) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if b.open {
		return nil, storage.BlobInfo{}, &storage.UnavailableError{Err: errors.New("down")}
	}
	return b.Store.Open(ctx, key)
}

func (b *brittle) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if b.put {
		return &storage.UnavailableError{Err: errors.New("down")}
	}
	return b.Store.Put(ctx, key, body, meta)
}

// What the form is for is decided here, not by who asks.
func TestS65_DirectFormsAreForPictures(t *testing.T) {
	w := newDirectWorld(t)
	for _, bad := range []string{"", "text/html", "image/svg+xml", "image/*", "IMAGE/JPEG", "image/jpeg; charset=x", "application/octet-stream"} {
		var invalid *input.InvalidError
		if _, err := w.svc.BeginDirect(t.Context(), w.user.ID, bad); !errors.As(err, &invalid) || invalid.Fields[0].Field != "contentType" {
			t.Errorf("type %q: %v; want it refused by name", bad, err)
		}
	}
	if keys, err := w.db.Ledger().Keys(t.Context(), w.user.ID); len(keys) != 0 || err != nil {
		t.Errorf("the ledger has %v, %v", keys, err)
	}
	for _, good := range w.svc.Types() {
		if up, err := w.svc.BeginDirect(t.Context(), w.user.ID, good); err != nil || up.Fields["Content-Type"] != good {
			t.Errorf("type %q: %v, %v", good, up.Fields, err)
		}
	}
	plain := w.service(t, nil)
	if _, err := plain.BeginDirect(t.Context(), w.user.ID, "image/jpeg"); plain.CanDirect() || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store that takes nothing directly: %v", err)
	}
}
