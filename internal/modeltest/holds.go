package modeltest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// holdKeys are up to three keys of a small pool, some of them twice.
func (g *generator) holdKeys() (keys []string) {
	for range g.IntN(4) {
		keys = append(keys, fmt.Sprint(pick(g, "username:", "email:"), g.IntN(5)))
	}
	return keys
}

// holder is some user, nobody, or "" for everybody.
func (g *generator) holder() func(w *world) string {
	i := g.user()
	if g.IntN(5) == 0 {
		return func(*world) string { return "" }
	}
	return func(w *world) string { return w.id(i) }
}

func (g *generator) hold() op {
	who, keys, until := g.holder(), g.holdKeys(), g.tick().Add(time.Duration(g.IntN(600)-60)*time.Second)
	return op{fmt.Sprintf("hold %v", keys), func(ctx context.Context, w *world) (string, error) {
		return "", w.Holds().Hold(ctx, who(w), keys, until)
	}}
}

func (g *generator) held() op {
	who, keys, now := g.holder(), g.holdKeys(), g.tick()
	return op{fmt.Sprintf("held %v", keys), func(ctx context.Context, w *world) (string, error) {
		held, err := w.Holds().Held(ctx, who(w), keys, now)
		if err != nil {
			return "", err
		}
		slices.Sort(held)
		n, err := w.Holds().HeldNames(ctx, who(w), now)
		return fmt.Sprint(held, n), err
	}}
}

func (g *generator) dropHolds() op {
	who, at, erase := g.holder(), g.tick(), g.IntN(3) > 0
	return op{"drop holds", func(ctx context.Context, w *world) (string, error) {
		if erase {
			return "", w.Holds().EraseHolds(ctx, who(w))
		}
		n, err := w.Holds().PurgeHolds(ctx, at, 1000)
		return fmt.Sprint(n), err
	}}
}
