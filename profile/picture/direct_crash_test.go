package picture_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// faultyDirect is a faulty store to which files can be sent.
type faultyDirect struct {
	faultyBlobs
	storage.DirectUploader
}

func (d faultyDirect) Open(ctx context.Context, key string) (r io.ReadCloser, info storage.BlobInfo, err error) {
	if err := d.f.moment("before Open"); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	return d.BlobStore.Open(ctx, key)
}

func (d faultyDirect) DirectUpload(ctx context.Context, r storage.DirectUpload) (form storage.DirectForm, err error) {
	err = d.f.around("DirectUpload", func() error {
		form, err = d.DirectUploader.DirectUpload(ctx, r)
		return err
	})
	return form, err
}

// faultyTaker is a faulty ledger from which keys can be taken.
type faultyTaker struct {
	faultyLedger
	storage.LedgerTaker
}

func (l faultyTaker) Take(ctx context.Context, userID, key string, at time.Time) error {
	return l.f.around("Take", func() error { return l.LedgerTaker.Take(ctx, userID, key, at) })
}

func (l faultyTaker) GiveBack(ctx context.Context, userID, key string, at time.Time) error {
	return l.f.around("GiveBack", func() error { return l.LedgerTaker.GiveBack(ctx, userID, key, at) })
}

// At every moment of a direct upload, let a call fail for good or for now, or
// let the process die there. Then the user has the old picture or the new one,
// whole; and when the form has ended a purge leaves that and nothing else.
func TestR02_EveryCrashPointOfADirectUpload(t *testing.T) {
	for name, fault := range map[string]faults{
		"fails":       {},
		"unavailable": {err: &storage.UnavailableError{Err: errFault}},
		"killed":      {kill: true},
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
				w := newWorld(t)
				firstPicture(t, w)
				double := directtest.New(t, w.blobs)
				w.svc = w.service(t, func(c *picture.Config) { c.Blobs = double })
				before, events := w.current(t), w.kinds(t)
				f := fault
				f.at = at
				svc := w.service(t, func(c *picture.Config) {
					c.Users = faultyUsers{c.Users, &f}
					c.Ledger = faultyTaker{faultyLedger{c.Ledger, &f}, c.Ledger.(storage.LedgerTaker)}
					c.Blobs = faultyDirect{faultyBlobs{double, &f}, double}
					c.Tx = faultyTx{c.Tx, &f}
				})
				up, err := svc.BeginDirect(t.Context(), w.user.ID, "image/jpeg")
				if err == nil {
					directtest.Send(t, up.DirectForm, bytesOf(t, small(200)))
					_, err = svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{})
				}
				if f.name == "" && f.step < at { // past the last moment
					if err != nil || at <= 20 {
						t.Fatalf("without a fault: %v, after %d moments", err, at-1)
					}
					return
				}
				after := w.current(t)
				changed := after.Version != before.Version
				where := fmt.Sprintf("moment %d, %s", at, f.name)
				if err == nil && !changed {
					t.Errorf("%s: success was told, but nothing changed", where)
				}
				if err != nil && !f.kill && changed {
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
