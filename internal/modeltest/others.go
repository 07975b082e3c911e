package modeltest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
)

func (g *generator) password() op {
	i, right := g.user(), g.IntN(4) > 0
	next := pick(g, "", "$a", "$b", "$c")
	ev := g.events(i)
	return op{fmt.Sprintf("password of user %d", i), func(ctx context.Context, w *world) (string, error) {
		p := w.Auth().Passwords
		old, err := p.LockPassword(ctx, w.id(i))
		if err != nil {
			return "", err
		}
		if !right {
			old += "x"
		}
		err = p.SetPassword(ctx, w.id(i), old, next, ev(w)...)
		if err != nil {
			return "", err
		}
		return p.PasswordHash(ctx, w.id(i))
	}}
}

// session is a session of user i with the ID and token of that number.
func (g *generator) session(w *world, i int, id string, at time.Time) authstore.Session {
	return authstore.Session{
		ID: id, UserID: w.id(i), TokenHash: sha256.Sum256([]byte(id)), Level: authstore.LevelFull,
		CreatedAt: at, ProvedAt: at, LastUsedAt: at, IdleUntil: at.Add(time.Minute), ExpiresAt: at.Add(time.Hour),
	}
}

// known is the ID of some session made before, which may be gone.
func (g *generator) known() string {
	if len(g.names) == 0 {
		return "none"
	}
	return g.names[max(0, len(g.names)-1-g.IntN(12))]
}

func (g *generator) createSession() op {
	i, at := g.user(), g.tick()
	g.seq++
	id := fmt.Sprintf("session%d", g.seq)
	g.names = append(g.names, id)
	ev := g.events(i)
	return op{"create " + id, func(ctx context.Context, w *world) (string, error) {
		return "", w.Auth().Sessions.CreateSession(ctx, g.session(w, i, id, at), ev(w)...)
	}}
}

func (g *generator) changeSession() op {
	i, id, at, rotate, right := g.user(), g.known(), g.tick(), g.IntN(2) == 0, g.IntN(4) > 0
	at = at.Add(time.Duration(g.IntN(120)-60) * time.Second)
	ev := g.events(i)
	return op{"change " + id, func(ctx context.Context, w *world) (string, error) {
		ss := w.Auth().Sessions
		if !rotate {
			return "", ss.TouchSession(ctx, id, at, at.Add(time.Minute), activity.Source{Device: id})
		}
		next := g.session(w, i, id, at)
		old := next.TokenHash
		if !right {
			old[0]++
		}
		// To the same token again, so that it is found by its number.
		return "", ss.RotateSession(ctx, old, next, ev(w)...)
	}}
}

func (g *generator) endSession() op {
	i, id, at, how := g.user(), g.known(), g.tick(), g.IntN(4)
	ev := g.events(i)
	return op{"end " + id, func(ctx context.Context, w *world) (string, error) {
		ss := w.Auth().Sessions
		switch how {
		case 0:
			n, err := ss.EndSessions(ctx, w.id(i), id, ev(w)...)
			return fmt.Sprint(n), err
		case 1:
			n, err := ss.PurgeSessions(ctx, at.Add(-time.Minute), 1000)
			return fmt.Sprint(n), err
		}
		return "", ss.EndSession(ctx, w.id(i), id, ev(w)...)
	}}
}

func (g *generator) readSessions() op {
	i, id := g.user(), g.known()
	return op{"read " + id, func(ctx context.Context, w *world) (string, error) {
		list, err := w.Auth().Sessions.Sessions(ctx, w.id(i), authstore.LevelFull, 1000)
		if err != nil {
			return "", err
		}
		// Of equal times either may be first.
		slices.SortStableFunc(list, func(a, b authstore.Session) int { return b.LastUsedAt.Compare(a.LastUsedAt) })
		var out []string
		for k, s := range list {
			if k > 0 && s.LastUsedAt.Equal(list[k-1].LastUsedAt) {
				continue
			}
			out = append(out, showSession(w, s))
		}
		s, err := w.Auth().Sessions.Session(ctx, sha256.Sum256([]byte(id)))
		return fmt.Sprint(len(list), out, showSession(w, s)), err
	}}
}

func showSession(w *world, s authstore.Session) string {
	s.UserID = fmt.Sprint(w.index(s.UserID))
	return fmt.Sprintf("%+v", s)
}

var rules = []limit.Rule{
	{Limit: 3, Window: 30 * time.Second},
	{Limit: 2, Window: time.Minute, Wait: time.Second, MaxWait: 10 * time.Second},
}

func (g *generator) take() op {
	n, at := g.IntN(6), g.tick()
	return op{fmt.Sprintf("take %d", n), func(ctx context.Context, w *world) (string, error) {
		ok, wait, err := w.Limits().Take(ctx, fmt.Sprint("key", n), rules[n%2], at)
		return fmt.Sprint(ok, wait), err
	}}
}

func (g *generator) throttle() op {
	n, at, how := g.IntN(6), g.tick(), g.IntN(4)
	return op{fmt.Sprintf("throttle %d", n), func(ctx context.Context, w *world) (string, error) {
		th := w.Limits()
		switch how {
		case 0:
			return "", th.Reset(ctx, fmt.Sprint("key", n))
		case 1:
			n, err := th.PurgeLimits(ctx, at, 1000)
			return fmt.Sprint(n), err
		}
		return "", th.Refund(ctx, fmt.Sprint("key", n))
	}}
}

func (g *generator) putSettings() op {
	i, how := g.user(), g.IntN(6)
	data := json.RawMessage(fmt.Sprintf(`{"n":%d,"text":%q}`, g.IntN(100), "Zoë"))
	ev := g.events(i)
	return op{fmt.Sprintf("put settings of %d", i), func(ctx context.Context, w *world) (string, error) {
		if how == 0 {
			return "", w.Settings().Erase(ctx, w.id(i))
		}
		r, err := w.Settings().Get(ctx, w.id(i))
		if err != nil {
			return "", err
		}
		before := r.Version
		if r.Data = data; how == 1 {
			r.Version++
		}
		r, err = w.Settings().Put(ctx, w.id(i), r, ev(w)...)
		return fmt.Sprint(showJSON(r.Data), r.Version > before), err
	}}
}

func (g *generator) getSettings() op {
	i := g.user()
	return op{fmt.Sprintf("get settings of %d", i), func(ctx context.Context, w *world) (string, error) {
		r, err := w.Settings().Get(ctx, w.id(i))
		return fmt.Sprint(showJSON(r.Data), r.Version == 0), err
	}}
}

func (g *generator) appendEvents() op {
	i := g.user()
	ev := g.events(i)
	return op{"append events", func(ctx context.Context, w *world) (string, error) {
		return "", w.Activity().Append(ctx, ev(w)...)
	}}
}

func (g *generator) page() op {
	i, limit := g.user(), 1+g.IntN(8)
	kind := pick(g, "", activity.Kind("model.a"), "model.b")
	return op{fmt.Sprintf("pages of %d", i), func(ctx context.Context, w *world) (string, error) {
		var out []string
		q := activity.Query{UserID: w.id(i), Kind: kind, Limit: limit}
		for {
			page, err := w.Activity().Page(ctx, q)
			if err != nil || len(page) == 0 {
				return fmt.Sprint(out), err
			}
			for _, e := range page {
				q.After = activity.Position{At: e.At, ID: e.ID}
				e.UserID = fmt.Sprint(w.index(e.UserID))
				out = append(out, fmt.Sprint(e))
			}
		}
	}}
}

func (g *generator) removeEvents() op {
	i, at, erase := g.user(), g.tick(), g.IntN(4) == 0
	return op{"remove events", func(ctx context.Context, w *world) (string, error) {
		if erase {
			return "", w.Activity().Erase(ctx, w.id(i))
		}
		n, err := w.Activity().Purge(ctx, at.Add(-10*time.Second), 100_000)
		return fmt.Sprint(n), err
	}}
}
