package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

var (
	selectPassword = read(`SELECT COALESCE(password_hash, '') FROM users WHERE id = $1`)
	// On SQLite the transaction itself keeps all others from writing.
	lockPassword = writeEach(
		`SELECT COALESCE(password_hash, '') FROM users WHERE id = $1 FOR NO KEY UPDATE`,
		`SELECT COALESCE(password_hash, '') FROM users WHERE id = $1`)
	updatePassword = changing(3,
		`UPDATE users SET password_hash = $3 WHERE id = $1 AND COALESCE(password_hash, '') = $2`,
		`id`, `c.id::text`)
	erasePassword = write(`UPDATE users SET password_hash = '' WHERE id = $1`)
)

type passwords struct{ db *DB }

func (s passwords) PasswordHash(ctx context.Context, userID string) (string, error) {
	return s.hash(ctx, selectPassword, userID)
}

func (s passwords) LockPassword(ctx context.Context, userID string) (string, error) {
	return s.hash(ctx, lockPassword, userID)
}

// hash reads the hash by st. An ID that no user of ours can have is looked up too, as 0,
// which key gives to nobody: the time of a sign-in must not tell whether its login has
// an account, and package auth asks for the hash of nobody then.
func (s passwords) hash(ctx context.Context, st *statement, userID string) (string, error) {
	n, ok := key(userID)
	var hash string
	_, err := s.db.row(ctx, st, []any{n}, &hash)
	if !ok {
		hash = "" // of a row 0 in a table that was adopted, which is no user of ours
	}
	return hash, err
}

func (s passwords) SetPassword(ctx context.Context, userID, old, hash string, events ...activity.Event) error {
	n, ok := key(userID)
	if !ok {
		return notFound(ctx)
	}
	defer s.db.changes(ctx, userID)()
	var id int64
	found, err := s.db.change(ctx, updatePassword, &userID, []any{n, old, hash}, events, &id)
	if err != nil || found {
		return err
	}
	if err := users(s).present(ctx, n, 0); err != nil {
		return err
	}
	return storage.ErrStale
}

func (s passwords) Erase(ctx context.Context, userID string) error {
	n, ok := key(userID)
	if !ok {
		return ctx.Err()
	}
	defer s.db.changes(ctx, userID)()
	_, err := s.db.exec(ctx, erasePassword, n)
	return err
}
