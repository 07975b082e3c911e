package picture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// orphan is a key as the service makes them, of no upload.
func orphan(i int) string {
	return fmt.Sprintf("%026s-64.jpg", strings.Repeat(string(rune('a'+i%26)), 26))
}

func (w *world) stray(t testing.TB, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := w.blobs.Put(t.Context(), key, strings.NewReader("stray"), storage.Meta{ContentType: "image/jpeg"}); err != nil {
			t.Fatal(err)
		}
	}
}

// The store's clock is the world's, so that ages can be tested.
func newRepairWorld(t testing.TB) *world {
	w := newWorld(t)
	w.blobs = memblob.New(memblob.Options{Now: func() time.Time { return w.now }})
	w.svc = w.service(t, nil)
	return w
}

// Blobs that the ledger does not know are found, and deleted when that is
// asked for; what belongs to somebody, is young or is not ours stays.
func TestR02_RepairFindsWhatTheLedgerDoesNotKnow(t *testing.T) {
	w := newRepairWorld(t)
	firstPicture(t, w)
	foreign := []string{"site/logo.png", "short-64.jpg", orphan(3)[:26], orphan(4) + "x", "in/" + orphan(5), strings.Replace(orphan(6), "64", "064", 1)}
	old, young := []string{orphan(0), orphan(1)}, orphan(2)
	w.stray(t, slices.Concat(old, foreign)...)
	w.now = w.now.Add(24*time.Hour + time.Second)
	w.stray(t, young)
	firstPicture(t, w) // the first one is dead now, and its blobs are the purge's

	look := picture.RepairReport{Listed: 4 + 4 + 3 + len(foreign), Foreign: len(foreign), Young: 1, Unknown: 2, Live: 4}
	for _, step := range []struct {
		name string
		opts picture.RepairOptions
		want picture.RepairReport
		keys []string // found
	}{
		{"only looking", picture.RepairOptions{}, look, old},
		{"again", picture.RepairOptions{}, look, old},
		{
			"deleting",
			picture.RepairOptions{Delete: true},
			picture.RepairReport{Listed: look.Listed, Foreign: len(foreign), Young: 1, Unknown: 2, Deleted: 2, Live: 4},
			old,
		},
		{
			"whatever their age",
			picture.RepairOptions{Delete: true, Age: -1},
			picture.RepairReport{Listed: look.Listed - 2, Foreign: len(foreign), Unknown: 1, Deleted: 1, Live: 4},
			[]string{young},
		},
		{
			"nothing is left",
			picture.RepairOptions{Delete: true, Age: -1},
			picture.RepairReport{Listed: look.Listed - 3, Foreign: len(foreign), Live: 4},
			nil,
		},
	} {
		var found []string
		step.opts.Found = func(f picture.Finding) {
			found = append(found, f.Key)
			if f.Deleted != step.opts.Delete || f.UserID != "" || f.Err != nil {
				t.Errorf("%s: %+v", step.name, f)
			}
		}
		got, err := w.svc.Repair(t.Context(), step.opts)
		slices.Sort(found)
		if err != nil || got != step.want || !slices.Equal(found, step.keys) {
			t.Errorf("%s: %+v, %v, found %v; want %+v, %v", step.name, got, err, found, step.want, step.keys)
		}
	}
	w.checkWhole(t)
	for _, key := range foreign {
		if err := w.blobs.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	w.checkPurged(t)
}

// Live blobs that are not there, or empty, are told with whose they are; many,
// so that there are several pages.
func TestR02_RepairTellsWhoseBlobsAreMissing(t *testing.T) {
	w := newRepairWorld(t)
	const users = 300 // of 4 blobs each: three pages
	want := map[picture.Finding]bool{}
	for i := range users {
		u, err := w.db.Users().Create(t.Context(), profile.User{Username: fmt.Sprint("user", i), Email: fmt.Sprintf("u%d@example.org", i)})
		if err != nil {
			t.Fatal(err)
		}
		keys := make([]string, 4)
		for j := range keys {
			keys[j] = fmt.Sprintf("%s-%d.jpg", strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%026d", i)), 64<<j)
		}
		if err := errors.Join(w.db.Ledger().Reserve(t.Context(), u.ID, keys, w.now), w.db.Ledger().Live(t.Context(), keys, w.now)); err != nil {
			t.Fatal(err)
		}
		for j, key := range keys {
			switch {
			case i%100 == 7 && j == 2:
				want[picture.Finding{Key: key, UserID: u.ID}] = true
				continue
			case i%100 == 8 && j == 1:
				want[picture.Finding{Key: key, UserID: u.ID}] = true
				if err := w.blobs.Put(t.Context(), key, bytes.NewReader(nil), storage.Meta{}); err != nil {
					t.Fatal(err)
				}
				continue
			}
			w.stray(t, key)
		}
	}
	ledger := &countingWalker{LedgerWalker: w.db.Ledger().(picture.LedgerWalker), Ledger: w.db.Ledger()}
	svc := w.service(t, func(c *picture.Config) { c.Ledger = ledger })
	found := 0
	got, err := svc.Repair(t.Context(), picture.RepairOptions{Delete: true, Age: -1, Found: func(f picture.Finding) {
		found++
		if !want[f] {
			t.Errorf("found %+v", f)
		}
	}})
	if err != nil || got.Live != 4*users || got.Missing != len(want) || found != len(want) || got.Deleted != 0 {
		t.Errorf("%+v, %v, %d findings; want %d missing and nothing deleted", got, err, found, len(want))
	}
	if ledger.longest > 500 {
		t.Errorf("a page had %d keys", ledger.longest)
	}
}

// countingWalker notes how long the pages are.
type countingWalker struct {
	picture.Ledger
	picture.LedgerWalker
	longest int
}

func (c *countingWalker) LiveAfter(ctx context.Context, after string, limit int) ([]storage.LiveBlob, error) {
	page, err := c.LedgerWalker.LiveAfter(ctx, after, limit)
	c.longest = max(c.longest, len(page))
	return page, err
}

func (c *countingWalker) Known(ctx context.Context, keys []string) ([]string, error) {
	c.longest = max(c.longest, len(keys))
	return c.LedgerWalker.Known(ctx, keys)
}

// Repairs and purges of every age run beside uploads on two services, as on
// two nodes: no upload loses a blob.
func TestR02_RepairBesideUploads(t *testing.T) {
	w := newRepairWorld(t)
	firstPicture(t, w)
	second := w.service(t, nil)
	done := make(chan struct{})
	var repairs, uploads sync.WaitGroup
	for _, svc := range []*picture.Service{w.svc, second} {
		repairs.Go(func() {
			for {
				r, err := svc.Repair(t.Context(), picture.RepairOptions{Delete: true, Age: -1, Found: func(f picture.Finding) {
					t.Errorf("found %+v", f)
				}})
				if err != nil || r.Deleted != 0 || r.Missing != 0 {
					t.Errorf("Repair: %+v, %v", r, err)
				}
				if _, err := svc.PurgeBlobs(t.Context(), picture.DefaultPendingAge); err != nil {
					t.Errorf("PurgeBlobs: %v", err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 4 {
		uploads.Go(func() {
			for j := range 5 {
				if _, err := second.Put(t.Context(), w.user.ID, small(byte(10*i+j)), picture.PutOptions{}); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	uploads.Wait()
	close(done)
	repairs.Wait()
	w.checkWhole(t)
	w.checkPurged(t)
}

// What cannot be told for sure deletes nothing.
func TestR02_RepairFailsClosed(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		change func(w *world, cfg *picture.Config)
		want   error
	}{
		{"a store that lists nothing", func(_ *world, cfg *picture.Config) { cfg.Blobs = struct{ storage.BlobStore }{cfg.Blobs} }, errors.ErrUnsupported},
		{"a ledger that cannot be walked", func(_ *world, cfg *picture.Config) { cfg.Ledger = struct{ picture.Ledger }{cfg.Ledger} }, errors.ErrUnsupported},
		{"a ledger that does not answer", func(_ *world, cfg *picture.Config) {
			cfg.Ledger = struct {
				picture.Ledger
				picture.LedgerWalker
			}{cfg.Ledger, unknowing{cfg.Ledger.(picture.LedgerWalker), broken}}
		}, broken},
		{"somebody else's ledger", func(_ *world, cfg *picture.Config) { cfg.Ledger = memstore.New().Ledger() }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newRepairWorld(t)
			firstPicture(t, w)
			w.stray(t, orphan(0))
			svc := w.service(t, func(cfg *picture.Config) { c.change(w, cfg) })
			r, err := svc.Repair(t.Context(), picture.RepairOptions{Delete: true, Age: -1})
			if err == nil || c.want != nil && !errors.Is(err, c.want) || r.Deleted != 0 || w.blobs.Len() != 5 {
				t.Errorf("%+v, %v, %d blobs are left; want an error and all 5", r, err, w.blobs.Len())
			}
		})
	}
}

type unknowing struct {
	picture.LedgerWalker
	err error
}

func (u unknowing) Known(context.Context, []string) ([]string, error) { return nil, u.err }

// A store that does not open some blobs is no reason to stop; one that is down
// is.
func TestR02_RepairOfAnUnreadableStore(t *testing.T) {
	w := newRepairWorld(t)
	firstPicture(t, w)
	broken := errors.New("damaged")
	opens := &badOpen{Store: w.blobs, bad: func(key string) error {
		if strings.Contains(key, "-128.") {
			return broken
		}
		return nil
	}}
	svc := w.service(t, func(c *picture.Config) { c.Blobs = opens })
	var found []picture.Finding
	r, err := svc.Repair(t.Context(), picture.RepairOptions{Found: func(f picture.Finding) { found = append(found, f) }})
	if err != nil || r.Missing != 1 || len(found) != 1 || !errors.Is(found[0].Err, broken) || found[0].UserID != w.user.ID {
		t.Errorf("%+v, %v, %+v", r, err, found)
	}
	opens.bad = func(string) error { return &storage.UnavailableError{} }
	if r, err := svc.Repair(t.Context(), picture.RepairOptions{}); !errors.Is(err, storage.ErrUnavailable) || r.Missing != 0 {
		t.Errorf("with the store down: %+v, %v", r, err)
	}
}

type badOpen struct {
	*memblob.Store
	bad func(key string) error
}

func (b *badOpen) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if err := b.bad(key); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	return b.Store.Open(ctx, key)
}
