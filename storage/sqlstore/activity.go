package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// Pages always have a bound, the first one too: without it Postgres turns to
// a plan, after five runs, that reads all rows of a busy user.
const (
	pageSelect = `SELECT id, kind, at, ip, device, place, detail FROM profilekit_activity WHERE user_id = $1`
	pageTail   = ` AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`
)

var (
	selectPage     = read(pageSelect + pageTail)
	selectKindPage = read(pageSelect + ` AND kind = $5` + pageTail)
	// For IN, Postgres would read the whole table to join it. Nodes that purge
	// at once share the rows instead of waiting for each other.
	purgeActivity = writeEach(
		`DELETE FROM profilekit_activity WHERE id = ANY (ARRAY(SELECT id FROM profilekit_activity WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_activity WHERE id IN (SELECT id FROM profilekit_activity WHERE at < $1 LIMIT $2)`)
	eraseActivity = write(`DELETE FROM profilekit_activity WHERE user_id = $1`)
)

type activityStore struct{ db *DB }

func (s activityStore) Append(ctx context.Context, events ...activity.Event) error {
	if len(events) == 0 {
		return ctx.Err()
	}
	return s.db.record(ctx, "", events)
}

func (s activityStore) Page(ctx context.Context, q activity.Query) ([]activity.Event, error) {
	after := q.After
	if after.At.IsZero() && after.ID == "" {
		after.At = beginning
	}
	st, args := selectPage, []any{q.UserID, s.db.at(after.At), after.ID, q.Limit}
	if q.Kind != "" {
		st, args = selectKindPage, append(args, string(q.Kind))
	}
	var page []activity.Event
	err := s.db.rows(ctx, st, func(r *sql.Rows) error {
		e := activity.Event{UserID: q.UserID}
		err := r.Scan(&e.ID, (*string)(&e.Kind), timeInto{&e.At}, &e.Source.IP, &e.Source.Device, &e.Source.Place, jsonInto[map[string]string]{&e.Detail})
		page = append(page, e)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (s activityStore) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.db.exec(ctx, purgeActivity, s.db.at(before), limit)
	return int(n), err
}

func (s activityStore) Erase(ctx context.Context, userID string) error {
	_, err := s.db.exec(ctx, eraseActivity, userID)
	return err
}
