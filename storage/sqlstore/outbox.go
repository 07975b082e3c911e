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

var (
	insertItem = write(`INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ($1, $2, 0, $3, $3, FALSE, '')`)
	// claimItems moves the time of what it takes, so that a worker that dies
	// leaves nothing taken for ever.
	claimItems = writeEach(
		`UPDATE profilekit_outbox SET attempts = attempts + 1, next_at = $2 WHERE id = ANY (ARRAY(
			SELECT id FROM profilekit_outbox WHERE NOT dead AND next_at <= $1 ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED))
		RETURNING id, body, attempts, created_at`,
		`UPDATE profilekit_outbox SET attempts = attempts + 1, next_at = $2 WHERE id IN (
			SELECT id FROM profilekit_outbox WHERE NOT dead AND next_at <= $1 ORDER BY next_at LIMIT $3)
		RETURNING id, body, attempts, created_at`)
	finishItem = write(`DELETE FROM profilekit_outbox WHERE id = $1`)
	retryItem  = write(`UPDATE profilekit_outbox SET next_at = $2 WHERE id = $1 AND NOT dead`)
	buryItem   = writeEach(
		`UPDATE profilekit_outbox SET dead = TRUE, reason = $2, next_at = $3, body = ''::bytea WHERE id = $1`,
		`UPDATE profilekit_outbox SET dead = TRUE, reason = $2, next_at = $3, body = x'' WHERE id = $1`)
	deadItems    = read(`SELECT id, attempts, created_at, reason FROM profilekit_outbox WHERE dead AND next_at >= 0 ORDER BY next_at DESC LIMIT $1`)
	waitingItems = read(`SELECT id, body, attempts, created_at FROM profilekit_outbox WHERE NOT dead AND id > $1 ORDER BY id LIMIT $2`)
	purgeItems   = writeEach(
		`DELETE FROM profilekit_outbox WHERE id = ANY (ARRAY(SELECT id FROM profilekit_outbox WHERE dead AND next_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_outbox WHERE id IN (SELECT id FROM profilekit_outbox WHERE dead AND next_at < $1 LIMIT $2)`)
)

func (o outbox) AddItem(ctx context.Context, i notify.Item) error {
	_, err := o.db.exec(ctx, insertItem, i.ID, i.Body, micros(i.CreatedAt))
	return err
}

func (o outbox) ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]notify.Item, error) {
	return o.items(ctx, claimItems, micros(now), micros(until), limit)
}

func (o outbox) items(ctx context.Context, s *statement, args ...any) ([]notify.Item, error) {
	var list []notify.Item
	err := o.db.rows(ctx, s, func(r *sql.Rows) error {
		var i notify.Item
		err := r.Scan(&i.ID, bytesInto{&i.Body}, &i.Attempts, timeInto{&i.CreatedAt})
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

func (o outbox) RetryItem(ctx context.Context, id string, at time.Time) error {
	_, err := o.db.exec(ctx, retryItem, id, micros(at))
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
		err := r.Scan(&i.ID, &i.Attempts, timeInto{&i.CreatedAt}, &i.Reason)
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
