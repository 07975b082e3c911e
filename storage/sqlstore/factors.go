package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

type factors struct{ db *DB }

func (s factors) AddFactor(ctx context.Context, r authstore.FactorRecord, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	args := []any{
		r.ID, r.UserID, r.Kind, r.Name, r.Lookup, r.Counter, data(r.Data), r.Pending,
		micros(r.CreatedAt), micros(r.LastUsedAt), end(r.ExpiresAt), boundSession(r),
	}
	_, err := s.db.change(ctx, insertFactor, &r.UserID, args, events, &r.ID)
	// SQLite does not name the key; the ID is random and the Lookup is not.
	if _, named := errors.AsType[*storage.TakenError](err); !named && r.Lookup != "" && errors.Is(err, storage.ErrTaken) {
		return &storage.TakenError{Field: "lookup"}
	}
	return err
}

func (s factors) Factors(ctx context.Context, userID string) ([]authstore.FactorRecord, error) {
	if !keepable(userID) {
		return nil, ctx.Err()
	}
	var list []authstore.FactorRecord
	err := s.db.rows(ctx, selectFactors, func(rows *sql.Rows) error {
		var r authstore.FactorRecord
		err := rows.Scan(factorDest(&r)...)
		list = append(list, r)
		return err
	}, userID)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s factors) FactorByLookup(ctx context.Context, kind, lookup string) (authstore.FactorRecord, error) {
	if !keepable(kind, lookup) {
		return authstore.FactorRecord{}, notFound(ctx)
	}
	var r authstore.FactorRecord
	found, err := s.db.row(ctx, selectByLookup, []any{kind, lookup}, factorDest(&r)...)
	if err := changedOne(found, err, storage.ErrNotFound); err != nil {
		return authstore.FactorRecord{}, err
	}
	return r, nil
}

func (s factors) UseFactor(ctx context.Context, r authstore.FactorRecord, was authstore.FactorState, rises bool, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	args := []any{r.ID, r.UserID, was == authstore.Pending, r.Counter, changedData(r.Data), micros(r.LastUsedAt), rises, int64(never)}
	found, err := s.db.change(ctx, useFactor, &r.UserID, args, events, &r.ID)
	return changedOne(found, err, storage.ErrStale)
}

func (s factors) RenameFactor(ctx context.Context, userID, id, name string) error {
	if !keepable(userID, id) {
		return notFound(ctx)
	}
	n, err := s.db.exec(ctx, renameFactor, userID, id, clean(name))
	return changedOne(n > 0, err, storage.ErrNotFound)
}

func (s factors) RemoveFactor(ctx context.Context, userID, id string, events ...activity.Event) error {
	if !keepable(userID, id) {
		return notFound(ctx)
	}
	found, err := s.db.change(ctx, removeFactor, &userID, []any{userID, id}, events, &id)
	return changedOne(found, err, storage.ErrNotFound)
}

func (s factors) RemoveFactors(ctx context.Context, userID string) (int, error) {
	if !keepable(userID) {
		return 0, ctx.Err()
	}
	n, err := s.db.exec(ctx, removeFactors, userID)
	return int(n), err
}

func (s factors) PurgeFactors(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.db.exec(ctx, purgeFactors, micros(before), limit)
	return int(n), err
}

func (s factors) FactorsAfter(ctx context.Context, id string, limit int) ([]authstore.FactorRecord, error) {
	var list []authstore.FactorRecord
	err := s.db.rows(ctx, factorsAfter, func(rows *sql.Rows) error {
		var r authstore.FactorRecord
		err := rows.Scan(factorDest(&r)...)
		list = append(list, r)
		return err
	}, id, limit)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s factors) ReplaceFactorData(ctx context.Context, r authstore.FactorRecord, sealed []byte) error {
	n, err := s.db.exec(ctx, resealFactor, r.ID, data(r.Data), data(sealed))
	return changedOne(n > 0, err, storage.ErrStale)
}

func factorDest(r *authstore.FactorRecord) []any {
	return []any{
		&r.ID, &r.UserID, &r.Kind, &r.Name, &r.Lookup, &r.Counter,
		bytesInto{&r.Data},
		&r.Pending,
		timeInto{&r.CreatedAt},
		timeInto{&r.LastUsedAt},
		endInto{&r.ExpiresAt},
		sessionInto{r},
	}
}

// boundSession is what is kept of the session of r: with r's ID. An older release that
// writes over a pending row changes the ID and does not know this column, so that the
// session it leaves there is no longer taken for the new row's.
func boundSession(r authstore.FactorRecord) string {
	if r.SessionID == "" {
		return ""
	}
	return r.SessionID + ":" + r.ID
}

// sessionInto scans what boundSession made. It comes after the ID.
type sessionInto struct{ r *authstore.FactorRecord }

func (s sessionInto) Scan(v any) error {
	var bound sql.NullString
	if err := bound.Scan(v); err != nil {
		return err
	}
	session, ok := strings.CutSuffix(bound.String, ":"+s.r.ID)
	if ok {
		s.r.SessionID = session
	}
	return nil
}

// data is never NULL.
func data(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// changedData is NULL when it is to stay as it is.
func changedData(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// changedOne makes no row the error none.
func changedOne(found bool, err, none error) error {
	if err == nil && !found {
		return none
	}
	return err
}

var (
	_ authstore.FactorStore  = factors{}
	_ authstore.FactorWalker = factors{}
)
