package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/storage"
)

type factors struct{ db *DB }

func (s factors) AddFactor(ctx context.Context, r auth.FactorRecord, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	args := []any{
		r.ID, r.UserID, r.Kind, r.Name, r.Lookup, r.Counter, data(r.Data), r.Pending,
		micros(r.CreatedAt), micros(r.LastUsedAt), end(r.ExpiresAt),
	}
	_, err := s.db.change(ctx, insertFactor, &r.UserID, args, events, &r.ID)
	// SQLite does not name the key; the ID is random and the Lookup is not.
	if _, named := errors.AsType[*storage.TakenError](err); !named && r.Lookup != "" && errors.Is(err, storage.ErrTaken) {
		return &storage.TakenError{Field: "lookup"}
	}
	return err
}

func (s factors) Factors(ctx context.Context, userID string) ([]auth.FactorRecord, error) {
	if !keepable(userID) {
		return nil, ctx.Err()
	}
	var list []auth.FactorRecord
	err := s.db.rows(ctx, selectFactors, func(rows *sql.Rows) error {
		var r auth.FactorRecord
		err := rows.Scan(factorDest(&r)...)
		list = append(list, r)
		return err
	}, userID)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s factors) FactorByLookup(ctx context.Context, kind, lookup string) (auth.FactorRecord, error) {
	if !keepable(kind, lookup) {
		return auth.FactorRecord{}, notFound(ctx)
	}
	var r auth.FactorRecord
	found, err := s.db.row(ctx, selectByLookup, []any{kind, lookup}, factorDest(&r)...)
	if err := changedOne(found, err, storage.ErrNotFound); err != nil {
		return auth.FactorRecord{}, err
	}
	return r, nil
}

func (s factors) UseFactor(ctx context.Context, r auth.FactorRecord, was auth.FactorState, rises bool, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	args := []any{r.ID, r.UserID, was == auth.Pending, r.Counter, changedData(r.Data), micros(r.LastUsedAt), rises, int64(never)}
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

func (s factors) FactorsAfter(ctx context.Context, id string, limit int) ([]auth.FactorRecord, error) {
	var list []auth.FactorRecord
	err := s.db.rows(ctx, factorsAfter, func(rows *sql.Rows) error {
		var r auth.FactorRecord
		err := rows.Scan(factorDest(&r)...)
		list = append(list, r)
		return err
	}, id, limit)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s factors) ReplaceFactorData(ctx context.Context, r auth.FactorRecord, sealed []byte) error {
	n, err := s.db.exec(ctx, resealFactor, r.ID, data(r.Data), data(sealed))
	return changedOne(n > 0, err, storage.ErrStale)
}

func factorDest(r *auth.FactorRecord) []any {
	return []any{
		&r.ID, &r.UserID, &r.Kind, &r.Name, &r.Lookup, &r.Counter,
		bytesInto{&r.Data},
		&r.Pending,
		timeInto{&r.CreatedAt},
		timeInto{&r.LastUsedAt},
		endInto{&r.ExpiresAt},
	}
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
	_ auth.FactorStore  = factors{}
	_ auth.FactorWalker = factors{}
)
