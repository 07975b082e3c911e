package memstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

type sessions struct{ s *Store }

var _ authstore.SessionUserStore = sessions{}

func errNoSession() error { return fmt.Errorf("memstore: session: %w", storage.ErrNotFound) }

func (ss sessions) CreateSession(ctx context.Context, s authstore.Session, events ...activity.Event) error {
	return ss.s.write(ctx, func(st *state) error {
		_, sameID := st.sessions.get(s.ID)
		_, sameToken := st.tokens.get(s.TokenHash)
		if sameID || sameToken {
			return fmt.Errorf("memstore: session: %w", storage.ErrTaken)
		}
		s.CreatedAt, s.ProvedAt, s.LastUsedAt = stored(s.CreatedAt), stored(s.ProvedAt), stored(s.LastUsedAt)
		s.IdleUntil, s.ExpiresAt = stored(s.IdleUntil), stored(s.ExpiresAt)
		st.sessions.put(st, s.ID, s)
		st.tokens.put(st, s.TokenHash, s.ID)
		return st.record(events)
	})
}

func (st *state) session(tokenHash [32]byte) (authstore.Session, error) {
	id, ok := st.tokens.get(tokenHash)
	if !ok {
		return authstore.Session{}, errNoSession()
	}
	s, _ := st.sessions.get(id)
	return s, nil
}

func (ss sessions) Session(ctx context.Context, tokenHash [32]byte) (s authstore.Session, err error) {
	err = ss.s.read(ctx, func(st *state) (err error) {
		s, err = st.session(tokenHash)
		return err
	})
	return s, err
}

func (ss sessions) SessionWithUser(ctx context.Context, tokenHash [32]byte) (s authstore.Session, u profile.User, err error) {
	err = ss.s.read(ctx, func(st *state) error {
		found, err := st.session(tokenHash)
		if err != nil {
			return err
		}
		owner, ok := st.users.get(found.UserID)
		if !ok {
			return errNoUser()
		}
		s, u = found, copyUser(owner)
		return nil
	})
	return s, u, err
}

func (ss sessions) RotateSession(ctx context.Context, old [32]byte, s authstore.Session, events ...activity.Event) error {
	return ss.s.write(ctx, func(st *state) error {
		present, ok := st.sessions.get(s.ID)
		if !ok || present.UserID != s.UserID || present.TokenHash != old {
			return errNoSession()
		}
		st.tokens.remove(st, old)
		if _, taken := st.tokens.get(s.TokenHash); taken {
			return fmt.Errorf("memstore: session: %w", storage.ErrTaken)
		}
		present.TokenHash, present.Level, present.ProvedAt = s.TokenHash, s.Level, stored(s.ProvedAt)
		present.IdleUntil, present.ExpiresAt = stored(s.IdleUntil), stored(s.ExpiresAt)
		st.tokens.put(st, s.TokenHash, s.ID)
		st.sessions.put(st, s.ID, present)
		return st.record(events)
	})
}

func (ss sessions) TouchSession(ctx context.Context, id string, lastUsed, idleUntil time.Time, source activity.Source) error {
	return ss.s.write(ctx, func(st *state) error {
		s, ok := st.sessions.get(id)
		if !ok || !s.LastUsedAt.Before(lastUsed) {
			return nil
		}
		s.LastUsedAt, s.IdleUntil, s.Source = stored(lastUsed), stored(idleUntil), source
		st.sessions.put(st, id, s)
		return nil
	})
}

func (ss sessions) Sessions(ctx context.Context, userID string, level authstore.Level, limit int) (list []authstore.Session, err error) {
	err = ss.s.read(ctx, func(st *state) error {
		list = st.lastUsed(userID, level)
		return nil
	})
	return list[:min(len(list), max(limit, 0))], err
}

// lastUsed are the user's sessions of the level, last used first.
func (st *state) lastUsed(userID string, level authstore.Level) (list []authstore.Session) {
	for _, s := range st.sessions.rows {
		if s.UserID == userID && s.Level == level {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b authstore.Session) int {
		return cmp.Or(b.LastUsedAt.Compare(a.LastUsedAt), cmp.Compare(b.ID, a.ID))
	})
	return list
}

func (ss sessions) TrimSessions(ctx context.Context, newest authstore.Session, keep int) (int, error) {
	n := 0
	err := ss.s.write(ctx, func(st *state) error {
		others := slices.DeleteFunc(st.lastUsed(newest.UserID, newest.Level), func(s authstore.Session) bool { return s.ID == newest.ID })
		for _, s := range others[min(len(others), max(keep-1, 0)):] {
			if n < authstore.TrimBatch {
				st.endSession(s)
				n++
			}
		}
		return nil
	})
	return n, err
}

func (ss sessions) EndSession(ctx context.Context, userID, id string, events ...activity.Event) error {
	return ss.s.write(ctx, func(st *state) error {
		s, ok := st.sessions.get(id)
		if !ok || s.UserID != userID {
			return errNoSession()
		}
		st.endSession(s)
		return st.record(events)
	})
}

func (ss sessions) EndSessions(ctx context.Context, userID, except string, events ...activity.Event) (int, error) {
	return ss.endWhere(ctx, -1, func(s authstore.Session) bool { return s.UserID == userID && s.ID != except }, events)
}

func (ss sessions) PurgeSessions(ctx context.Context, before time.Time, limit int) (int, error) {
	return ss.endWhere(ctx, max(limit, 0), func(s authstore.Session) bool {
		return s.IdleUntil.Before(before) || s.ExpiresAt.Before(before)
	}, nil)
}

// endWhere ends up to limit sessions that match, or all of them when limit is
// negative.
func (ss sessions) endWhere(ctx context.Context, limit int, match func(authstore.Session) bool, events []activity.Event) (int, error) {
	n := 0
	err := ss.s.write(ctx, func(st *state) error {
		for _, s := range maps.Clone(st.sessions.rows) {
			if n != limit && match(s) {
				st.endSession(s)
				n++
			}
		}
		return st.record(events)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (st *state) endSession(s authstore.Session) {
	st.tokens.remove(st, s.TokenHash)
	st.sessions.remove(st, s.ID)
}
