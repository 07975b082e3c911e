package picture_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// between lets a change come right before the transaction that points to a
// picture.
type between struct {
	storage.Transactor
	change func()
}

func (b *between) InTx(ctx context.Context, f func(context.Context) error) error {
	if change := b.change; change != nil {
		b.change = nil
		change()
	}
	return b.Transactor.InTx(ctx, f)
}

// racedWorld is a world in whose next transaction a change of the user comes
// between.
func racedWorld(t *testing.T) (w *world, tx *between) {
	w = newDirectWorld(t)
	tx = &between{Transactor: w.db}
	w.svc = w.service(t, func(c *picture.Config) {
		c.Tx, c.Blobs = tx, directtest.New(t, w.blobs)
	})
	return w, tx
}

// rival changes the user's name.
func (w *world) rival(t *testing.T, name string) {
	t.Helper()
	if _, err := w.db.Users().Update(t.Context(), w.user.ID, profile.Patch{DisplayName: &name}); err != nil {
		t.Error(err)
	}
}

// hooked calls atEnd when everything of r has been read.
type hooked struct {
	r     io.Reader
	reads int
	atEnd func()
}

func (h *hooked) Read(p []byte) (int, error) {
	h.reads++
	n, err := h.r.Read(p)
	if err == io.EOF && h.atEnd != nil {
		h.atEnd()
		h.atEnd = nil
	}
	return n, err
}

// is fails when the user is not the one of before, or a blob is left over.
func (w *world) is(t *testing.T, before profile.User, kept ...string) {
	t.Helper()
	if u := w.current(t); u.Version != before.Version || u.Picture.Base != before.Picture.Base || u.DisplayName != before.DisplayName {
		t.Errorf("the user is %+v; want %+v", u, before)
	}
	if _, err := w.svc.PurgeBlobs(t.Context(), 0); err != nil {
		t.Error(err)
	}
	w.checkWhole(t)
	want := slices.Sorted(slices.Values(append(w.referenced(t), kept...)))
	if got := w.stored(t); !slices.Equal(got, want) {
		t.Errorf("the store has %v; want %v", got, want)
	}
}

func stale(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrStale) {
		t.Errorf("%s: %v; want storage.ErrStale", what, err)
	}
}

// A Put whose version is old reads nothing, and one whose version gets old
// changes nothing.
func TestPutIfVersion(t *testing.T) {
	w, tx := racedWorld(t)
	firstPicture(t, w)
	before := w.current(t)
	put := func(r io.Reader, version int64) error {
		_, err := w.svc.Put(t.Context(), w.user.ID, r, picture.PutOptions{IfVersion: version})
		return err
	}
	for _, version := range []int64{before.Version - 1, before.Version + 1, -1} {
		body := &hooked{r: small(1)}
		if stale(t, "another version", put(body, version)); body.reads != 0 {
			t.Errorf("the file was read %d times", body.reads)
		}
	}
	w.is(t, before)

	stale(t, "a change while the file was read", put(&hooked{r: small(2), atEnd: func() { w.rival(t, "one") }}, before.Version))
	w.is(t, w.current(t))
	before = w.current(t)
	tx.change = func() { w.rival(t, "two") }
	stale(t, "a change before the transaction", put(small(3), before.Version))
	if before = w.current(t); before.DisplayName != "two" {
		t.Errorf("the user is called %q", before.DisplayName)
	}
	w.is(t, before)

	// A newer picture stays.
	tx.change = func() {
		if err := put(small(4), before.Version); err != nil {
			t.Error(err)
		}
		before = w.current(t)
	}
	stale(t, "a picture before the transaction", put(small(5), before.Version))
	w.is(t, before)

	// Without a version the last one stays.
	tx.change = func() { w.rival(t, "three") }
	if err := put(small(6), 0); err != nil {
		t.Error(err)
	}
	if u := w.current(t); u.Picture.Base == before.Picture.Base || u.DisplayName != "three" {
		t.Errorf("the user is %+v", u)
	}
	if err := put(small(7), w.current(t).Version); err != nil {
		t.Errorf("the present version: %v", err)
	}
}

func TestRemoveIfVersion(t *testing.T) {
	w, tx := racedWorld(t)
	remove := func(version int64) error {
		_, err := w.svc.Remove(t.Context(), w.user.ID, version)
		return err
	}
	// There is nothing to remove, and the version counts all the same.
	stale(t, "another version without a picture", remove(w.current(t).Version+1))
	if err := remove(w.current(t).Version); err != nil {
		t.Error(err)
	}
	firstPicture(t, w)
	before := w.current(t)
	stale(t, "an old version", remove(before.Version-1))
	w.is(t, before)
	tx.change = func() { w.rival(t, "one") }
	stale(t, "a change before the transaction", remove(before.Version))
	if before = w.current(t); before.DisplayName != "one" || before.Picture.IsZero() {
		t.Errorf("the user is %+v", before)
	}
	w.is(t, before)
	if err := remove(before.Version); err != nil {
		t.Error(err)
	}
	if u := w.current(t); !u.Picture.IsZero() || u.Version == before.Version {
		t.Errorf("the user is %+v", u)
	}
}

// A file stays for another try with the present version.
func TestCompleteDirectIfVersion(t *testing.T) {
	w, tx := racedWorld(t)
	firstPicture(t, w)
	before := w.current(t)
	up := w.sent(t, bytesOf(t, small(9)))
	complete := func(version int64) error {
		_, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{IfVersion: version})
		return err
	}
	stale(t, "an old version", complete(before.Version-1))
	w.is(t, before, "in/"+up.ID)
	_, err := w.svc.CompleteDirect(t.Context(), w.user.ID, orphan(1)[:26], picture.PutOptions{IfVersion: before.Version - 1})
	stale(t, "an old version, which is looked at before the file is", err)
	for _, name := range []string{"one", "two"} {
		tx.change = func() { w.rival(t, name) }
		stale(t, "a change before the transaction", complete(w.current(t).Version))
		if u := w.current(t); u.DisplayName != name || u.Picture.Base != before.Picture.Base {
			t.Errorf("the user is %+v", u)
		}
		w.is(t, w.current(t), "in/"+up.ID)
	}
	if err := complete(w.current(t).Version); err != nil {
		t.Fatal(err)
	}
	if u := w.current(t); u.Picture.Base == before.Picture.Base {
		t.Error("the picture is the one of before")
	}
	w.is(t, w.current(t))
	if err := complete(w.current(t).Version); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
}
