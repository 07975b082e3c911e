package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// ledger is the copying.Keys of a database: the blobs that pictures of users
// are made of.
type ledger struct{ db *sqlstore.DB }

func (l ledger) Page(ctx context.Context, after string, limit int) ([]string, error) {
	var keys []string
	err := l.read(ctx, &keys, `SELECT key FROM profilekit_blobs WHERE state = 'live' AND key > $1 ORDER BY key LIMIT $2`, after, limit)
	return keys, err
}

func (l ledger) Live(ctx context.Context, key string) (bool, error) {
	_, err := l.db.Ledger().Owner(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// count is how many live keys there are.
func (l ledger) count(ctx context.Context) (int, error) {
	var n []int
	if err := l.read(ctx, &n, `SELECT count(*) FROM profilekit_blobs WHERE state = 'live'`); err != nil {
		return 0, err
	}
	return n[0], nil
}

func (l ledger) read(ctx context.Context, dst any, query string, args ...any) error {
	err := l.db.InTx(ctx, func(ctx context.Context) error {
		tx, ok := sqlstore.Tx(ctx)
		if !ok {
			return errors.New("no transaction")
		}
		return tx.SelectContext(ctx, dst, query, args...)
	})
	if err != nil {
		return fmt.Errorf("the list of pictures in the database: %w", err)
	}
	return nil
}
