package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/storage"
)

// ledger is the copying.Keys of a database: the blobs that pictures of users
// are made of.
type ledger struct {
	storage.Ledger
	walker storage.LedgerWalker
}

func newLedger(l storage.Ledger) (ledger, error) {
	walker, err := storage.Need[storage.LedgerWalker](l)
	return ledger{l, walker}, err
}

func (l ledger) Page(ctx context.Context, after string, limit int) ([]string, error) {
	page, err := l.walker.LiveAfter(ctx, after, limit)
	keys := make([]string, len(page))
	for i, b := range page {
		keys[i] = b.Key
	}
	return keys, told(err)
}

func (l ledger) Live(ctx context.Context, key string) (bool, error) {
	_, err := l.Owner(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, told(err)
}

// count is how many live keys there are.
func (l ledger) count(ctx context.Context) (int, error) {
	n, err := l.walker.CountLive(ctx)
	return int(n), told(err)
}

// told says what could not be read.
func told(err error) error {
	if err != nil {
		return fmt.Errorf("the list of pictures in the database: %w", err)
	}
	return nil
}
