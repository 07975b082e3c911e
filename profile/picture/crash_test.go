package picture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

var errFault = errors.New("injected fault")

// faults counts what a service does to its stores, before and after each call,
// and lets one of these moments fail. With kill nothing works any more after
// it, as when the process was killed.
type faults struct {
	at   int
	kill bool
	step int
	dead bool
	name string // of the moment that failed
	err  error  // what fails with; nil is errFault
}

func (f *faults) moment(name string) error {
	f.step++
	if f.dead {
		return f.fault()
	}
	if f.step == f.at {
		f.dead, f.name = f.kill, name
		return f.fault()
	}
	return nil
}

func (f *faults) fault() error {
	if f.err != nil {
		return f.err
	}
	return errFault
}

// around fails before do, or after it was done.
func (f *faults) around(name string, do func() error) error {
	if err := f.moment("before " + name); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return f.moment("after " + name)
}

type faultyBlobs struct {
	storage.BlobStore
	f *faults
}

func (b faultyBlobs) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	return b.f.around("Put", func() error { return b.BlobStore.Put(ctx, key, body, meta) })
}

func (b faultyBlobs) Delete(ctx context.Context, key string) error {
	return b.f.around("Delete", func() error { return b.BlobStore.Delete(ctx, key) })
}

type faultyLedger struct {
	picture.Ledger
	f *faults
}

func (l faultyLedger) Reserve(ctx context.Context, userID string, keys []string, at time.Time) error {
	return l.f.around("Reserve", func() error { return l.Ledger.Reserve(ctx, userID, keys, at) })
}

func (l faultyLedger) Live(ctx context.Context, keys []string, at time.Time) error {
	return l.f.around("Live", func() error { return l.Ledger.Live(ctx, keys, at) })
}

func (l faultyLedger) Dead(ctx context.Context, keys []string, at time.Time) error {
	return l.f.around("Dead", func() error { return l.Ledger.Dead(ctx, keys, at) })
}

func (l faultyLedger) Purge(ctx context.Context, keys []string) error {
	return l.f.around("Purge", func() error { return l.Ledger.Purge(ctx, keys) })
}

func (l faultyLedger) Claim(ctx context.Context, now, dead, pending time.Time, limit int) (keys []string, err error) {
	err = l.f.around("PurgeBlobs", func() error {
		keys, err = l.Ledger.Claim(ctx, now, dead, pending, limit)
		return err
	})
	return keys, err
}

type faultyUsers struct {
	profile.Store
	f *faults
}

func (u faultyUsers) User(ctx context.Context, id string) (user profile.User, err error) {
	err = u.f.around("User", func() error {
		user, err = u.Store.User(ctx, id)
		return err
	})
	return user, err
}

func (u faultyUsers) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (user profile.User, err error) {
	err = u.f.around("Update", func() error {
		user, err = u.Store.Update(ctx, id, p, events...)
		return err
	})
	return user, err
}

// faultyTx also fails at the commit, without and with its having happened.
type faultyTx struct {
	storage.Transactor
	f *faults
}

func (t faultyTx) InTx(ctx context.Context, fn func(context.Context) error) error {
	return t.f.around("InTx", func() error {
		return t.Transactor.InTx(ctx, func(ctx context.Context) error {
			if err := fn(ctx); err != nil {
				return err
			}
			return t.f.moment("at the commit")
		})
	})
}

func (w *world) faulty(t testing.TB, f *faults) *picture.Service {
	return w.service(t, func(c *picture.Config) {
		c.Users = faultyUsers{c.Users, f}
		c.Ledger = faultyLedger{c.Ledger, f}
		c.Blobs = faultyBlobs{c.Blobs, f}
		c.Tx = faultyTx{c.Tx, f}
	})
}

// At every moment before and after every call to a store, let it fail, or let
// the process die there. Then the user has the old picture or the new one,
// whole; its event is there exactly when the new one is; and a purge leaves
// exactly the referenced blobs.
func TestR02_EveryCrashPoint(t *testing.T) {
	put := func(s *picture.Service, id string) error {
		_, err := s.Put(context.Background(), id, small(200), picture.PutOptions{})
		return err
	}
	remove := func(s *picture.Service, id string) error {
		_, err := s.Remove(context.Background(), id, 0)
		return err
	}
	purge := func(s *picture.Service, _ string) error {
		_, err := s.PurgeBlobs(context.Background(), 0)
		return err
	}
	for _, scene := range []struct {
		name    string
		before  func(t *testing.T, w *world)
		do      func(s *picture.Service, id string) error
		changes bool
		least   int // moments; proof that the calls are seen
	}{
		{"first picture", func(*testing.T, *world) {}, put, true, 18},
		{"replacement", firstPicture, put, true, 20},
		{"removal", firstPicture, remove, true, 9},
		{"purge", removedPicture, purge, false, 12},
	} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/kill=%v", scene.name, kill), func(t *testing.T) {
				for at := 1; ; at++ {
					w := newWorld(t)
					scene.before(t, w)
					before, events := w.current(t), w.kinds(t)
					f := &faults{at: at, kill: kill}
					err := scene.do(w.faulty(t, f), w.user.ID)
					if f.name == "" && f.step < at { // past the last moment
						if err != nil {
							t.Fatalf("without a fault: %v", err)
						}
						if at <= scene.least {
							t.Fatalf("only %d moments; want at least %d", at-1, scene.least)
						}
						return
					}
					after := w.current(t)
					changed := after.Version != before.Version
					where := fmt.Sprintf("moment %d, %s", at, f.name)
					if err == nil && scene.changes && !changed {
						t.Errorf("%s: success was told, but nothing changed", where)
					}
					if err != nil && !kill && changed {
						t.Errorf("%s: told as failed (%v), but the picture changed", where, err)
					}
					if got := w.kinds(t) != events; got != changed {
						t.Errorf("%s: event written: %v, picture changed: %v", where, got, changed)
					}
					w.checkWhole(t)
					w.checkPurged(t)
					if t.Failed() {
						t.Fatalf("at %s (error %v)", where, err)
					}
				}
			})
		}
	}
}

func firstPicture(t *testing.T, w *world) {
	if _, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func removedPicture(t *testing.T, w *world) {
	firstPicture(t, w)
	if _, err := w.svc.Remove(t.Context(), w.user.ID, 0); err != nil {
		t.Fatal(err)
	}
}

// A caller that goes away in the middle leaves nothing behind that a purge
// would not take, and the tidying is done although the context has ended.
func TestCancelledUploadTidiesUp(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	blobs := &cancelAfter{BlobStore: w.blobs, cancel: cancel, left: 2}
	svc := w.service(t, func(c *picture.Config) { c.Blobs = blobs })
	if _, err := svc.Put(ctx, w.user.ID, small(1), picture.PutOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v; want context.Canceled", err)
	}
	if w.blobs.Len() != 0 {
		t.Errorf("%d blobs are left before any purge", w.blobs.Len())
	}
	if !w.current(t).Picture.IsZero() {
		t.Error("the user has a picture")
	}
	w.checkPurged(t)
}

type cancelAfter struct {
	storage.BlobStore
	cancel context.CancelFunc
	left   int
}

func (c *cancelAfter) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if c.left--; c.left < 0 {
		c.cancel()
	}
	return c.BlobStore.Put(ctx, key, body, meta)
}

// A full store is told as such.
func TestR04_FullStore(t *testing.T) {
	w := newWorld(t)
	firstPicture(t, w)
	full := w.service(t, func(c *picture.Config) { c.Blobs = fullBlobs{c.Blobs} })
	if _, err := full.Put(t.Context(), w.user.ID, small(2), picture.PutOptions{}); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Put: %v; want storage.ErrFull", err)
	}
	w.checkWhole(t)
	w.checkPurged(t)
}

type fullBlobs struct{ storage.BlobStore }

func (fullBlobs) Put(context.Context, string, io.ReadSeeker, storage.Meta) error {
	return storage.ErrFull
}

// staleUsers lets somebody else change the user between read and write.
type staleUsers struct {
	profile.Store
	times int
}

func (s *staleUsers) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	if s.times != 0 {
		s.times--
		return profile.User{}, storage.ErrStale
	}
	return s.Store.Update(ctx, id, p, events...)
}

func TestPutIsTriedAgainWhenTheUserChanges(t *testing.T) {
	w := newWorld(t)
	svc := w.service(t, func(c *picture.Config) { c.Users = &staleUsers{c.Users, 5} })
	if _, err := svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Errorf("Put: %v", err)
	}
	svc = w.service(t, func(c *picture.Config) { c.Users = &staleUsers{c.Users, -1} })
	if _, err := svc.Put(t.Context(), w.user.ID, small(2), picture.PutOptions{}); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put against endless changes: %v; want storage.ErrUnavailable", err)
	}
	w.checkWhole(t)
	w.checkPurged(t)
}
