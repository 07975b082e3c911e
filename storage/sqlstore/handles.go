package sqlstore

import (
	"context"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

const handleOf = `SELECT handle FROM profilekit_passkey_handles WHERE user_id = $1`

var (
	selectHandle = read(handleOf)
	// presentHandle also sees, on the main pool, the row that insertHandle has met.
	presentHandle = write(handleOf)
	// No key is named: two calls may meet in the user and the handle at once, where both
	// offer the user's ID, and Postgres passes over a conflict in the named key alone.
	insertHandle = write(`INSERT INTO profilekit_passkey_handles (user_id, handle, created_at) VALUES ($1, $2, $3)
	ON CONFLICT DO NOTHING RETURNING handle`)
	eraseHandle = write(`DELETE FROM profilekit_passkey_handles WHERE user_id = $1`)
)

type handles struct{ db *DB }

func (s handles) Handle(ctx context.Context, userID string) ([]byte, error) {
	if !keepable(userID) {
		return nil, notFound(ctx)
	}
	var handle []byte
	found, err := s.db.row(ctx, selectHandle, []any{userID}, bytesInto{&handle})
	return handle, changedOne(found, err, storage.ErrNotFound)
}

func (s handles) KeepHandle(ctx context.Context, userID string, handle []byte, at time.Time) (kept []byte, err error) {
	if err := authstore.CheckHandle(userID, handle); err != nil {
		return nil, err
	}
	found, err := s.db.row(ctx, insertHandle, []any{userID, handle, micros(at)}, bytesInto{&kept})
	if err != nil || found {
		return kept, err
	}
	found, err = s.db.row(ctx, presentHandle, []any{userID}, bytesInto{&kept})
	return kept, changedOne(found, err, &storage.TakenError{Field: "handle"})
}

func (s handles) EraseHandle(ctx context.Context, userID string) error {
	if !keepable(userID) {
		return ctx.Err()
	}
	_, err := s.db.exec(ctx, eraseHandle, userID)
	return err
}

var _ authstore.HandleStore = handles{}
