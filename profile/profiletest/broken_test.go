package profiletest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// The faults below are those that real stores have had: each wraps the model
// in memory and breaks one promise.

type forgetsEvents struct{ profile.Store }

func (s forgetsEvents) Update(ctx context.Context, id string, p profile.Patch, _ ...activity.Event) (profile.User, error) {
	return s.Store.Update(ctx, id, p)
}

type eventsApart struct {
	profile.Store
	events activity.Store
}

func (s eventsApart) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	u, err := s.Store.Update(ctx, id, p)
	if err == nil {
		err = s.events.Append(ctx, ev...)
	}
	return u, err
}

type ignoresVersion struct{ profile.Store }

func (s ignoresVersion) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	p.IfVersion = 0
	return s.Store.Update(ctx, id, p, ev...)
}

type looksThenWrites struct {
	profile.Store
	meet conform.Meeting
}

func (s looksThenWrites) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	if p.IfVersion != 0 {
		u, err := s.Store.User(ctx, id)
		if err != nil {
			return u, err
		}
		if u.Version != p.IfVersion {
			return profile.User{}, storage.ErrStale
		}
		s.meet.Wait()
		p.IfVersion = 0
	}
	return s.Store.Update(ctx, id, p, ev...)
}

type looksAtTheNameFirst struct{ profile.Store }

func (s looksAtTheNameFirst) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	if p.Username != nil {
		if u, err := s.Store.ByUsername(ctx, *p.Username); err == nil && u.ID != id {
			return profile.User{}, &storage.TakenError{Field: "username"}
		}
	}
	return s.Store.Update(ctx, id, p, ev...)
}

type writesAllBack struct {
	profile.Store
	meet conform.Meeting
}

func (s writesAllBack) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	u, err := s.Store.User(ctx, id)
	if err != nil {
		return u, err
	}
	s.meet.Wait()
	all := patchOf(u)
	all.IfVersion = p.IfVersion
	merge(&all, p)
	return s.Store.Update(ctx, id, all, ev...)
}

type comparesBytes struct{ profile.Store }

func (s comparesBytes) Create(ctx context.Context, u profile.User, ev ...activity.Event) (profile.User, error) {
	if there, err := s.Store.ByUsername(ctx, u.Username); err == nil && there.Username != u.Username {
		u.Username = conform.Name("z") // a second user of one key
	}
	return s.Store.Create(ctx, u, ev...)
}

type namesNoField struct{ profile.Store }

func (s namesNoField) Create(ctx context.Context, u profile.User, ev ...activity.Event) (profile.User, error) {
	u, err := s.Store.Create(ctx, u, ev...)
	if errors.Is(err, storage.ErrTaken) {
		err = fmt.Errorf("insert: %w", storage.ErrTaken)
	}
	return u, err
}

type cutsText struct{ profile.Store }

func (s cutsText) Create(ctx context.Context, u profile.User, ev ...activity.Event) (profile.User, error) {
	u.Bio = u.Bio[:min(len(u.Bio), 3996)]
	return s.Store.Create(ctx, u, ev...)
}

// forgetsAColumn never got the column of one field of text.
type forgetsAColumn struct {
	profile.Store
	field profile.Field
}

func (s forgetsAColumn) Create(ctx context.Context, u profile.User, ev ...activity.Event) (profile.User, error) {
	*s.field.Of(&u) = ""
	return s.Store.Create(ctx, u, ev...)
}

func (s forgetsAColumn) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	*s.field.InPatch(&p) = nil
	return s.Store.Update(ctx, id, p, ev...)
}

type zeroForMissing struct{ profile.Store }

func (s zeroForMissing) User(ctx context.Context, id string) (profile.User, error) {
	u, err := s.Store.User(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return u, err
}

type ignoresContext struct{ profile.Store }

func (s ignoresContext) User(ctx context.Context, id string) (profile.User, error) {
	return s.Store.User(context.WithoutCancel(ctx), id)
}

// merge sets in all what is set in p.
func merge(all *profile.Patch, p profile.Patch) {
	from, to := reflect.ValueOf(p), reflect.ValueOf(all).Elem()
	for i := range from.NumField() {
		if f := from.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			to.Field(i).Set(f)
		}
	}
}

func textField(name string) profile.Field {
	texts := profile.TextFields()
	return texts[slices.IndexFunc(texts, func(f profile.Field) bool { return f.Name == name })]
}

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(m *memstore.Store) profile.Store) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m), Tx: m, Activity: m.Activity()}
			})
		}}
	}
	conform.FindsBroken(t,
		conform.Broken{Name: "ignores the transaction", Finds: "transaction/Create/rollback leaves nothing", Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: m.Users(), Tx: memstore.New(), Activity: m.Activity()}
			})
		}},
		over("forgets its events", "events/update writes them",
			func(m *memstore.Store) profile.Store { return forgetsEvents{m.Users()} }),
		over("writes its events apart", "events/one that cannot be written undoes the update",
			func(m *memstore.Store) profile.Store { return eventsApart{m.Users(), m.Activity()} }),
		over("ignores IfVersion", "version/a stale version changes nothing",
			func(m *memstore.Store) profile.Store { return ignoresVersion{m.Users()} }),
		over("looks at the version and then writes", "version/R12 of 50 concurrent updates of one version one wins",
			func(m *memstore.Store) profile.Store { return looksThenWrites{m.Users(), conform.NewMeeting()} }),
		over("looks at the name before the version", "taken/an unknown user and a stale version are told before a taken name",
			func(m *memstore.Store) profile.Store { return looksAtTheNameFirst{m.Users()} }),
		over("writes all fields back", "concurrent updates/R12 50 concurrent updates of different fields are all kept",
			func(m *memstore.Store) profile.Store { return writesAllBack{m.Users(), conform.NewMeeting()} }),
		over("compares names byte for byte", "taken/create with a taken name or address names the field",
			func(m *memstore.Store) profile.Store { return comparesBytes{m.Users()} }),
		over("does not name the field that is taken", "taken/R10 of 100 concurrent creates of one address one wins",
			func(m *memstore.Store) profile.Store { return namesNoField{m.Users()} }),
		over("cuts text", "text/the longest values fit",
			func(m *memstore.Store) profile.Store { return cutsText{m.Users()} }),
		over("forgets a column", "patch/Pronouns is set, left and cleared",
			func(m *memstore.Store) profile.Store { return forgetsAColumn{m.Users(), textField("pronouns")} }),
		over("answers a missing user with an empty one", "look up/an unknown user is not found",
			func(m *memstore.Store) profile.Store { return zeroForMissing{m.Users()} }),
		over("does not look at its context", "ended context/User",
			func(m *memstore.Store) profile.Store { return ignoresContext{m.Users()} }),
	)
}
