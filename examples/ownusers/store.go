package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// people is the host's own table of users, keyed by UUID, as a profile.Store.
// Everything else (sessions, passwords, settings, the feed, pictures) stays in
// profilekit's tables, which name a user by the text of this key.
type people struct {
	db   *sqlstore.DB // begins transactions, and keeps the events
	pool *sql.DB      // the host's, for reads outside them
}

// The host has columns for the keys by which it looks users up; the rest of the profile is one
// document. UNIQUE decides who has a name, on the keys that profilekit compares.
const tables = `CREATE TABLE IF NOT EXISTS people (
	id           %[1]s PRIMARY KEY,
	username_key TEXT NOT NULL UNIQUE,
	email_key    TEXT NOT NULL UNIQUE,
	profile      TEXT NOT NULL,
	version      BIGINT NOT NULL,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
	id    %[1]s PRIMARY KEY,
	buyer %[1]s NOT NULL REFERENCES people (id)
)`

// openPeople makes the host's tables when there are none.
func openPeople(ctx context.Context, db *sqlstore.DB, pool *sql.DB) (people, error) {
	id := "UUID"
	if db.Dialect() == sqlstore.SQLite {
		id = "TEXT"
	}
	_, err := pool.ExecContext(ctx, fmt.Sprintf(tables, id))
	return people{db, pool}, err
}

// queryer is what a transaction and a pool have in common.
type queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reader is the transaction of ctx, if it carries one: a store that read past
// it would not see what the transaction wrote.
func (p people) reader(ctx context.Context) queryer {
	if tx, ok := sqlstore.Tx(ctx); ok {
		return tx
	}
	return p.pool
}

// change runs fn in the transaction of ctx, or else in one of its own, so that
// a user and the event that tells of it are written together.
func (p people) change(ctx context.Context, fn func(ctx context.Context, q queryer) error) error {
	if tx, ok := sqlstore.Tx(ctx); ok {
		return fn(ctx, tx)
	}
	return p.db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return fn(ctx, tx)
	})
}

// bind spells the parameters of a query for the database.
func (p people) bind(query string) string {
	if p.db.Dialect() == sqlstore.SQLite {
		return strings.ReplaceAll(query, "$", "?")
	}
	return query
}

func (p people) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	if u.Role == "" {
		u.Role = "user"
	}
	u.ID, u.Version, u.CreatedAt = newID(), 1, now()
	u.UpdatedAt = u.CreatedAt
	err := p.change(ctx, func(ctx context.Context, q queryer) error {
		if err := p.write(ctx, q, u, `INSERT INTO people (id, username_key, email_key, profile, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`); err != nil {
			return err
		}
		return p.record(ctx, u.ID, events)
	})
	if err != nil {
		return profile.User{}, err
	}
	return u, nil
}

func (p people) Update(ctx context.Context, id string, patch profile.Patch, events ...activity.Event) (profile.User, error) {
	var after profile.User
	err := p.change(ctx, func(ctx context.Context, q queryer) error {
		lock := " FOR UPDATE"
		if p.db.Dialect() == sqlstore.SQLite {
			lock = "" // its transactions are one after the other
		}
		before, err := p.one(ctx, q, "id", id, lock)
		if err != nil {
			return err
		}
		if patch.IfVersion != 0 && patch.IfVersion != before.Version {
			return storage.ErrStale
		}
		after = patch.Apply(before)
		after.Version++
		after.UpdatedAt = now()
		if err := p.write(ctx, q, after, `UPDATE people SET username_key = $2, email_key = $3, profile = $4, version = $5, created_at = $6, updated_at = $7 WHERE id = $1`); err != nil {
			return err
		}
		return p.record(ctx, id, events)
	})
	if err != nil {
		return profile.User{}, err
	}
	return after, nil
}

func (p people) User(ctx context.Context, id string) (profile.User, error) {
	return p.one(ctx, p.reader(ctx), "id", id, "")
}

func (p people) ByUsername(ctx context.Context, username string) (profile.User, error) {
	key, err := profile.UsernameKey(username)
	if err != nil { // nobody can have it
		return profile.User{}, storage.ErrNotFound
	}
	return p.one(ctx, p.reader(ctx), "username_key", key, "")
}

func (p people) ByEmail(ctx context.Context, email string) (profile.User, error) {
	key, err := profile.EmailKey(email)
	if err != nil {
		return profile.User{}, storage.ErrNotFound
	}
	return p.one(ctx, p.reader(ctx), "email_key", key, "")
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// one reads the user whose column is value.
func (p people) one(ctx context.Context, q queryer, column, value, lock string) (u profile.User, err error) {
	if err := ctx.Err(); err != nil {
		return u, err
	}
	if column == "id" && !uuid.MatchString(value) {
		// Postgres would refuse the text, and with it the transaction.
		return u, storage.ErrNotFound
	}
	var doc []byte
	err = q.QueryRowContext(ctx, p.bind(`SELECT profile FROM people WHERE `+column+` = $1`+lock), value).Scan(&doc)
	if err != nil {
		return u, told(ctx, err)
	}
	if err := json.Unmarshal(doc, &u); err != nil {
		return u, errors.New("people: a stored profile cannot be read")
	}
	if string(u.Custom) == "null" {
		u.Custom = nil
	}
	return u, nil
}

// write runs an INSERT or UPDATE of u. When a key is taken, everything up to
// the savepoint stays usable and is asked which one.
func (p people) write(ctx context.Context, q queryer, u profile.User, statement string) error {
	usernameKey, err := profile.UsernameKey(u.Username)
	if err != nil {
		return err
	}
	emailKey, err := profile.EmailKey(u.Email)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, `SAVEPOINT people`); err != nil {
		return told(ctx, err)
	}
	_, err = q.ExecContext(ctx, p.bind(statement), u.ID, usernameKey, emailKey, string(doc), u.Version, u.CreatedAt.UnixMicro(), u.UpdatedAt.UnixMicro())
	if err == nil {
		_, err = q.ExecContext(ctx, `RELEASE SAVEPOINT people`)
		return told(ctx, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := q.ExecContext(ctx, `ROLLBACK TO SAVEPOINT people`); err != nil {
		return told(ctx, err)
	}
	for field, key := range map[string]string{"username": usernameKey, "email": emailKey} {
		other, found := p.one(ctx, q, field+"_key", key, "")
		if found == nil && other.ID != u.ID {
			return &storage.TakenError{Field: field}
		}
	}
	return told(ctx, err)
}

// record writes the events of a change; those without a user are of this one.
func (p people) record(ctx context.Context, id string, events []activity.Event) error {
	own := make([]activity.Event, len(events))
	for i, e := range events {
		if own[i] = e; e.UserID == "" {
			own[i].UserID = id
		}
	}
	return p.db.Activity().Append(ctx, own...)
}

// told turns a driver's error into what profile.Store promises. It stays
// wrapped, so that InTx knows a conflict and runs again.
func told(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, sql.ErrNoRows):
		return storage.ErrNotFound
	}
	return fmt.Errorf("people: %w", err)
}

// newID is a UUID of version 4 (RFC 9562, section 5.4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// now is the time in the precision that is promised.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
