package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/profilekit/profilekit/settings/notify"
)

type outbox struct{ db *DB }

var (
	_ notify.OutboxStore  = outbox{}
	_ notify.OutboxWalker = outbox{}
)

// turn is where an item stands among those of its class, see notify.OutboxStore. hour is
// how far the next one of its group stands behind it, in microseconds.
const (
	turn = `(created_at + held)`
	hour = `3600000000`
)

// lined is the condition on an item i that no other of its group is claimed, and
// none that is due stands before it. The second part also keeps calls at one time apart:
// who skips an item that another call has locked finds it due, and leaves what is behind it.
const lined = `(i.group_id = '' OR
		NOT EXISTS (SELECT 1 FROM profilekit_outbox c WHERE c.claimed AND NOT c.dead AND c.group_id = i.group_id AND c.class = i.class AND c.next_at > $1) AND
		NOT EXISTS (SELECT 1 FROM profilekit_outbox e WHERE NOT e.dead AND e.group_id = i.group_id AND e.class = i.class AND e.next_at <= $1
			AND (e.created_at + e.held) <= (i.created_at + i.held) AND ((e.created_at + e.held), e.id) < ((i.created_at + i.held), i.id)))`

var (
	// insertItem asks for the last turn of no group too, so that it costs the same.
	insertItem = write(`INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason, class, group_id, held)
		SELECT $1, $2, 0, $3, $3, FALSE, '', $4, $5, CASE WHEN $5 <> '' AND max(last.turn) + ` + hour + ` > $3 THEN max(last.turn) + ` + hour + ` - $3 ELSE 0 END
		FROM (SELECT ` + turn + ` AS turn FROM profilekit_outbox WHERE NOT dead AND group_id = $5 AND class = $4 ORDER BY ` + turn + ` DESC LIMIT 1) last`)
	// claimItems moves the time of what it takes, so that a worker that dies
	// leaves nothing taken for ever. No class is negative: that it says so has SQLite go by
	// the index of turns.
	claimItems = writeEach(
		`UPDATE profilekit_outbox SET attempts = attempts + 1, next_at = $2, claimed = TRUE WHERE id = ANY (ARRAY(
			SELECT id FROM profilekit_outbox i WHERE NOT dead AND class >= 0 AND next_at <= $1 AND `+lined+`
			ORDER BY class, `+turn+`, id LIMIT $3 FOR UPDATE SKIP LOCKED))
		RETURNING id, body, class, group_id, attempts, created_at`,
		`UPDATE profilekit_outbox SET attempts = attempts + 1, next_at = $2, claimed = TRUE WHERE id IN (
			SELECT id FROM profilekit_outbox i WHERE NOT dead AND class >= 0 AND +next_at <= $1 AND `+lined+`
			ORDER BY class, `+turn+`, id LIMIT $3)
		RETURNING id, body, class, group_id, attempts, created_at`)
	// itemDue asks for one that claimItems would take. SQLite has one writer at a time: a look
	// that finds nothing, past all that waits in the groups of what is claimed, is not to
	// keep others from writing.
	itemDue = readEach("",
		`SELECT 1 FROM profilekit_outbox i WHERE NOT dead AND class >= 0 AND +next_at <= $1 AND `+lined+` LIMIT 1`)
	finishItem = write(`DELETE FROM profilekit_outbox WHERE id = $1`)
	retryItem  = write(`UPDATE profilekit_outbox SET next_at = $3, claimed = FALSE WHERE id = $1 AND attempts = $2 AND NOT dead`)
	buryItem   = writeEach(
		`UPDATE profilekit_outbox SET dead = TRUE, reason = $2, next_at = $3, body = ''::bytea, group_id = '', claimed = FALSE WHERE id = $1`,
		`UPDATE profilekit_outbox SET dead = TRUE, reason = $2, next_at = $3, body = x'', group_id = '', claimed = FALSE WHERE id = $1`)
	deadItems    = read(`SELECT id, class, attempts, created_at, reason FROM profilekit_outbox WHERE dead AND next_at >= 0 ORDER BY next_at DESC LIMIT $1`)
	waitingItems = read(`SELECT id, body, class, group_id, attempts, created_at FROM profilekit_outbox WHERE NOT dead AND id > $1 ORDER BY id LIMIT $2`)
	purgeItems   = writeEach(
		`DELETE FROM profilekit_outbox WHERE id = ANY (ARRAY(SELECT id FROM profilekit_outbox WHERE dead AND next_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_outbox WHERE id IN (SELECT id FROM profilekit_outbox WHERE dead AND next_at < $1 LIMIT $2)`)
)

func (o outbox) AddItem(ctx context.Context, i notify.Item) error {
	_, err := o.db.exec(ctx, insertItem, i.ID, i.Body, micros(i.CreatedAt), int64(i.Class), i.Group)
	return err
}

func (o outbox) ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]notify.Item, error) {
	if o.db.dialect == SQLite {
		var one int
		if found, err := o.db.row(ctx, itemDue, []any{micros(now)}, &one); err != nil || !found {
			return nil, err
		}
	}
	return o.items(ctx, claimItems, micros(now), micros(until), limit)
}

func (o outbox) items(ctx context.Context, s *statement, args ...any) ([]notify.Item, error) {
	var list []notify.Item
	err := o.db.rows(ctx, s, func(r *sql.Rows) error {
		var i notify.Item
		err := r.Scan(&i.ID, bytesInto{&i.Body}, &i.Class, &i.Group, &i.Attempts, timeInto{&i.CreatedAt})
		list = append(list, i)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (o outbox) FinishItem(ctx context.Context, id string) error {
	_, err := o.db.exec(ctx, finishItem, id)
	return err
}

func (o outbox) RetryItem(ctx context.Context, id string, attempts int, at time.Time) error {
	_, err := o.db.exec(ctx, retryItem, id, attempts, micros(at))
	return err
}

func (o outbox) BuryItem(ctx context.Context, id, reason string, at time.Time) error {
	_, err := o.db.exec(ctx, buryItem, id, clean(reason), micros(at))
	return err
}

func (o outbox) DeadItems(ctx context.Context, limit int) ([]notify.Item, error) {
	var list []notify.Item
	err := o.db.rows(ctx, deadItems, func(r *sql.Rows) error {
		var i notify.Item
		err := r.Scan(&i.ID, &i.Class, &i.Attempts, timeInto{&i.CreatedAt}, &i.Reason)
		list = append(list, i)
		return err
	}, limit)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (o outbox) WaitingItems(ctx context.Context, after string, limit int) ([]notify.Item, error) {
	return o.items(ctx, waitingItems, after, limit)
}

func (o outbox) PurgeItems(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := o.db.exec(ctx, purgeItems, micros(before), limit)
	return int(n), err
}
