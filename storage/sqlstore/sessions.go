package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

type sessions struct{ db *DB }

func (s sessions) CreateSession(ctx context.Context, n authstore.Session, events ...activity.Event) error {
	args := []any{
		n.ID, n.UserID, n.TokenHash[:], string(n.Level), n.Remember, n.Source.IP, clean(n.Source.Device), n.Source.Place,
		micros(n.CreatedAt), micros(n.ProvedAt), micros(n.LastUsedAt), micros(n.IdleUntil), micros(n.ExpiresAt),
	}
	return s.changed(s.db.change(ctx, insertSession, &n.UserID, args, events, &n.ID))
}

func (s sessions) RotateSession(ctx context.Context, old [32]byte, n authstore.Session, events ...activity.Event) error {
	args := []any{
		n.ID, n.UserID, old[:], n.TokenHash[:], string(n.Level),
		micros(n.ProvedAt), micros(n.IdleUntil), micros(n.ExpiresAt),
	}
	defer s.db.changes(ctx, n.UserID)()
	return s.changed(s.db.change(ctx, rotateSession, &n.UserID, args, events, &n.ID))
}

func (s sessions) EndSession(ctx context.Context, userID, id string, events ...activity.Event) error {
	defer s.db.changes(ctx, userID)()
	return s.changed(s.db.change(ctx, endSession, &userID, []any{userID, id}, events, &id))
}

// changed makes no row ErrNotFound.
func (s sessions) changed(found bool, err error) error {
	if err == nil && !found {
		return storage.ErrNotFound
	}
	return err
}

func (s sessions) EndSessions(ctx context.Context, userID, except string, events ...activity.Event) (int, error) {
	defer s.db.changes(ctx, userID)()
	var ended int64
	if s.db.dialect == Postgres {
		rows, err := s.db.eventsJSON(events)
		if err != nil {
			return 0, err
		}
		_, err = s.db.row(ctx, endSessions, []any{userID, except, rows}, &ended)
		return int(ended), err
	}
	err := s.db.atomically(ctx, func(ctx context.Context) (err error) {
		if ended, err = s.db.exec(ctx, endSessions, userID, except); err != nil {
			return err
		}
		return s.db.record(ctx, userID, events)
	})
	if err != nil {
		return 0, err
	}
	return int(ended), nil
}

func (s sessions) TouchSession(ctx context.Context, id string, lastUsed, idleUntil time.Time, src activity.Source) error {
	_, err := s.db.exec(ctx, touchSession, id, micros(lastUsed), micros(idleUntil), src.IP, clean(src.Device), src.Place)
	return err
}

func (s sessions) Session(ctx context.Context, tokenHash [32]byte) (authstore.Session, error) {
	var n authstore.Session
	found, err := s.db.row(ctx, selectSession, []any{tokenHash[:]}, append(sessionDest(&n, make([]any, 0, 13)), hashInto{&n.TokenHash})...)
	if err := s.changed(found, err); err != nil {
		return authstore.Session{}, err
	}
	return n, nil
}

// SessionWithUser is authstore.SessionUserStore.
func (s sessions) SessionWithUser(ctx context.Context, tokenHash [32]byte) (authstore.Session, profile.User, error) {
	row := s.db.signedIn.take()
	found, err := s.db.row(ctx, selectSessionUser, []any{tokenHash[:]}, s.db.pack(row.dest)...)
	var refused *DatabaseError
	if errors.As(err, &refused) && (refused.Code == "22P02" || refused.Code == "22003") {
		// The session belongs to an ID that is no number: none of our users.
		found, err = false, nil
	}
	// A cast also reads "07" as 7, which is another ID.
	if err == nil && (!found || row.session.UserID != row.user.user.ID) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return authstore.Session{}, profile.User{}, err
	}
	n, u := row.session, row.user.done()
	n.TokenHash = tokenHash
	s.db.signedIn.keep(row)
	return n, u, nil
}

func (s sessions) TrimSessions(ctx context.Context, newest authstore.Session, keep int) (int, error) {
	defer s.db.changes(ctx, newest.UserID)()
	n, err := s.db.exec(ctx, trimSessions, newest.UserID, string(newest.Level), newest.ID, authstore.TrimBatch, max(keep-1, 0))
	return int(n), err
}

func (s sessions) Sessions(ctx context.Context, userID string, level authstore.Level, limit int) ([]authstore.Session, error) {
	var list []authstore.Session
	err := s.db.rows(ctx, selectSessions, func(r *sql.Rows) error {
		var n authstore.Session
		err := r.Scan(append(sessionDest(&n, make([]any, 0, 13)), hashInto{&n.TokenHash})...)
		list = append(list, n)
		return err
	}, userID, string(level), max(limit, 0))
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s sessions) PurgeSessions(ctx context.Context, before time.Time, limit int) (int, error) {
	defer s.db.changes(ctx, "")() // whose they were is not asked
	n, err := s.db.exec(ctx, purgeSessions, micros(before), limit)
	return int(n), err
}

func sessionDest(n *authstore.Session, dest []any) []any {
	return append(dest, &n.ID, &n.UserID, (*string)(&n.Level), &n.Remember,
		&n.Source.IP, &n.Source.Device, &n.Source.Place, timeInto{&n.CreatedAt}, timeInto{&n.ProvedAt},
		timeInto{&n.LastUsedAt}, timeInto{&n.IdleUntil}, timeInto{&n.ExpiresAt})
}

type hashInto struct{ h *[32]byte }

func (s hashInto) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(s.h) {
		return fmt.Errorf("sqlstore: a token hash arrived as %T", src)
	}
	copy(s.h[:], b)
	return nil
}
