package picture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// DefaultRepairAge is how long ago a blob must have been put for Repair to
// think of it: longer than it takes to bring a ledger back from a backup, or
// rows after their blobs when users come from elsewhere.
const DefaultRepairAge = 24 * time.Hour

const (
	// repairPage is how many keys are held in memory at a time.
	repairPage = 500
	// repairLookers is how many blobs are looked at at once; each costs a trip
	// to the store.
	repairLookers = 8
)

// RepairOptions say what Repair does; the zero RepairOptions only look.
type RepairOptions struct {
	// Delete has unknown blobs deleted; without it they are only reported.
	Delete bool
	// Age spares younger blobs, and those whose age the store does not tell; 0
	// is DefaultRepairAge, and below 0 spares none.
	Age time.Duration
	// Found, if any, is told of each finding, one after the other.
	Found func(Finding)
}

// Finding is one blob that is not as it should be.
type Finding struct {
	Key string
	// UserID is whose present picture lacks the blob. It is "" for a blob that
	// the ledger does not know.
	UserID string
	// Err is why a user's blob cannot be opened; nil when it is not there, or
	// empty.
	Err error
	// Deleted: the blob was unknown and is gone now.
	Deleted bool
}

// RepairReport counts what Repair saw.
type RepairReport struct {
	Listed  int // blobs in the store
	Foreign int // of them, those whose names are not of this package: left alone
	Young   int // of them, unknown ones that Age spares
	Unknown int // of them, those that neither the ledger nor Age saves
	Deleted int // of Unknown
	Live    int // blobs that pictures of users are made of
	Missing int // of Live: not in the store, empty or damaged
}

// Repair compares the store with the ledger, which PurgeBlobs does not: a bucket or
// a database brought back from a backup, or files lost, leave blobs that the
// ledger does not know and pictures without blobs. Unknown blobs are deleted
// if opts say so; what is missing is only reported: remove that user's picture
// or bring the blob back.
//
// It is safe beside uploads and on several nodes: an upload enters its keys
// before it puts the blobs, and Repair asks the ledger after it has seen them.
// A store whose other contents have names like those of this package, or that
// several databases share, must not be repaired with Delete; look first. A
// ledger without any live blob deletes nothing, since it is probably not that
// of the store. It takes two passes, over all blobs and over all live keys, in
// pages; a live key costs one request to the store.
//
// The store must be a storage.Lister and the ledger a LedgerWalker; otherwise
// the error matches errors.ErrUnsupported. The report holds what was done
// until an error.
func (s *Service) Repair(ctx context.Context, opts RepairOptions) (RepairReport, error) {
	lister, err := storage.Need[storage.Lister](s.cfg.Blobs)
	if err != nil {
		return RepairReport{}, fmt.Errorf("picture: repair: %w", err)
	}
	walker, err := storage.Need[LedgerWalker](s.cfg.Ledger)
	if err != nil {
		return RepairReport{}, fmt.Errorf("picture: repair: %w", err)
	}
	if opts.Age == 0 {
		opts.Age = DefaultRepairAge
	}
	if opts.Found == nil {
		opts.Found = func(Finding) {}
	}
	r := &repair{s: s, walker: walker, opts: opts, before: s.cfg.Now().Add(-max(opts.Age, 0))}
	err = r.unknown(ctx, lister)
	if !stops(err) {
		// One damaged file may end a listing; what users miss is told still.
		err = errors.Join(err, r.missing(ctx))
	}
	if err != nil {
		err = fmt.Errorf("picture: repair: %w", err)
	}
	return r.report, err
}

// LiveBlobs yields all live blobs of a ledger, in ascending order of their
// keys. An error ends the sequence.
func LiveBlobs(ctx context.Context, ledger LedgerWalker) iter.Seq2[storage.LiveBlob, error] {
	return func(yield func(storage.LiveBlob, error) bool) {
		after := ""
		for {
			page, err := ledger.LiveAfter(ctx, after, repairPage)
			if err != nil {
				yield(storage.LiveBlob{}, err)
				return
			}
			for _, b := range page {
				if !yield(b, nil) {
					return
				}
			}
			if len(page) < repairPage {
				return
			}
			after = page[len(page)-1].Key
		}
	}
}

// repair is one run.
type repair struct {
	s      *Service
	walker LedgerWalker
	opts   RepairOptions
	before time.Time // younger blobs are spared
	report RepairReport
}

// errStrangeLedger stops a repair that would delete everything.
var errStrangeLedger = errors.New("the ledger has no live blob; is it the ledger of this store? Nothing is deleted")

// unknown is the pass over the blobs.
func (r *repair) unknown(ctx context.Context, lister storage.Lister) error {
	if r.opts.Delete {
		some, err := r.walker.LiveAfter(ctx, "", 1)
		if err == nil && len(some) == 0 {
			err = errStrangeLedger
		}
		if err != nil {
			return err
		}
	}
	page := make([]storage.BlobInfo, 0, repairPage)
	for info, err := range lister.List(ctx, "") {
		if err != nil {
			return err
		}
		if page = append(page, info); len(page) == repairPage {
			if err := r.judge(ctx, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	return r.judge(ctx, page)
}

// judge looks at blobs that were listed.
func (r *repair) judge(ctx context.Context, page []storage.BlobInfo) error {
	var asked []string
	for _, info := range page {
		r.report.Listed++
		if isKey(info.Key) {
			asked = append(asked, info.Key)
		} else {
			r.report.Foreign++
		}
	}
	// Only now: had the ledger been asked before the listing, an upload in
	// between would be taken for an orphan.
	known, err := r.walker.Known(ctx, asked)
	if err != nil {
		return err
	}
	slices.Sort(known)
	for _, info := range page {
		if _, ok := slices.BinarySearch(known, info.Key); ok || !isKey(info.Key) {
			continue
		}
		if r.opts.Age > 0 && (info.ModTime.IsZero() || !info.ModTime.Before(r.before)) {
			r.report.Young++
			continue
		}
		// A purge may have been quicker than the listing: it deletes first
		// and has the ledger forget then.
		there, err := r.there(ctx, info.Key)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		r.report.Unknown++
		if r.opts.Delete {
			if err := r.s.cfg.Blobs.Delete(ctx, info.Key); err != nil {
				return err
			}
			r.report.Deleted++
		}
		r.opts.Found(Finding{Key: info.Key, Deleted: r.opts.Delete})
	}
	return nil
}

// there reports whether the store has the blob, whole or damaged.
func (r *repair) there(ctx context.Context, key string) (bool, error) {
	blob, _, err := r.s.cfg.Blobs.Open(ctx, key)
	switch {
	case err == nil:
		blob.Close()
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case stops(err):
		return false, err
	}
	return true, nil
}

// missing is the pass over the live keys.
func (r *repair) missing(ctx context.Context) error {
	page := make([]storage.LiveBlob, 0, repairPage)
	for b, err := range LiveBlobs(ctx, r.walker) {
		if err != nil {
			return err
		}
		if page = append(page, b); len(page) == repairPage {
			if err := r.look(ctx, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	return r.look(ctx, page)
}

// look opens the blobs of a page, several at once.
func (r *repair) look(ctx context.Context, page []storage.LiveBlob) error {
	r.report.Live += len(page)
	lost := make([]*Finding, len(page))
	errs := make([]error, len(page))
	var lookers sync.WaitGroup
	for first := range min(repairLookers, len(page)) {
		lookers.Go(func() {
			for i := first; i < len(page); i += repairLookers {
				if lost[i], errs[i] = r.lost(ctx, page[i]); errs[i] != nil {
					return
				}
			}
		})
	}
	lookers.Wait()
	for _, f := range lost {
		if f != nil {
			r.report.Missing++
			r.opts.Found(*f)
		}
	}
	return errors.Join(errs...)
}

// lost looks at one live blob; nil is one that is there.
func (r *repair) lost(ctx context.Context, b storage.LiveBlob) (*Finding, error) {
	f := &Finding{Key: b.Key, UserID: b.UserID}
	blob, info, err := r.s.cfg.Blobs.Open(ctx, b.Key)
	switch {
	case err == nil:
		blob.Close()
		if info.Size > 0 {
			return nil, nil
		}
	case stops(err):
		return nil, err
	case !errors.Is(err, fs.ErrNotExist):
		f.Err = err
	}
	// It may have been replaced and purged since the ledger was asked.
	owner, err := r.s.cfg.Ledger.Owner(ctx, b.Key)
	if errors.Is(err, storage.ErrNotFound) || err == nil && owner != b.UserID {
		return nil, nil
	}
	return f, err
}
