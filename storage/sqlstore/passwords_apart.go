package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

var (
	selectPasswordApart = read(`SELECT hash FROM profilekit_passwords WHERE user_id = $1`)
	lockPasswordApart   = writeEach(
		`SELECT hash FROM profilekit_passwords WHERE user_id = $1 FOR NO KEY UPDATE`,
		`SELECT hash FROM profilekit_passwords WHERE user_id = $1`)
	// Two who set a first password at once meet in the key; one gets no row.
	insertPasswordApart = changing(2,
		`INSERT INTO profilekit_passwords (user_id, hash) VALUES ($1, $2)
		ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash WHERE profilekit_passwords.hash = ''`,
		`user_id`, `c.user_id`)
	updatePasswordApart = changing(3,
		`UPDATE profilekit_passwords SET hash = $2 WHERE user_id = $1 AND hash = $3`,
		`user_id`, `c.user_id`)
	erasePasswordApart = write(`DELETE FROM profilekit_passwords WHERE user_id = $1`)
)

// passwordsApart keeps the passwords of users that are not in our table, and so
// does not know who exists. Any text is an ID.
type passwordsApart struct{ db *DB }

// Beside is of authstore.UsersBeside: the passwords of our own users are in their rows.
func (s passwordsApart) Beside(store profile.Store) bool { return store != profile.Store(users(s)) }

func (s passwordsApart) PasswordHash(ctx context.Context, userID string) (hash string, err error) {
	_, err = s.db.row(ctx, selectPasswordApart, []any{userID}, &hash)
	return hash, err
}

func (s passwordsApart) LockPassword(ctx context.Context, userID string) (hash string, err error) {
	_, err = s.db.row(ctx, lockPasswordApart, []any{userID}, &hash)
	return hash, err
}

func (s passwordsApart) SetPassword(ctx context.Context, userID, old, hash string, events ...activity.Event) error {
	defer s.db.changes(ctx, userID)()
	st, args := insertPasswordApart, []any{userID, hash}
	if old != "" {
		st, args = updatePasswordApart, append(args, old)
	}
	found, err := s.db.change(ctx, st, &userID, args, events, &userID)
	if err == nil && !found {
		return storage.ErrStale
	}
	return err
}

func (s passwordsApart) Erase(ctx context.Context, userID string) error {
	defer s.db.changes(ctx, userID)()
	_, err := s.db.exec(ctx, erasePasswordApart, userID)
	return err
}
