package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// claimAge is how old a purge's claim must be before another may have it.
const claimAge = time.Hour

type blobState int

const (
	blobPending blobState = iota + 1
	blobLive
	blobDead
	blobClaimed
)

// blob is a row of the ledger: its state, since when, and whose it is.
type blob struct {
	state  blobState
	at     time.Time
	userID string
}

type ledger struct{ s *Store }

func (l ledger) Reserve(ctx context.Context, userID string, keys []string, at time.Time) error {
	return l.s.write(ctx, func(st *state) error {
		for _, k := range keys {
			if _, there := st.blobs.get(k); there {
				return fmt.Errorf("memstore: blob key: %w", storage.ErrTaken)
			}
			st.blobs.put(st, k, blob{blobPending, stored(at), userID})
		}
		return nil
	})
}

func (l ledger) Live(ctx context.Context, keys []string, at time.Time) error {
	return l.s.write(ctx, func(st *state) error {
		for _, k := range keys {
			b, _ := st.blobs.get(k)
			if b.state != blobPending {
				return fmt.Errorf("memstore: pending blob key: %w", storage.ErrNotFound)
			}
			st.blobs.put(st, k, blob{blobLive, stored(at), b.userID})
		}
		return nil
	})
}

func (l ledger) Dead(ctx context.Context, keys []string, at time.Time) error {
	return l.s.write(ctx, func(st *state) error {
		for _, k := range keys {
			// A claimed key is being deleted already, and a dead one keeps the
			// time it died.
			if b, there := st.blobs.get(k); there && b.state < blobDead {
				st.blobs.put(st, k, blob{blobDead, stored(at), b.userID})
			}
		}
		return nil
	})
}

func (l ledger) Claim(ctx context.Context, now, deadBefore, pendingBefore time.Time, limit int) ([]string, error) {
	var claimed []string
	err := l.s.write(ctx, func(st *state) error {
		for k, b := range st.blobs.rows {
			due := b.state == blobDead && b.at.Before(deadBefore) ||
				b.state == blobPending && b.at.Before(pendingBefore) ||
				b.state == blobClaimed && b.at.Before(now.Add(-claimAge))
			if due && len(claimed) < limit {
				claimed = append(claimed, k)
			}
		}
		for _, k := range claimed {
			b, _ := st.blobs.get(k)
			st.blobs.put(st, k, blob{blobClaimed, stored(now), b.userID})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (l ledger) Purge(ctx context.Context, keys []string) error {
	return l.s.write(ctx, func(st *state) error {
		for _, k := range keys {
			if b, _ := st.blobs.get(k); b.state == blobClaimed {
				st.blobs.remove(st, k)
			}
		}
		return nil
	})
}

func (l ledger) Owner(ctx context.Context, key string) (string, error) {
	owner := ""
	err := l.s.read(ctx, func(st *state) error {
		b, _ := st.blobs.get(key)
		if b.state != blobLive {
			return fmt.Errorf("memstore: live blob key: %w", storage.ErrNotFound)
		}
		owner = b.userID
		return nil
	})
	return owner, err
}

func (l ledger) Keys(ctx context.Context, userID string) ([]string, error) {
	var keys []string
	err := l.s.read(ctx, func(st *state) error {
		for k, b := range st.blobs.rows {
			if b.userID == userID {
				keys = append(keys, k)
			}
		}
		return nil
	})
	slices.Sort(keys)
	return keys, err
}

// Take makes ledger a storage.LedgerTaker, together with GiveBack.
func (l ledger) Take(ctx context.Context, userID, key string, at time.Time) error {
	return l.turn(ctx, userID, key, blobPending, blobDead, at)
}

func (l ledger) GiveBack(ctx context.Context, userID, key string, at time.Time) error {
	return l.turn(ctx, userID, key, blobDead, blobPending, at)
}

func (l ledger) turn(ctx context.Context, userID, key string, from, to blobState, at time.Time) error {
	return l.s.write(ctx, func(st *state) error {
		b, _ := st.blobs.get(key)
		if b.state != from || b.userID != userID {
			return fmt.Errorf("memstore: blob key: %w", storage.ErrNotFound)
		}
		st.blobs.put(st, key, blob{to, stored(at), userID})
		return nil
	})
}

// LiveAfter makes ledger a storage.LedgerWalker, together with CountLive and Known.
func (l ledger) LiveAfter(ctx context.Context, after string, limit int) ([]storage.LiveBlob, error) {
	var page []storage.LiveBlob
	err := l.s.read(ctx, func(st *state) error {
		for k, b := range st.blobs.rows {
			if b.state == blobLive && k > after {
				page = append(page, storage.LiveBlob{Key: k, UserID: b.userID})
			}
		}
		return nil
	})
	slices.SortFunc(page, func(a, b storage.LiveBlob) int { return strings.Compare(a.Key, b.Key) })
	return page[:min(limit, len(page))], err
}

func (l ledger) CountLive(ctx context.Context) (n int64, err error) {
	err = l.s.read(ctx, func(st *state) error {
		for _, b := range st.blobs.rows {
			if b.state == blobLive {
				n++
			}
		}
		return nil
	})
	return n, err
}

func (l ledger) Known(ctx context.Context, keys []string) ([]string, error) {
	var known []string
	err := l.s.read(ctx, func(st *state) error {
		for _, k := range keys {
			if _, there := st.blobs.get(k); there && !slices.Contains(known, k) {
				known = append(known, k)
			}
		}
		return nil
	})
	return known, err
}
