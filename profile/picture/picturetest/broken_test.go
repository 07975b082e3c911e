package picturetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/storage"
)

type oneByOne struct{ storage.Ledger }

func (l oneByOne) Live(ctx context.Context, keys []string, at time.Time) error {
	for _, k := range keys {
		if err := l.Ledger.Live(ctx, []string{k}, at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// losesClaims never gives out a key again, so a crash of the purge leaves an
// orphan for good.
type losesClaims struct {
	storage.Ledger
	mu   *sync.Mutex
	seen map[string]bool
}

func (l losesClaims) Claim(ctx context.Context, now, dead, pending time.Time, limit int) ([]string, error) {
	keys, err := l.Ledger.Claim(ctx, now, dead, pending, limit)
	l.mu.Lock()
	defer l.mu.Unlock()
	keys = slices.DeleteFunc(keys, func(k string) bool { return l.seen[k] })
	for _, k := range keys {
		l.seen[k] = true
	}
	return keys, err
}

// claimsNothing returns keys that others may still make live.
type claimsNothing struct{ storage.Ledger }

func (l claimsNothing) Claim(ctx context.Context, now, dead, pending time.Time, limit int) ([]string, error) {
	keys, err := l.Ledger.Claim(ctx, now, dead, pending, limit)
	if err != nil {
		return nil, err
	}
	return keys, l.reserveAgain(ctx, keys, now)
}

func (l claimsNothing) reserveAgain(ctx context.Context, keys []string, now time.Time) error {
	if err := l.Purge(ctx, keys); err != nil {
		return err
	}
	return l.Reserve(ctx, "1", keys, now)
}

type mixesBounds struct{ storage.Ledger }

func (l mixesBounds) Claim(ctx context.Context, now, dead, pending time.Time, limit int) ([]string, error) {
	return l.Ledger.Claim(ctx, now, dead, dead, limit)
}

// walks is a ledger whose walk is not as it should be.
type walks struct {
	storage.Ledger
	storage.LedgerWalker
}

// forgetful does not know some keys: a repair would delete their blobs.
type forgetful struct{ storage.LedgerWalker }

func (l forgetful) Known(ctx context.Context, keys []string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	known, err := l.LedgerWalker.Known(ctx, keys)
	return slices.DeleteFunc(known, func(k string) bool { return strings.HasSuffix(k, "-128.jpg") }), err
}

// skips begins a page with the key after the next.
type skips struct{ storage.LedgerWalker }

func (s skips) LiveAfter(ctx context.Context, after string, limit int) ([]storage.LiveBlob, error) {
	page, err := s.LedgerWalker.LiveAfter(ctx, after, limit+1)
	if after != "" && len(page) > 0 {
		page = page[1:]
	}
	return page[:min(limit, len(page))], err
}

// countsAll counts the pending and the dead too.
type countsAll struct {
	storage.LedgerWalker
	storage.Ledger
	entered *atomic.Int64
}

func (l countsAll) Reserve(ctx context.Context, userID string, keys []string, at time.Time) error {
	l.entered.Add(int64(len(keys)))
	return l.Ledger.Reserve(ctx, userID, keys, at)
}

func (l countsAll) CountLive(ctx context.Context) (int64, error) { return l.entered.Load(), ctx.Err() }

// anybodys lets every user take every key.
type anybodys struct {
	storage.Ledger
	storage.LedgerTaker
}

func (l anybodys) Take(ctx context.Context, _, key string, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.Live(ctx, []string{key}, at); err != nil {
		return err
	}
	return l.Dead(ctx, []string{key}, at)
}

func TestBrokenLedgersAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(storage.Ledger) storage.Ledger) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			RunLedger(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Ledger: breakIt(m.Ledger()), Tx: m}
			})
		}}
	}
	conform.FindsBroken(t,
		conform.Broken{Name: "ignores the transaction", Finds: "transaction/Live/rollback leaves nothing", Suite: func(t *testing.T) {
			RunLedger(t, func(*testing.T) Harness { return Harness{Ledger: memstore.New().Ledger(), Tx: memstore.New()} })
		}},
		over("makes keys live one by one", "live/a key that is not pending is not found and none changes",
			func(l storage.Ledger) storage.Ledger { return oneByOne{l} }),
		over("loses claims", "purge again/after an hour, up to the limit",
			func(l storage.Ledger) storage.Ledger { return losesClaims{l, new(sync.Mutex), map[string]bool{}} }),
		over("claims nothing", "purge/a claimed key cannot become live",
			func(l storage.Ledger) storage.Ledger { return claimsNothing{l} }),
		over("mixes up the bounds", "purge/nothing is old enough",
			func(l storage.Ledger) storage.Ledger { return mixesBounds{l} }),
		over("knows some keys only", "walk/known in every state",
			func(l storage.Ledger) storage.Ledger { return walks{l, forgetful{l.(storage.LedgerWalker)}} }),
		over("skips at a page's end", "walk",
			func(l storage.Ledger) storage.Ledger { return walks{l, skips{l.(storage.LedgerWalker)}} }),
		over("counts what is not live", "walk/counts what is live",
			func(l storage.Ledger) storage.Ledger {
				return countsAll{l.(storage.LedgerWalker), l, new(atomic.Int64)}
			}),
		over("lets everybody take a key", "take/of another user",
			func(l storage.Ledger) storage.Ledger { return anybodys{l, l.(storage.LedgerTaker)} }),
	)
}
