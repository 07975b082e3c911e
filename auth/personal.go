package auth

import (
	"context"
	"errors"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/batch"
	"github.com/profilekit/profilekit/storage/personal"
)

// Personal is what the stores of this package keep of users, as a personal.Contributor; a
// Service is one too. A host with a sign-in of its own gives it to its Exporter and its
// Eraser, and calls PurgeExpired, for what an earlier sign-in by this package left.
type Personal struct {
	// Stores are required; for a host with users of its own they are those for users
	// elsewhere, such as sqlstore's AuthApart.
	Stores authstore.Stores
	// LimitStore has the counters of tries; it is required.
	LimitStore limit.Store
}

var (
	_ personal.Contributor = Personal{}
	_ personal.Contributor = (*Service)(nil)
)

// exportedSession is a session or a trusted device in a copy.
type exportedSession struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"createdAt"`
	LastUsedAt time.Time `json:"lastUsedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	Remember   bool      `json:"remember,omitempty"`
	IP         string    `json:"ip,omitempty"`
	Device     string    `json:"device,omitempty"`
	Place      string    `json:"place,omitempty"`
}

// exportedFactor is a second factor in a copy. Its secret stays out.
type exportedFactor struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Name       string     `json:"name,omitempty"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
	Pending    bool       `json:"pending,omitempty"`
}

// mostExported bounds the sessions of a level in a copy. There are fewer, but for accounts of
// before sessions were capped, and for unfinished sign-ins.
const mostExported = 1000

// ExportUser adds the user's sessions, trusted devices and second factors to a copy.
// Secrets and hashes stay out, because only a thief has a use for them. So do tickets and
// counters, which are gone within days and say nothing that is not elsewhere in the copy.
func (p Personal) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	ctx, cancel := a.Bounded(ctx)
	defer cancel()
	var sessions []authstore.Session
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDeletionPending, authstore.LevelDevice} {
		list, err := p.Stores.Sessions.Sessions(ctx, userID, level, mostExported)
		if err != nil {
			return err
		}
		sessions = append(sessions, list...)
	}
	factors, err := p.Stores.Factors.Factors(ctx, userID)
	if err != nil {
		return err
	}
	out := struct {
		Sessions []exportedSession `json:"sessions"`
		Devices  []exportedSession `json:"trustedDevices"`
		Factors  []exportedFactor  `json:"factors"`
	}{[]exportedSession{}, []exportedSession{}, []exportedFactor{}}
	for _, s := range sessions {
		e := exportedSession{
			ID: s.ID, CreatedAt: s.CreatedAt.UTC(), LastUsedAt: s.LastUsedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
			Remember: s.Remember, IP: s.Source.IP, Device: s.Source.Device, Place: s.Source.Place,
		}
		if s.Level == authstore.LevelDevice {
			out.Devices = append(out.Devices, e)
		} else {
			out.Sessions = append(out.Sessions, e)
		}
	}
	for _, f := range factors {
		e := exportedFactor{ID: f.ID, Kind: f.Kind, Name: f.Name, CreatedAt: f.CreatedAt.UTC(), Pending: f.Pending}
		if !f.LastUsedAt.IsZero() {
			at := f.LastUsedAt.UTC()
			e.LastUsedAt = &at
		}
		out.Factors = append(out.Factors, e)
	}
	return a.JSON("security.json", out)
}

// EraseUser removes all that is kept of the user: sessions, trusted devices, tickets,
// factors, the handle, the password and the counters of limits.
func (p Personal) EraseUser(ctx context.Context, userID string) error {
	_, sessions := p.Stores.Sessions.EndSessions(ctx, userID, "")
	_, tickets := p.Stores.Tickets.RemoveTickets(ctx, userID)
	_, factors := p.Stores.Factors.RemoveFactors(ctx, userID)
	var handle error
	if p.Stores.Handles != nil {
		handle = p.Stores.Handles.EraseHandle(ctx, userID)
	}
	if err := errors.Join(sessions, tickets, factors, handle); err != nil {
		return err
	}
	keys := []string{accountKey(userID), factorKey(userID)}
	for _, b := range budgets {
		keys = append(keys, mailUserKey(b, userID))
	}
	for _, key := range keys {
		if err := p.LimitStore.Reset(ctx, key); err != nil {
			return err
		}
	}
	return p.Stores.Passwords.Erase(ctx, userID)
}

// ExportUser is that of Personal.
func (s *Service) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	return s.kept.ExportUser(ctx, userID, a)
}

// EraseUser is that of Personal.
func (s *Service) EraseUser(ctx context.Context, userID string) error {
	return s.kept.EraseUser(ctx, userID)
}

// purgeBatch is how many rows one statement of PurgeExpired removes: few enough
// that nobody waits for its locks.
const purgeBatch = 250

// keepSpent is how long tickets stay beyond their end. A challenge that was used
// is among them, and would count again if a clock that ran a day ahead had its row
// removed before it was set right.
const keepSpent = 48 * time.Hour

// PurgeExpired removes sessions that reached a limit, pending factors that expired,
// and tickets two days after they did. It works in batches until none is left, and
// pauses after each batch for as long as that took. Nothing depends on it but the
// space; once an hour is plenty, on any number of nodes. For the counters of limits
// see limit.PurgeExpired.
func (p Personal) PurgeExpired(ctx context.Context, now time.Time) error {
	_, sessions := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return p.Stores.Sessions.PurgeSessions(ctx, now, limit)
	})
	_, tickets := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return p.Stores.Tickets.PurgeTickets(ctx, now.Add(-keepSpent), limit)
	})
	_, factors := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return p.Stores.Factors.PurgeFactors(ctx, now, limit)
	})
	return errors.Join(sessions, tickets, factors)
}
