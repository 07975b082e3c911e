package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/profilekit/profilekit/profile"
)

const (
	holdInto = `INSERT INTO profilekit_holds AS h (key, user_id, ends_at) `
	// What is kept longer stays so.
	holdLonger = ` ON CONFLICT (key, user_id) DO UPDATE SET
	ends_at = CASE WHEN excluded.ends_at > h.ends_at THEN excluded.ends_at ELSE h.ends_at END`
	// A name's key ends before ';', the character after the ':' of its prefix.
	holdNames = ` FROM profilekit_holds WHERE user_id = $1 AND key >= 'username:' AND key < 'username;'`
)

var (
	holdKeys = writeEach(
		holdInto+`SELECT k, $2, $3 FROM json_array_elements_text($1::json) AS k`+holdLonger,
		holdInto+`SELECT value, $2, $3 FROM json_each($1) WHERE TRUE`+holdLonger)
	selectHeld = readEach(
		`SELECT DISTINCT key FROM profilekit_holds WHERE key = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND user_id <> $2 AND ends_at > $3`,
		`SELECT DISTINCT key FROM profilekit_holds WHERE key IN (SELECT value FROM json_each($1)) AND user_id <> $2 AND ends_at > $3`)
	countHeldNames = read(`SELECT count(*)` + holdNames + ` AND ends_at > $2`)
	passNames      = write(holdInto + `SELECT key, '', ends_at` + holdNames + holdLonger)
	eraseHolds     = write(`DELETE FROM profilekit_holds WHERE user_id = $1`)
	// By where the rows are, since the planner reads the whole table for a key of
	// two columns. One that is kept longer meanwhile is elsewhere then, and stays.
	purgeHolds = writeEach(
		`DELETE FROM profilekit_holds WHERE ctid = ANY (ARRAY(SELECT ctid FROM profilekit_holds WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_holds WHERE rowid IN (SELECT rowid FROM profilekit_holds WHERE ends_at < $1 LIMIT $2)`)
)

type holds struct{ db *DB }

// Holds returns the store of names and addresses that were given up.
func (d *DB) Holds() profile.HoldStore { return holds{d} }

func (s holds) Hold(ctx context.Context, userID string, keys []string, until time.Time) error {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.db.exec(ctx, holdKeys, list, userID, micros(until))
	return err
}

func (s holds) Held(ctx context.Context, userID string, keys []string, now time.Time) ([]string, error) {
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !keepable(key) })
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return nil, err
	}
	var held []string
	err = s.db.rows(ctx, selectHeld, func(r *sql.Rows) error {
		var key string
		err := r.Scan(&key)
		held = append(held, key)
		return err
	}, list, clean(userID), micros(now))
	if err != nil {
		return nil, err
	}
	return held, nil
}

func (s holds) HeldNames(ctx context.Context, userID string, now time.Time) (n int, err error) {
	if !keepable(userID) {
		return 0, ctx.Err()
	}
	_, err = s.db.row(ctx, countHeldNames, []any{userID, micros(now)}, &n)
	return n, err
}

func (s holds) EraseHolds(ctx context.Context, userID string) error {
	if userID == "" || !keepable(userID) {
		return ctx.Err()
	}
	return s.db.atomically(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, passNames, userID); err != nil {
			return err
		}
		_, err := s.db.exec(ctx, eraseHolds, userID)
		return err
	})
}

func (s holds) PurgeHolds(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.db.exec(ctx, purgeHolds, micros(before), limit)
	return int(n), err
}

var _ profile.HoldStore = holds{}
