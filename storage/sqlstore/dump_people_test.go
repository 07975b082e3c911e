package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// peopleTable is a host's own table of users.
const peopleTable = `CREATE TABLE people (
	id           TEXT PRIMARY KEY,
	username_key TEXT NOT NULL UNIQUE,
	email_key    TEXT NOT NULL UNIQUE,
	profile      TEXT NOT NULL
)`

// people is that table as a profile.DeletableStore: no more of one than the
// story of a dump needs.
type people struct {
	db  *sqlstore.DB
	now func() time.Time
}

func (s people) in(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return f(ctx, tx)
	})
}

func (s people) bind(query string) string {
	return place{postgres: s.db.Dialect() == sqlstore.Postgres}.bind(query)
}

func (s people) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	err := s.in(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var n int
		if err := tx.GetContext(ctx, &n, "SELECT count(*) FROM people"); err != nil {
			return err
		}
		u.ID, u.Version, u.CreatedAt, u.Role = fmt.Sprintf("5f1d7a52-0c3e-4b8e-9a64-%012d", n+1), 1, s.now().UTC(), "user"
		u.UpdatedAt = u.CreatedAt
		return s.write(ctx, tx, u, events, "INSERT INTO people (id, username_key, email_key, profile) VALUES ($1, $2, $3, $4)")
	})
	return u, err
}

func (s people) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (u profile.User, err error) {
	err = s.in(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if u, err = s.one(ctx, "id", id); err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != u.Version {
			return storage.ErrStale
		}
		patch, user := reflect.ValueOf(p), reflect.ValueOf(&u).Elem()
		for i := range patch.NumField() {
			if f := patch.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
				user.FieldByName(patch.Type().Field(i).Name).Set(f.Elem())
			}
		}
		u.Version++
		u.UpdatedAt = s.now().UTC()
		return s.write(ctx, tx, u, events, "UPDATE people SET username_key = $2, email_key = $3, profile = $4 WHERE id = $1")
	})
	return u, err
}

func (s people) write(ctx context.Context, tx *sqlx.Tx, u profile.User, events []activity.Event, statement string) error {
	name, err := profile.UsernameKey(u.Username)
	if err != nil {
		return err
	}
	email, err := profile.EmailKey(u.Email)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.bind(statement), u.ID, name, email, string(doc)); err != nil {
		return err
	}
	events = slices.Clone(events)
	for i := range events {
		events[i].UserID = u.ID
	}
	return s.db.Activity().Append(ctx, events...)
}

func (s people) User(ctx context.Context, id string) (profile.User, error) {
	return s.one(ctx, "id", id)
}

func (s people) ByUsername(ctx context.Context, username string) (profile.User, error) {
	key, err := profile.UsernameKey(username)
	if err != nil {
		return profile.User{}, storage.ErrNotFound
	}
	return s.one(ctx, "username_key", key)
}

func (s people) ByEmail(ctx context.Context, email string) (profile.User, error) {
	key, err := profile.EmailKey(email)
	if err != nil {
		return profile.User{}, storage.ErrNotFound
	}
	return s.one(ctx, "email_key", key)
}

func (s people) one(ctx context.Context, column, value string) (u profile.User, err error) {
	err = s.in(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var doc string
		err := tx.GetContext(ctx, &doc, s.bind("SELECT profile FROM people WHERE "+column+" = $1"), value)
		if errors.Is(err, sql.ErrNoRows) {
			return storage.ErrNotFound
		}
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(doc), &u)
	})
	if string(u.Custom) == "null" {
		u.Custom = nil
	}
	return u, err
}

func (s people) DueUsers(ctx context.Context, before time.Time, limit int) (ids []string, err error) {
	err = s.in(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var all []string
		if err := tx.SelectContext(ctx, &all, "SELECT id FROM people ORDER BY id"); err != nil {
			return err
		}
		for _, id := range all {
			u, err := s.one(ctx, "id", id)
			if err != nil {
				return err
			}
			if u.DeletionPending() && !u.DeletesAt.After(before) && len(ids) < limit {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

func (s people) DeleteUser(ctx context.Context, id string, version int64) error {
	return s.in(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		u, err := s.one(ctx, "id", id)
		if err != nil {
			return err
		}
		if u.Version != version {
			return storage.ErrStale
		}
		_, err = tx.ExecContext(ctx, s.bind("DELETE FROM people WHERE id = $1"), id)
		return err
	})
}
