package services

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// A Caller that was read before the picture was there ends its public address too.
func TestS64_DeletionByAnEarlierReading(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	c := ada.caller()  // DELETE /profile has authenticated
	w.must(ada.put(1)) // PUT /profile/picture beside it
	before := ada.user().Picture
	if _, err := w.deletions.Request(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	u := ada.user()
	if !u.DeletionPending() {
		t.Fatal("not leaving")
	}
	if _, _, err := w.blobs.Open(t.Context(), picture.Key(before, before.Sizes[0])); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("account is leaving; Picture.Public=%v; the public address %s still works: %v", u.Picture.Public, w.pictures.PublicURL(u.Picture, 64), err)
	}
}

// A Caller that was read long ago gets the copy of an account as it is now, or none.
func TestS34_ExportByAnEarlierReading(t *testing.T) {
	for name, then := range map[string]func(w *world, p *person){
		"disabled": func(w *world, p *person) {
			_, err := w.db.Users().Update(w.t.Context(), p.id, profile.Patch{Disabled: new(true)})
			w.must(err)
		},
		"leaving": func(w *world, p *person) {
			_, err := w.deletions.Request(w.t.Context(), p.caller())
			w.must(err)
		},
		"erased": func(w *world, p *person) {
			u := p.user()
			w.must(w.db.Users().(profile.DeletableStore).DeleteUser(w.t.Context(), p.id, u.Version))
		},
		"renamed": func(w *world, p *person) {
			_, err := w.db.Users().Update(w.t.Context(), p.id, profile.Patch{DisplayName: new("New Name")})
			w.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newMemory())
			ada := w.join("ada")
			c := ada.caller()
			then(w, ada)
			var out bytes.Buffer
			err := w.exporter.Export(t.Context(), c, &out)
			if name == "renamed" {
				z, zerr := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
				w.must(zerr)
				r, _ := z.Open("profile.json")
				b, _ := io.ReadAll(r)
				if !strings.Contains(string(b), "New Name") {
					t.Errorf("the copy has the profile of before")
				}
				return
			}
			if !errors.Is(err, profile.ErrNoAccount) {
				t.Errorf("export of an account that is %s: err %v, %d bytes handed out", name, err, out.Len())
			}
			if name == "erased" {
				p := ada.kinds()
				t.Log("events of nobody:", p)
				_ = p
			}
		})
	}
}

// A change that hides a picture is refused inside a transaction of the host's: no
// rollback brings blobs back.
func TestR23_HidingInATransactionIsRefused(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		w.must(ada.put(1))
		undo := errors.New("host changes its mind")
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if _, err := w.settings.Patch(ctx, ada.id, []byte(`{"privacy":{"visibility":"private"}}`), 0); err != nil {
				return err
			}
			return undo
		})
		is(t, "a patch in a transaction", err, storage.ErrInTransaction)
		p := ada.user().Picture
		if _, _, err := w.blobs.Open(t.Context(), picture.Key(p, p.Sizes[0])); err != nil {
			t.Errorf("rolled back; the user's present picture %s: %v", p.Base, err)
		}
	})
}

func TestR23_DeletionInATransactionIsRefused(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	w.must(ada.put(1))
	c := ada.caller()
	undo := errors.New("host changes its mind")
	err := w.db.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := w.deletions.Request(ctx, c); err != nil {
			return err
		}
		return undo
	})
	is(t, "a deletion in a transaction", err, storage.ErrInTransaction)
	p := ada.user().Picture
	if _, _, err := w.blobs.Open(t.Context(), picture.Key(p, p.Sizes[0])); err != nil {
		t.Errorf("rolled back; the user's present picture: %v", err)
	}
}

// A deletion that a link takes back is one for the observers too: the picture is
// public again, and the feed says so.
func TestReportTakesADeletionBackForAll(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	w.must(ada.put(1))
	var back int
	w.deletions.Observe(profile.DeletionObserver{After: func(_ context.Context, c profile.DeletionChange, err error) {
		if c.At.IsZero() && err == nil {
			back++
		}
	}})
	link, err := w.auth.ReportLink(t.Context(), ada.id, "")
	w.must(err)
	_, err = w.deletions.Request(t.Context(), ada.caller())
	w.must(err)
	token := link[strings.LastIndexAny(link, "=#")+1:]
	w.must(w.auth.Report(t.Context(), home, token))
	u := ada.user()
	if u.DeletionPending() {
		t.Fatal("still leaving")
	}
	if back == 0 || !u.Picture.Public || w.post.told(profile.KindRestored) == 0 {
		t.Errorf("taken back: observers told %d times, Picture.Public %v, restored events %d", back, u.Picture.Public, w.post.told(profile.KindRestored))
	}
}

// After hears that a panic kept the change from being made.
func TestAfterHearsOfAPanic(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	var told []error
	w.must(settings.Observe(w.settings, profile.PrivacySection, settings.Observer[profile.Privacy]{
		Before: func(context.Context, settings.Change[profile.Privacy]) error { return nil },
		After:  func(_ context.Context, _ settings.Change[profile.Privacy], err error) { told = append(told, err) },
	}))
	w.must(settings.Observe(w.settings, profile.PrivacySection, settings.Observer[profile.Privacy]{
		In: func(context.Context, settings.Change[profile.Privacy]) error { panic("boom") },
	}))
	func() {
		defer func() { recover() }()
		_, _ = w.settings.Patch(t.Context(), ada.id, []byte(`{"privacy":{"visibility":"private"}}`), 0)
	}()
	d, err := w.settings.Document(t.Context(), ada.id)
	w.must(err)
	if len(told) == 1 && told[0] == nil && d.Version == 0 {
		t.Errorf("nothing was stored (version %d), and After was told that the change was made: %v", d.Version, told)
	}
	t.Log(told)
}

// rival is a store in which somebody else writes before the first Put.
type rival struct {
	settings.Store
	first func()
}

func (r *rival) Put(ctx context.Context, id string, rec settings.Record, e ...activity.Event) (settings.Record, error) {
	if f := r.first; f != nil {
		r.first = nil
		f()
	}
	return r.Store.Put(ctx, id, rec, e...)
}

func TestAfterIsCalledForEachBefore(t *testing.T) {
	db := newMemory()
	store := &rival{Store: db.Settings()}
	s, err := settings.New(settings.Config{Store: store, Tx: db, Sections: []settings.Declaration{
		profile.PrivacySection.Declare(), settings.AppearanceSection.Declare(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	other, _ := settings.New(settings.Config{Store: store, Tx: db, Sections: []settings.Declaration{
		profile.PrivacySection.Declare(), settings.AppearanceSection.Declare(),
	}})
	before, after := 0, 0
	if err := settings.Observe(s, profile.PrivacySection, settings.Observer[profile.Privacy]{
		Before: func(context.Context, settings.Change[profile.Privacy]) error { before++; return nil },
		After:  func(context.Context, settings.Change[profile.Privacy], error) { after++ },
	}); err != nil {
		t.Fatal(err)
	}
	if err := settings.Observe(s, settings.AppearanceSection, settings.Observer[settings.Appearance]{
		After: func(context.Context, settings.Change[settings.Appearance], error) {},
	}); err != nil {
		t.Fatal(err)
	}
	store.first = func() {
		if _, err := other.Patch(t.Context(), "1", []byte(`{"privacy":{"visibility":"private"}}`), 0); err != nil {
			t.Error(err)
		}
	}
	_, err = s.Patch(t.Context(), "1", []byte(`{"privacy":{"visibility":"private"},"appearance":{"theme":"dark"}}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	if before != 1 || after != 1 {
		t.Errorf("Before %d, After %d", before, after)
	}
}

// An outage of the store of blobs uses up no try of a deletion.
func TestS57_AnOutageUsesUpNoDeletion(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	down := true
	w.deletions.Observe(profile.DeletionObserver{Before: func(context.Context, profile.DeletionChange) error {
		if down {
			return &storage.UnavailableError{Err: errors.New("S3 is down")}
		}
		return nil
	}})
	for range 5 {
		_, err := w.deletions.Request(t.Context(), ada.caller())
		is(t, "down", err, storage.ErrUnavailable)
	}
	down = false
	if _, err := w.deletions.Request(t.Context(), ada.caller()); err != nil {
		t.Errorf("the store is up again; nothing was ever deleted: %v", err)
	}
}

// When an observer panics, the others hear the end.
func TestAPanicLeavesNobodyOut(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	w.must(ada.put(1))
	w.deletions.Observe(profile.DeletionObserver{In: func(context.Context, profile.DeletionChange) error { panic("boom") }})
	c := ada.caller()
	func() {
		defer func() { recover() }()
		_, _ = w.deletions.Request(t.Context(), c)
	}()
	if u := ada.user(); !u.Picture.Public || u.DeletionPending() {
		t.Errorf("no deletion was made, and the picture stays hidden: public %v", u.Picture.Public)
	}
}

// What belongs to a change is done also when the caller has gone.
type cancelTx struct {
	database
	cancel context.CancelFunc
}

func (c *cancelTx) InTx(ctx context.Context, fn func(context.Context) error) error {
	err := c.database.InTx(ctx, fn)
	if c.cancel != nil && err != nil {
		c.cancel()
	}
	return err
}

func TestACancelledDeletionHidesNothing(t *testing.T) {
	tx := &cancelTx{database: newMemory()}
	w := newWorld(t, tx)
	ada := w.join("ada")
	w.must(ada.put(1))
	w.deletions.Observe(profile.DeletionObserver{In: func(context.Context, profile.DeletionChange) error { return errors.New("no") }})
	c := ada.caller()
	ctx, cancel := context.WithCancel(t.Context())
	tx.cancel = cancel
	_, err := w.deletions.Request(ctx, c)
	tx.cancel = nil
	if err == nil {
		t.Fatal("made")
	}
	if u := ada.user(); !u.Picture.Public {
		t.Errorf("no deletion was made, the client went away, and the picture stays hidden")
	}
}

// An upload beside going private, whose client has gone after the commit.
type hookBlobs struct {
	cdn
	hook func()
}

func (h *hookBlobs) Put(ctx context.Context, key string, r io.ReadSeeker, m storage.Meta) error {
	if f := h.hook; f != nil {
		h.hook = nil
		f()
	}
	return h.cdn.Put(ctx, key, r, m)
}

type afterTx struct {
	database
	after func()
}

func (a *afterTx) InTx(ctx context.Context, fn func(context.Context) error) error {
	err := a.database.InTx(ctx, fn)
	if a.after != nil {
		a.after()
	}
	return err
}

func TestS64_UploaderGoneBesideGoingPrivate(t *testing.T) {
	tx := &afterTx{database: newMemory()}
	w := newWorld(t, tx)
	ada := w.join("ada")
	blobs := &hookBlobs{cdn: w.blobs}
	pics, err := picture.New(picture.Config{Users: tx.Users(), Ledger: tx.Ledger(), Blobs: blobs, Tx: tx, LimitStore: tx.Limits(), Profiles: w.profiles})
	w.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	blobs.hook = func() {
		w.must(settings.Set(t.Context(), w.settings, profile.PrivacySection, ada.id, profile.Privacy{Visibility: profile.Private}))
		tx.after = cancel // the uploader's connection is lost when the picture is its user's
	}
	_, err = pics.Put(ctx, ada.id, photo(1), picture.PutOptions{})
	tx.after = nil
	u := ada.user()
	if u.Picture.Public {
		t.Errorf("Put: %v; the profile is private and the public address is alive: %s", err, pics.PublicURL(u.Picture, 64))
	}
}

// An export of an account that was erased meanwhile hands out nothing and leaves no
// row, on each database.
func TestR43_AnExportLeavesNothingOfAnErasedAccount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		c := ada.caller()
		_, err := w.deletions.Request(t.Context(), c)
		w.must(err)
		w.advance(profile.DefaultDeletionGrace + time.Hour)
		n, err := w.eraser.Erase(t.Context())
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		var out bytes.Buffer
		c.ProvedAt = w.clock() // a host whose own sign-in kept the User
		err = w.exporter.Export(t.Context(), c, &out)
		if !errors.Is(err, profile.ErrNoAccount) {
			t.Errorf("Export: %v, %d bytes; the feed of nobody: %v", err, out.Len(), ada.kinds())
		}
	})
}
