package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Lists of keys travel as one JSON parameter: the text stays constant.
const (
	// For IN, Postgres might read the whole table to join it.
	keysPostgres = `key = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`
	keysSQLite   = `key IN (SELECT value FROM json_each($1))`

	// A key that is claimed stays so: its deletion is under way.
	deadUpdate = `UPDATE profilekit_blobs SET state = 'dead', at = $2 WHERE state IN ('pending', 'live') AND `

	purgeWhere = `state = 'dead' AND at < $1 OR state = 'pending' AND at < $2 OR state = 'claimed' AND at < $3`
	purgeFrom  = `SELECT key FROM profilekit_blobs WHERE (` + purgeWhere + `) AND state <> 'live' LIMIT $5`
	// Told apart, each of the three is found by the index; SQLite would go
	// through all of it for OR.
	purgeEach = `SELECT key FROM profilekit_blobs WHERE state = 'dead' AND at < $1 AND state <> 'live'
		UNION ALL SELECT key FROM profilekit_blobs WHERE state = 'pending' AND at < $2 AND state <> 'live'
		UNION ALL SELECT key FROM profilekit_blobs WHERE state = 'claimed' AND at < $3 AND state <> 'live' LIMIT $5`
	purgeSet = `UPDATE profilekit_blobs SET state = 'claimed', at = $4 WHERE key `
)

// reclaim is how long a claim keeps other purges away.
const reclaim = time.Hour

var (
	reserveKeys = writeEach(
		`INSERT INTO profilekit_blobs (key, user_id, state, at) SELECT k, $2, 'pending', $3 FROM json_array_elements_text($1::json) AS k`,
		`INSERT INTO profilekit_blobs (key, user_id, state, at) SELECT value, $2, 'pending', $3 FROM json_each($1)`)
	// makeLive changes all of the keys or none: $3 is how many there are. On
	// Postgres they are locked first, so that a purge that is at one of them
	// is waited for and its claim then seen.
	makeLive = writeEach(
		`WITH l AS (SELECT key FROM profilekit_blobs WHERE `+keysPostgres+` AND state = 'pending' ORDER BY key FOR UPDATE)
		UPDATE profilekit_blobs SET state = 'live', at = $2 WHERE key = ANY (ARRAY(SELECT key FROM l)) AND (SELECT count(*) FROM l) = $3`,
		`UPDATE profilekit_blobs SET state = 'live', at = $2 WHERE `+keysSQLite+` AND state = 'pending'
		AND (SELECT count(*) FROM profilekit_blobs WHERE `+keysSQLite+` AND state = 'pending') = $3`)
	// The key alone is to find the row: an index that has the state would be
	// taken where few have it, however many that becomes.
	takeKey     = write(`UPDATE profilekit_blobs SET state = 'dead', at = $3 WHERE key = $1 AND user_id || '' = $2 AND state || '' = 'pending'`)
	giveBackKey = write(`UPDATE profilekit_blobs SET state = 'pending', at = $3 WHERE key = $1 AND user_id || '' = $2 AND state || '' = 'dead'`)
	makeDead    = writeEach(deadUpdate+keysPostgres, deadUpdate+keysSQLite)
	// Two purges share the work instead of waiting for each other.
	claimKeys = writeEach(
		purgeSet+`= ANY (ARRAY(`+purgeFrom+` FOR UPDATE SKIP LOCKED)) RETURNING key`,
		purgeSet+`IN (`+purgeEach+`) RETURNING key`)
	forgetKeys = writeEach(
		`DELETE FROM profilekit_blobs WHERE state = 'claimed' AND `+keysPostgres,
		`DELETE FROM profilekit_blobs WHERE state = 'claimed' AND `+keysSQLite)
	selectOwner = read(`SELECT user_id FROM profilekit_blobs WHERE key = $1 AND state = 'live'`)
	selectKeys  = read(`SELECT key FROM profilekit_blobs WHERE user_id = $1`)
	selectLive  = read(`SELECT key, user_id FROM profilekit_blobs WHERE state = 'live' AND key > $1 ORDER BY key LIMIT $2`)
	countLive   = read(`SELECT count(*) FROM profilekit_blobs WHERE state = 'live'`)
	selectKnown = readEach(`SELECT key FROM profilekit_blobs WHERE `+keysPostgres, `SELECT key FROM profilekit_blobs WHERE `+keysSQLite)
)

type ledger struct{ db *DB }

func (s ledger) Reserve(ctx context.Context, userID string, keys []string, at time.Time) error {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return err
	}
	if n != len(keys) {
		return fmt.Errorf("sqlstore: a key is given twice: %w", storage.ErrTaken)
	}
	_, err = s.db.exec(ctx, reserveKeys, list, userID, s.db.at(at))
	return err
}

func (s ledger) Live(ctx context.Context, keys []string, at time.Time) error {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return err
	}
	changed, err := s.db.exec(ctx, makeLive, list, s.db.at(at), n)
	if err == nil && int(changed) != n {
		return storage.ErrNotFound
	}
	return err
}

func (s ledger) Dead(ctx context.Context, keys []string, at time.Time) error {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.db.exec(ctx, makeDead, list, s.db.at(at))
	return err
}

func (s ledger) Claim(ctx context.Context, now, deadBefore, pendingBefore time.Time, limit int) ([]string, error) {
	return s.list(ctx, claimKeys, s.db.at(deadBefore), s.db.at(pendingBefore), s.db.at(now.Add(-reclaim)), s.db.at(now), limit)
}

func (s ledger) Purge(ctx context.Context, keys []string) error {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.db.exec(ctx, forgetKeys, list)
	return err
}

func (s ledger) Owner(ctx context.Context, key string) (string, error) {
	var userID string
	found, err := s.db.row(ctx, selectOwner, []any{key}, &userID)
	if err == nil && !found {
		err = storage.ErrNotFound
	}
	return userID, err
}

func (s ledger) Keys(ctx context.Context, userID string) ([]string, error) {
	return s.list(ctx, selectKeys, userID)
}

// Take makes ledger a storage.LedgerTaker, together with GiveBack.
func (s ledger) Take(ctx context.Context, userID, key string, at time.Time) error {
	return s.one(ctx, takeKey, userID, key, at)
}

func (s ledger) GiveBack(ctx context.Context, userID, key string, at time.Time) error {
	return s.one(ctx, giveBackKey, userID, key, at)
}

func (s ledger) one(ctx context.Context, st *statement, userID, key string, at time.Time) error {
	changed, err := s.db.exec(ctx, st, key, userID, s.db.at(at))
	if err == nil && changed == 0 {
		return storage.ErrNotFound
	}
	return err
}

// LiveAfter makes ledger a storage.LedgerWalker, together with CountLive and Known.
func (s ledger) LiveAfter(ctx context.Context, after string, limit int) ([]storage.LiveBlob, error) {
	var page []storage.LiveBlob
	err := s.db.rows(ctx, selectLive, func(r *sql.Rows) error {
		var b storage.LiveBlob
		err := r.Scan(&b.Key, &b.UserID)
		page = append(page, b)
		return err
	}, after, limit)
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (s ledger) CountLive(ctx context.Context) (n int64, err error) {
	_, err = s.db.row(ctx, countLive, nil, &n)
	return n, err
}

func (s ledger) Known(ctx context.Context, keys []string) ([]string, error) {
	list, n, err := keyList(ctx, keys)
	if err != nil || n == 0 {
		return nil, err
	}
	return s.list(ctx, selectKnown, list)
}

func (s ledger) list(ctx context.Context, st *statement, args ...any) ([]string, error) {
	var keys []string
	err := s.db.rows(ctx, st, func(r *sql.Rows) error {
		var key string
		err := r.Scan(&key)
		keys = append(keys, key)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// keyList is keys as a parameter, and how many different ones there are.
func keyList(ctx context.Context, keys []string) (list string, n int, err error) {
	if len(keys) == 0 {
		return "", 0, ctx.Err()
	}
	sorted := slices.Clone(keys)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	list, err = toJSON(sorted)
	return list, len(sorted), err
}
