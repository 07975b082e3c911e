package modeltest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// somekeys are one to three blob keys, mostly of the newest.
func (g *generator) someKeys() []string {
	keys := []string{"never-reserved"}
	for range g.IntN(3) {
		if len(g.keys) > 0 {
			keys = append(keys, g.keys[max(0, len(g.keys)-1-g.IntN(10))])
		}
	}
	if len(keys) > 1 && g.IntN(8) > 0 {
		keys = keys[1:]
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (g *generator) reserve() op {
	i, at := g.user(), g.tick()
	var keys []string
	for range 1 + g.IntN(3) {
		g.seq++
		keys = append(keys, fmt.Sprintf("key%d-64.jpg", g.seq))
	}
	if len(g.keys) > 0 && g.IntN(8) == 0 {
		keys = append(keys, pick(g, g.keys...))
	}
	g.keys = append(g.keys, keys...)
	return op{"reserve", func(ctx context.Context, w *world) (string, error) {
		return "", w.Ledger().Reserve(ctx, w.id(i), keys, at)
	}}
}

func (g *generator) blobs() op {
	i, keys, at, how := g.user(), g.someKeys(), g.tick(), g.IntN(10)
	return op{fmt.Sprint("blobs ", keys), func(ctx context.Context, w *world) (string, error) {
		l := w.Ledger()
		switch how {
		case 0, 1:
			return "", l.Live(ctx, keys, at)
		case 2:
			return "", l.Dead(ctx, keys, at)
		case 3:
			return "", l.Purge(ctx, keys)
		case 4:
			owner, err := l.Owner(ctx, keys[0])
			return fmt.Sprint(w.index(owner)), err
		case 5:
			known, err := l.(storage.LedgerWalker).Known(ctx, keys)
			slices.Sort(known)
			return fmt.Sprint(known), err
		case 6:
			page, err := l.(storage.LedgerWalker).LiveAfter(ctx, keys[0], 5)
			text := ""
			for _, b := range page {
				text += fmt.Sprint(b.Key, " of ", w.index(b.UserID), ", ")
			}
			return text, err
		case 7:
			return "", l.(storage.LedgerTaker).Take(ctx, w.id(i), keys[0], at.Add(time.Minute))
		case 8:
			return "", l.(storage.LedgerTaker).GiveBack(ctx, w.id(i), keys[0], at)
		}
		list, err := l.Keys(ctx, w.id(i))
		slices.Sort(list)
		return fmt.Sprint(list), err
	}}
}

func (g *generator) purge() op {
	at := g.tick().Add(time.Duration(g.IntN(3)) * time.Hour)
	dead, pending := at.Add(-time.Duration(g.IntN(120))*time.Second), at.Add(-time.Duration(g.IntN(120))*time.Second)
	forget := g.IntN(2) == 0
	return op{"purge", func(ctx context.Context, w *world) (string, error) {
		keys, err := w.Ledger().Claim(ctx, at, dead, pending, 100_000)
		slices.Sort(keys)
		if err == nil && forget {
			err = w.Ledger().Purge(ctx, keys)
		}
		return fmt.Sprint(keys), err
	}}
}
