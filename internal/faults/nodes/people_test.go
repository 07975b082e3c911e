package nodes

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// store is a store of the test's own on the nodes' database.
func (s *place) store() *sqlstore.DB {
	s.t.Helper()
	var db *sqlstore.DB
	var err error
	if dsn := s.dsn(); dsn != "" {
		db, err = postgres.Open(s.t.Context(), dsn, postgres.Options{})
	} else {
		db, err = sqlite.Open(s.t.Context(), s.file(), sqlite.Options{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	return db
}

// people makes accounts with a session each, past the node: with the password, but with
// one hash of it that is quick to make, since good ones would take most of a test's time.
func (s *place) people(n *node, prefix string, count int) []*person {
	s.t.Helper()
	db, now := s.store(), time.Now()
	quick, err := hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}).Hash(s.t.Context(), password)
	if err != nil {
		s.t.Fatal(err)
	}
	list := make([]*person, count)
	for i := range list {
		name := fmt.Sprintf("%s%dx", prefix, i) // x: none is the beginning of another
		u, err := db.Users().Create(s.t.Context(), profile.User{Username: name, Email: name + "@example.org"})
		if err != nil {
			s.t.Fatal(err)
		}
		if err := db.Auth().Passwords.SetPassword(s.t.Context(), u.ID, "", quick); err != nil {
			s.t.Fatal(err)
		}
		token := newToken(s.t)
		if err := db.Auth().Sessions.CreateSession(s.t.Context(), authstore.Session{
			ID: rand.Text(), UserID: u.ID, TokenHash: sha256.Sum256([]byte(token)), Level: authstore.LevelFull,
			CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
		}); err != nil {
			s.t.Fatal(err)
		}
		list[i] = &person{t: s.t, node: n, name: name, cookie: token}
	}
	return list
}

// newToken is one of the form that package auth makes.
func newToken(t *testing.T) string {
	t.Helper()
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}
