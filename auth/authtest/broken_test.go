package authtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/storage"
)

type overwrites struct{ authstore.PasswordStore }

func (p overwrites) SetPassword(ctx context.Context, user, _, hash string, ev ...activity.Event) error {
	old, err := p.PasswordHash(ctx, user)
	if err != nil {
		return err
	}
	return p.PasswordStore.SetPassword(ctx, user, old, hash, ev...)
}

type forgetsEvents struct{ authstore.PasswordStore }

func (p forgetsEvents) SetPassword(ctx context.Context, user, old, hash string, _ ...activity.Event) error {
	return p.PasswordStore.SetPassword(ctx, user, old, hash)
}

// readsOnly has a LockPassword that locks nothing.
type readsOnly struct {
	authstore.PasswordStore
	meet conform.Meeting
}

func (p readsOnly) LockPassword(ctx context.Context, user string) (string, error) {
	defer p.meet.Wait()
	return p.PasswordHash(ctx, user)
}

// noTx runs fn without a transaction.
type noTx struct{}

func (noTx) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
func (noTx) InTransaction(context.Context) bool                             { return false }

type keepsOldHash struct{ authstore.SessionStore }

func (s keepsOldHash) RotateSession(ctx context.Context, old [32]byte, next authstore.Session, ev ...activity.Event) error {
	if err := s.SessionStore.RotateSession(ctx, old, next, ev...); err != nil {
		return err
	}
	next.ID, next.TokenHash = conform.Name("s"), old
	return s.CreateSession(ctx, next)
}

// anyOwner ends a session by its ID alone.
type anyOwner struct {
	authstore.SessionStore
	owners *sync.Map
}

func (s anyOwner) CreateSession(ctx context.Context, n authstore.Session, ev ...activity.Event) error {
	s.owners.Store(n.ID, n.UserID)
	return s.SessionStore.CreateSession(ctx, n, ev...)
}

func (s anyOwner) EndSession(ctx context.Context, user, id string, ev ...activity.Event) error {
	if owner, ok := s.owners.Load(id); ok {
		user = owner.(string)
	}
	return s.SessionStore.EndSession(ctx, user, id, ev...)
}

// endsAll forgets that one session is to be kept.
type endsAll struct{ authstore.SessionStore }

func (s endsAll) EndSessions(ctx context.Context, user, _ string, ev ...activity.Event) (int, error) {
	return s.SessionStore.EndSessions(ctx, user, "", ev...)
}

// touchesBack moves the time of use also back.
type touchesBack struct{ authstore.SessionStore }

func (s touchesBack) TouchSession(ctx context.Context, id string, used, idle time.Time, source activity.Source) error {
	return s.SessionStore.TouchSession(ctx, id, used.Add(time.Hour), idle, source)
}

// findsThenRemoves takes a ticket in two steps.
type findsThenRemoves struct {
	authstore.TicketStore
	meet conform.Meeting
}

func (ts findsThenRemoves) TakeTicket(ctx context.Context, p authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	k, err := ts.Ticket(ctx, p, hash, now)
	if err != nil {
		return k, err
	}
	ts.meet.Wait()
	_, _ = ts.TicketStore.TakeTicket(ctx, p, hash, now)
	return k, nil
}

// anyPurpose knows a ticket by its hash alone.
type anyPurpose struct{ authstore.TicketStore }

func (ts anyPurpose) Ticket(ctx context.Context, p authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	return ts.TicketStore.Ticket(ctx, purpose, hash, now)
}

// comparesThenUses looks at the counter in a step of its own.
type comparesThenUses struct {
	authstore.FactorStore
	meet conform.Meeting
}

func (fs comparesThenUses) UseFactor(ctx context.Context, r authstore.FactorRecord, was authstore.FactorState, rises bool, ev ...activity.Event) error {
	list, err := fs.Factors(ctx, r.UserID)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.ID == r.ID && rises && f.Counter >= r.Counter {
			return storage.ErrStale
		}
	}
	fs.meet.Wait()
	return fs.FactorStore.UseFactor(ctx, r, was, false, ev...)
}

// lastHandle keeps the handle that comes last.
type lastHandle struct{ authstore.HandleStore }

func (hs lastHandle) KeepHandle(ctx context.Context, user string, handle []byte, at time.Time) ([]byte, error) {
	if err := authstore.CheckHandle(user, handle); err != nil {
		return nil, err
	}
	if err := hs.EraseHandle(ctx, user); err != nil {
		return nil, err
	}
	return hs.HandleStore.KeepHandle(ctx, user, handle, at)
}

// looksThenKeeps looks whether there is a handle in a step of its own, and so has calls
// at the same time get each their own.
type looksThenKeeps struct {
	authstore.HandleStore
	meet conform.Meeting
}

func (hs looksThenKeeps) KeepHandle(ctx context.Context, user string, handle []byte, at time.Time) ([]byte, error) {
	if kept, err := hs.Handle(ctx, user); err == nil {
		return kept, nil
	}
	hs.meet.Wait()
	if _, err := hs.HandleStore.KeepHandle(ctx, user, handle, at); err != nil {
		return nil, err
	}
	return handle, nil
}

// keepsDevices leaves trusted devices out when it ends all sessions.
type keepsDevices struct{ authstore.SessionStore }

func (s keepsDevices) EndSessions(ctx context.Context, user, except string, ev ...activity.Event) (int, error) {
	list, err := s.Sessions(ctx, user, authstore.LevelFull, 1000)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, sess := range list {
		if sess.ID == except {
			continue
		}
		if err := s.EndSession(ctx, user, sess.ID); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// trimsByTime removes by the time of use alone, the newest too.
type trimsByTime struct{ authstore.SessionStore }

func (s trimsByTime) TrimSessions(ctx context.Context, newest authstore.Session, keep int) (int, error) {
	list, err := s.Sessions(ctx, newest.UserID, newest.Level, 1000)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, sess := range list[min(len(list), keep):] {
		if err := s.EndSession(ctx, newest.UserID, sess.ID); err == nil {
			n++
		}
	}
	return n, nil
}

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(b *authstore.Stores)) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				b := m.Auth()
				breakIt(&b)
				return Harness{Stores: b, Users: m.Users(), Tx: m, Limits: m.Limits(), Activity: m.Activity()}
			})
		}}
	}
	foreign := func(tx storage.Transactor, lock func(authstore.PasswordStore) authstore.PasswordStore) func(t *testing.T) {
		return func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				b := m.Auth()
				b.Passwords = lock(b.Passwords)
				return Harness{Stores: b, Users: m.Users(), Tx: tx, Activity: m.Activity()}
			})
		}
	}
	same := func(p authstore.PasswordStore) authstore.PasswordStore { return p }
	conform.FindsBroken(t,
		conform.Broken{
			Name: "ignores the transaction", Finds: "transaction/EndSession/rollback leaves nothing",
			Suite: foreign(memstore.New(), same),
		},
		conform.Broken{
			Name: "locks no password", Finds: "password lock/of 20 that lock and then set none is stale",
			Suite: foreign(noTx{}, func(p authstore.PasswordStore) authstore.PasswordStore { return readsOnly{p, conform.NewMeeting()} }),
		},
		over("overwrites a password that changed", "password/a stale hash changes nothing",
			func(b *authstore.Stores) { b.Passwords = overwrites{b.Passwords} }),
		over("forgets the events of a password", "password/events are written with it or neither is",
			func(b *authstore.Stores) { b.Passwords = forgetsEvents{b.Passwords} }),
		over("keeps the old hash of a rotated session", "rotate/the old hash opens nothing from then on",
			func(b *authstore.Stores) { b.Sessions = keepsOldHash{b.Sessions} }),
		over("ends sessions of other users", "end/one that is not there, or another user's, is not found",
			func(b *authstore.Stores) { b.Sessions = anyOwner{b.Sessions, new(sync.Map)} }),
		over("ends the session to be kept", "end/all but one",
			func(b *authstore.Stores) { b.Sessions = endsAll{b.Sessions} }),
		over("keeps trusted devices", "end/of every level",
			func(b *authstore.Stores) { b.Sessions = keepsDevices{b.Sessions} }),
		over("trims the newest session", "trim/the newest stays, whenever it was used",
			func(b *authstore.Stores) { b.Sessions = trimsByTime{b.Sessions} }),
		over("moves the time of use back", "touch/never back, nor at the same time",
			func(b *authstore.Stores) { b.Sessions = touchesBack{b.Sessions} }),
		over("finds a ticket and then removes it", "ticket/R15 of 100 that take one ticket one gets it",
			func(b *authstore.Stores) { b.Tickets = findsThenRemoves{b.Tickets, conform.NewMeeting()} }),
		over("opens a ticket for any purpose", "ticket/S23 for one purpose it is none for another",
			func(b *authstore.Stores) { b.Tickets = anyPurpose{b.Tickets} }),
		over("keeps the handle that comes last", "handle/T14e the first that is kept stays",
			func(b *authstore.Stores) { b.Handles = lastHandle{b.Handles} }),
		over("looks for a handle and then keeps one", "handle/T14e 20 at once with handles of their own get the same",
			func(b *authstore.Stores) { b.Handles = looksThenKeeps{b.Handles, conform.NewMeeting()} }),
		over("compares a counter and then sets it", "use factor/R14 of 100 uses of one step one is let through",
			func(b *authstore.Stores) { b.Factors = comparesThenUses{b.Factors, conform.NewMeeting()} }),
	)
}
