package modeltest

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// generator chooses operations. Its arguments come from small pools, so that
// they meet: names that are taken, versions that are stale, keys that are there.
type generator struct {
	*rand.Rand
	now   time.Time
	seq   uint64   // of event IDs, session IDs and blob keys
	ids   []string // event IDs used before
	names []string // session IDs used before
	keys  []string // blob keys used before
}

// maxUsers bounds the pool of users: an index at or above the number that
// exist is nobody.
const maxUsers = 14

func (g *generator) user() int { return g.IntN(maxUsers) }

// tick moves the clock, by less than a second to some minutes.
func (g *generator) tick() time.Time {
	g.now = g.now.Add(time.Duration(g.IntN(1000)) * time.Microsecond)
	if g.IntN(20) == 0 {
		g.now = g.now.Add(time.Duration(g.IntN(300)) * time.Second)
	}
	return g.now
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) op() op {
	return pick(g, g.create, g.update, g.update, g.lookup, g.password, g.createSession, g.changeSession, g.changeSession,
		g.endSession, g.readSessions, g.take, g.take, g.throttle, g.putSettings, g.getSettings, g.appendEvents, g.page, g.page,
		g.removeEvents, g.reserve, g.blobs, g.blobs, g.purge,
		g.hold, g.held, g.dropHolds)()
}

// event is an event of user i. One in a dozen has an ID that was used before.
func (g *generator) event(i int) func(w *world) activity.Event {
	g.seq++
	id := uuid(g.now, g.seq)
	if len(g.ids) > 0 && g.IntN(12) == 0 {
		id = pick(g, g.ids...)
	}
	g.ids = append(g.ids, id)
	at := g.now.Add(-time.Duration(g.IntN(4)) * time.Microsecond)
	kind := pick(g, activity.Kind("model.a"), "model.b", "model.ab")
	return func(w *world) activity.Event {
		return activity.Event{
			ID: id, UserID: w.id(i), Kind: kind, At: at, Detail: map[string]string{"n": id[:8]},
			Source: activity.Source{IP: "192.0.2.0/24", Device: "Firefox on Linux"},
		}
	}
}

// events are up to two events of user i.
func (g *generator) events(i int) func(w *world) []activity.Event {
	var list []func(w *world) activity.Event
	for range g.IntN(3) {
		list = append(list, g.event(i))
	}
	return func(w *world) (out []activity.Event) {
		for _, e := range list {
			out = append(out, e(w))
		}
		return out
	}
}

// uuid is a UUIDv7 (RFC 9562, 5.7) without chance: its random bits are n.
func uuid(at time.Time, n uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	binary.BigEndian.PutUint64(b[8:], n)
	b[6], b[8] = 0x70, 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// spelling is one of the ways to write name n of the pool.
func (g *generator) spelling(n int) (username, email string) {
	name := fmt.Sprintf("user-%d", n)
	if g.IntN(2) == 0 {
		name = strings.ToUpper(name)
	}
	return name, name + pick(g, "@example.org", "@EXAMPLE.org", "@bücher.example", "@xn--bcher-kva.example")
}

func (g *generator) create() op {
	username, _ := g.spelling(g.IntN(maxUsers))
	_, email := g.spelling(g.IntN(maxUsers))
	u := profile.User{Username: username, Email: email, Bio: g.text(), Disabled: g.IntN(2) == 0}
	ev := g.events(0)
	return op{"create user", func(ctx context.Context, w *world) (string, error) {
		if len(w.users) == maxUsers {
			return "enough", nil
		}
		events := ev(w)
		for i := range events {
			events[i].UserID = ""
		}
		both := w.taken(ctx, username, email)
		got, err := w.Users().Create(ctx, u, events...)
		if err == nil {
			w.users = append(w.users, got.ID)
		} else if both && errors.Is(err, storage.ErrTaken) {
			err = errBothTaken
		}
		return showUser(w, got), err
	}}
}

// errBothTaken stands for either error of a name and an address that are both
// taken: which is told is the store's to choose.
var errBothTaken = &storage.TakenError{Field: "username and email"}

// taken reports whether both a name and an address have an owner.
func (w *world) taken(ctx context.Context, username, email string) bool {
	_, errName := w.Users().ByUsername(ctx, username)
	_, errEmail := w.Users().ByEmail(ctx, email)
	return errName == nil && errEmail == nil
}

func (g *generator) text() string {
	return pick(g, "", "plain", "Zoë 👩‍💻\n", `quote " and \ back`, strings.Repeat("ß", 300))
}

func (g *generator) update() op {
	i, version := g.user(), g.IntN(4)
	var p profile.Patch
	username, _ := g.spelling(g.IntN(maxUsers))
	_, email := g.spelling(g.IntN(maxUsers))
	// Of a name and an address that are both taken a store may tell either: only
	// one of them is in a patch.
	unique := g.IntN(3)
	for range 1 + g.IntN(3) {
		text := g.text()
		switch g.IntN(8) {
		case 0:
			switch unique {
			case 0:
				p.Username = &username
			case 1:
				p.Email = &email
			}
		case 2, 3:
			*pick(g, profile.TextFields()...).InPatch(&p) = &text
		case 4:
			p.Address = &profile.Address{City: text}
		case 5:
			p.Links = pick(g, &[]string{}, &[]string{"https://example.org/" + text, text})
		case 6:
			custom := pick(g, nil, json.RawMessage(`{"a":[1,{"b":null}]}`), json.RawMessage(`{}`))
			p.Custom = &custom
		case 7:
			p.Picture = pick(g, &profile.Picture{}, &profile.Picture{Base: "base", Ext: "jpg", Sizes: []int{512, 64}})
		case 1:
			p.Disabled = new(bool)
		}
	}
	ev := g.events(i)
	return op{fmt.Sprintf("update user %d", i), func(ctx context.Context, w *world) (string, error) {
		p := p
		// Nobody's version is 0, so that they are asked for version 0, 1 or any.
		before, err := w.Users().User(ctx, w.id(i))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return "", err
		}
		switch version {
		case 0:
			p.IfVersion = before.Version
		case 1:
			p.IfVersion = before.Version + 1
		}
		got, err := w.Users().Update(ctx, w.id(i), p, ev(w)...)
		return fmt.Sprint(showUser(w, got), " raised ", got.Version > before.Version), err
	}}
}

func (g *generator) lookup() op {
	i := g.user()
	username, email := g.spelling(g.IntN(maxUsers))
	how := g.IntN(3)
	return op{"look up a user", func(ctx context.Context, w *world) (string, error) {
		var u profile.User
		var err error
		switch how {
		case 0:
			u, err = w.Users().User(ctx, w.id(i))
		case 1:
			u, err = w.Users().ByUsername(ctx, username)
		case 2:
			u, err = w.Users().ByEmail(ctx, email)
		}
		return showUser(w, u), err
	}}
}

// showUser is a user without what may differ: ID, version, times, and the
// spelling of its JSON.
func showUser(w *world, u profile.User) string {
	i := w.index(u.ID)
	u.ID, u.Version, u.CreatedAt, u.UpdatedAt = "", 0, time.Time{}, time.Time{}
	custom := showJSON(u.Custom)
	u.Custom = nil
	if len(u.Links) == 0 {
		u.Links = nil
	}
	if len(u.Picture.Sizes) == 0 {
		u.Picture.Sizes = nil
	}
	return fmt.Sprintf("user %d %+v %s", i, u, custom)
}

func showJSON(data json.RawMessage) string {
	if len(data) == 0 {
		return ""
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}
