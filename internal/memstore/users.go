package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// defaultRole is the Role of a user created without one.
const defaultRole = "user"

type users struct{ s *Store }

func errNoUser() error { return fmt.Errorf("memstore: user: %w", storage.ErrNotFound) }

func (us users) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	u = copyUser(u)
	if u.Role == "" {
		u.Role = defaultRole
	}
	events = slices.Clone(events)
	err := us.s.write(ctx, func(st *state) error {
		st.lastUser++
		u.ID = strconv.FormatInt(st.lastUser, 10)
		u.Version = 1
		u.CreatedAt = stored(time.Now())
		u.UpdatedAt = u.CreatedAt
		if err := st.claimKeys(profile.User{}, u); err != nil {
			return err
		}
		st.users.put(st, u.ID, u)
		for i := range events {
			if events[i].UserID == "" {
				events[i].UserID = u.ID
			}
		}
		return st.record(events)
	})
	if err != nil {
		return profile.User{}, err
	}
	return copyUser(u), nil
}

// claimKeys moves the unique keys of a user from before to after; the zero
// before is a new user.
func (st *state) claimKeys(before, after profile.User) error {
	if before.Username != after.Username {
		if err := st.claim(&st.usernames, "username", profile.UsernameKey, before.Username, after); err != nil {
			return err
		}
	}
	if before.Email != after.Email {
		return st.claim(&st.emails, "email", profile.EmailKey, before.Email, after)
	}
	return nil
}

func (st *state) claim(keys *table[string, string], field string, key func(string) (string, error), before string, after profile.User) error {
	value := after.Username
	if field == "email" {
		value = after.Email
	}
	k, err := key(value)
	if err != nil {
		return err
	}
	if owner, taken := keys.get(k); taken && owner != after.ID {
		return fmt.Errorf("memstore: user: %w", &storage.TakenError{Field: field})
	}
	if old, err := key(before); err == nil {
		keys.remove(st, old)
	}
	keys.put(st, k, after.ID)
	return nil
}

func (us users) User(ctx context.Context, id string) (u profile.User, err error) {
	err = us.s.read(ctx, func(st *state) (err error) {
		u, err = st.user(id)
		return err
	})
	return u, err
}

// user returns a copy of the user that the caller may keep.
func (st *state) user(id string) (profile.User, error) {
	u, ok := st.users.get(id)
	if !ok {
		return profile.User{}, errNoUser()
	}
	return copyUser(u), nil
}

func (us users) ByUsername(ctx context.Context, username string) (profile.User, error) {
	return us.byKey(ctx, profile.UsernameKey, username, func(st *state) *table[string, string] { return &st.usernames })
}

func (us users) ByEmail(ctx context.Context, email string) (profile.User, error) {
	return us.byKey(ctx, profile.EmailKey, email, func(st *state) *table[string, string] { return &st.emails })
}

func (us users) byKey(ctx context.Context, key func(string) (string, error), value string, keys func(*state) *table[string, string]) (u profile.User, err error) {
	err = us.s.read(ctx, func(st *state) error {
		k, err := key(value)
		if err != nil {
			// A name without a key is nobody's.
			return errNoUser()
		}
		id, ok := keys(st).get(k)
		if !ok {
			return errNoUser()
		}
		u, err = st.user(id)
		return err
	})
	return u, err
}

func (us users) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	var after profile.User
	err := us.s.write(ctx, func(st *state) error {
		before, err := st.user(id)
		if err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != before.Version {
			return fmt.Errorf("memstore: user: %w", storage.ErrStale)
		}
		after = p.Apply(before)
		after.Version++
		if now := stored(time.Now()); now.After(before.UpdatedAt) {
			after.UpdatedAt = now
		}
		if err := st.claimKeys(before, after); err != nil {
			return err
		}
		st.users.put(st, id, after)
		return st.record(events)
	})
	if err != nil {
		return profile.User{}, err
	}
	return copyUser(after), nil
}

// copyUser returns a copy that shares no memory with u.
func copyUser(u profile.User) profile.User {
	u.Links = slices.Clone(u.Links)
	u.Custom = slices.Clone(u.Custom)
	u.Picture.Sizes = slices.Clone(u.Picture.Sizes)
	return u
}

// DueUsers implements profile.DeletableStore, together with DeleteUser.
func (us users) DueUsers(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var due []profile.User
	err := us.s.read(ctx, func(st *state) error {
		for _, u := range st.users.rows {
			if u.DeletionPending() && !u.DeletesAt.After(before) {
				due = append(due, u)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(due, func(a, b profile.User) int {
		return cmp.Or(a.DeletesAt.Compare(b.DeletesAt), cmp.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, u := range due[:min(limit, len(due))] {
		ids = append(ids, u.ID)
	}
	return ids, nil
}

func (us users) DeleteUser(ctx context.Context, id string, version int64) error {
	return us.s.write(ctx, func(st *state) error {
		u, err := st.user(id)
		if err != nil {
			return err
		}
		if u.Version != version {
			return fmt.Errorf("memstore: user: %w", storage.ErrStale)
		}
		for keys, key := range map[*table[string, string]]func() (string, error){
			&st.usernames: func() (string, error) { return profile.UsernameKey(u.Username) },
			&st.emails:    func() (string, error) { return profile.EmailKey(u.Email) },
		} {
			if k, err := key(); err == nil {
				keys.remove(st, k)
			}
		}
		st.users.remove(st, id)
		st.passwords.remove(st, id)
		return nil
	})
}

var _ profile.DeletableStore = users{}
