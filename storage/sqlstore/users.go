package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

type users struct{ db *DB }

func (s users) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	usernameKey, err := profile.UsernameKey(u.Username)
	if err != nil {
		return profile.User{}, err
	}
	emailKey, err := profile.EmailKey(u.Email)
	if err != nil {
		return profile.User{}, err
	}
	args, err := s.insertArgs(u, usernameKey, emailKey)
	if err != nil {
		return profile.User{}, err
	}
	var row userRow
	err = s.unlessTaken(ctx, 0, 0, usernameKey, emailKey, func(ctx context.Context) error {
		row = userRow{}
		_, err := s.db.change(ctx, insertUser, &row.user.ID, args, events, s.db.pack(row.dest())...)
		return err
	})
	if err != nil {
		return profile.User{}, err
	}
	return row.done(), nil
}

func (s users) insertArgs(u profile.User, usernameKey, emailKey string) ([]any, error) {
	if u.Role == "" {
		u.Role = "user"
	}
	if u.Links == nil {
		u.Links = []string{}
	}
	address, err := toJSON(u.Address)
	if err != nil {
		return nil, err
	}
	links, err := toJSON(u.Links)
	if err != nil {
		return nil, err
	}
	picture, url, err := pictureColumns(u.Picture)
	if err != nil {
		return nil, err
	}
	now := s.db.at(s.db.present())
	args := append(make([]any, 0, insertFields), u.Username, u.Email, usernameKey, emailKey, u.EmailVerified, u.PendingEmail)
	return append(appendTexts(args, &u), u.Phone, address, string(u.Birthday), links, rawJSON(u.Custom),
		picture, url, u.Role, u.Disabled, moment(u.DeletesAt), u.Adopted, now, now), nil
}

func (s users) User(ctx context.Context, id string) (profile.User, error) {
	n, ok := key(id)
	if !ok {
		return profile.User{}, notFound(ctx)
	}
	return s.one(ctx, selectUser, n)
}

func (s users) ByUsername(ctx context.Context, username string) (profile.User, error) {
	k, err := profile.UsernameKey(username)
	if err != nil { // nobody can have it
		return profile.User{}, notFound(ctx)
	}
	return s.one(ctx, selectByUsername, k)
}

func (s users) ByEmail(ctx context.Context, email string) (profile.User, error) {
	k, err := profile.EmailKey(email)
	if err != nil {
		return profile.User{}, notFound(ctx)
	}
	return s.one(ctx, selectByEmail, k)
}

func (s users) one(ctx context.Context, st *statement, arg any) (profile.User, error) {
	var row userRow
	found, err := s.db.row(ctx, st, []any{arg}, s.db.pack(row.dest())...)
	switch {
	case err != nil:
		return profile.User{}, err
	case !found:
		return profile.User{}, storage.ErrNotFound
	}
	return row.done(), nil
}

func (s users) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	n, ok := key(id)
	if !ok {
		return profile.User{}, notFound(ctx)
	}
	usernameKey, emailKey, err := patchKeys(p)
	if err != nil {
		return profile.User{}, err
	}
	st, args, err := s.update(n, p, usernameKey, emailKey)
	if err != nil {
		return profile.User{}, err
	}
	defer s.db.changes(ctx, id)()
	var row userRow
	var found bool
	err = s.unlessTaken(ctx, n, p.IfVersion, usernameKey, emailKey, func(ctx context.Context) error {
		row = userRow{}
		found, err = s.db.change(ctx, st, &row.user.ID, args, events, s.db.pack(row.dest())...)
		return err
	})
	switch {
	case err != nil:
		return profile.User{}, err
	case !found:
		return profile.User{}, s.whyUnchanged(ctx, n, p.IfVersion)
	}
	return row.done(), nil
}

// unlessTaken runs fn unless another user has one of the keys. On Postgres
// that shows in fn's own statement, by the constraint it violates, and only
// when there is a user id of version ifVersion to change; so on SQLite, too, a
// patch of another version, or of nobody, is that first. id is 0 for a new user.
func (s users) unlessTaken(ctx context.Context, id, ifVersion int64, usernameKey, emailKey string, fn func(context.Context) error) error {
	if s.db.dialect == Postgres || usernameKey == "" && emailKey == "" {
		return fn(ctx)
	}
	return s.db.atomically(ctx, func(ctx context.Context) error {
		var username, email bool
		if _, err := s.db.row(ctx, selectTaken, []any{id, usernameKey, emailKey}, &username, &email); err != nil {
			return err
		}
		if !username && !email {
			return fn(ctx)
		}
		if id != 0 {
			if err := s.present(ctx, id, ifVersion); err != nil {
				return err
			}
		}
		if username {
			return s.db.refuse(ctx, &storage.TakenError{Field: "username"})
		}
		return s.db.refuse(ctx, &storage.TakenError{Field: "email"})
	})
}

// present is ErrNotFound when there is no such user, and ErrStale when there is
// one of another version than ifVersion, 0 for any.
func (s users) present(ctx context.Context, id, ifVersion int64) error {
	var version int64
	found, err := s.db.row(ctx, selectVersion, []any{id}, &version)
	switch {
	case err != nil:
		return err
	case !found:
		return storage.ErrNotFound
	case ifVersion != 0 && ifVersion != version:
		return storage.ErrStale
	}
	return nil
}

// whyUnchanged tells a missing user from a stale version.
func (s users) whyUnchanged(ctx context.Context, id, ifVersion int64) error {
	if ifVersion == 0 {
		return storage.ErrNotFound
	}
	if err := s.present(ctx, id, ifVersion); err != nil {
		return err
	}
	// Since the update another one raised the version to the one asked for.
	return storage.ErrStale
}

// notFound is ErrNotFound, unless ctx has ended.
func notFound(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.ErrNotFound
}
