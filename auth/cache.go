package auth

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// SessionCache lets AuthenticateRead answer from memory for a moment; the zero value is off.
// A change through the stores of this node is seen at once. A change by another node, such as
// the end of a session, and one by statements of the host's own are seen when TTL has passed,
// or after Service.Forget.
type SessionCache struct {
	// TTL is how long a read is believed, from before it was sent to the
	// database: one second, at most 5.
	TTL time.Duration
	// Size is how many sessions are kept at most, each about 2 KiB with its
	// user: 4096. The oldest make room for new ones.
	Size int
}

// Limits of a SessionCache.
const (
	defaultSessionTTL       = time.Second
	maxSessionTTL           = 5 * time.Second
	defaultSessionCacheSize = 4096
)

func (c SessionCache) on() bool { return c != SessionCache{} }

func (c SessionCache) withDefaults() SessionCache {
	if c.TTL == 0 {
		c.TTL = defaultSessionTTL
	}
	if c.Size == 0 {
		c.Size = defaultSessionCacheSize
	}
	return c
}

func (c SessionCache) check() error {
	if c.TTL < 0 || c.TTL > maxSessionTTL || c.Size < 0 {
		return fmt.Errorf("auth: Config.SessionCache must have a TTL of at most %v and no negative Size", maxSessionTTL)
	}
	return nil
}

// watchBy gives s its cache, fed by the stores of c.
func (s *Service) watchBy(c Config) error {
	if !c.SessionCache.on() {
		return nil
	}
	if err := c.SessionCache.check(); err != nil {
		return err
	}
	tx, err := storage.Need[authstore.Watched](c.Tx)
	if err != nil {
		return fmt.Errorf("auth: Config.SessionCache needs a Config.Tx that is authstore.Watched: %w", err)
	}
	s.watched = append(s.watched, tx)
	if s.joined == nil { // the users are not those of Tx
		users, err := storage.Need[authstore.Watched](c.Users)
		if err != nil {
			return fmt.Errorf("auth: Config.SessionCache needs Config.Users that are authstore.Watched: %w", err)
		}
		s.watched = append(s.watched, users)
	}
	sessions, err := storage.Need[authstore.Watched](c.Stores.Sessions)
	if err != nil {
		return fmt.Errorf("auth: Config.SessionCache needs Config.Stores.Sessions that are authstore.Watched: %w", err)
	}
	s.cache = newCache(c.SessionCache.withDefaults())
	for _, w := range append(slices.Clone(s.watched), sessions) {
		w.Watch(s.cache.forget)
	}
	return nil
}

// Forget makes the SessionCache read these users, or without any all of them,
// anew. It is for statements of the host's own, after their commit.
func (s *Service) Forget(userIDs ...string) {
	if s.cache == nil {
		return
	}
	if len(userIDs) == 0 {
		s.cache.forget("")
	}
	for _, id := range userIDs {
		s.cache.forget(id)
	}
}

// AuthenticateRead is Authenticate for a request that only reads. With
// Config.SessionCache it may answer from memory, so the session and the user
// can be as old as the cache's TTL where another node changed them. Whatever
// changes something, depends on a fresh proof or gives a role its rights calls
// Authenticate.
func (s *Service) AuthenticateRead(ctx context.Context, token string) (Identity, error) {
	if s.cache == nil || ctx.Err() != nil || slices.ContainsFunc(s.watched, func(w authstore.Watched) bool { return w.InTransaction(ctx) }) {
		return s.Authenticate(ctx, token)
	}
	hash, ok := hashToken(token)
	if !ok {
		return Identity{}, ErrUnauthenticated
	}
	began := s.cache.begin(s.clock())
	if e := s.cache.get(hash, began.at); e != nil && e.id.usable(began.at) {
		return e.id.clone(), nil
	}
	id, err := s.authenticate(ctx, hash)
	if err != nil {
		return Identity{}, err
	}
	id.memo = &memo{}
	s.cache.put(hash, id, began)
	return id.clone(), nil
}

// usable reports whether nothing is due at now that needs the database: the
// end of the session, or noting its use.
func (id Identity) usable(now time.Time) bool {
	return id.Session.Alive(now) && now.Sub(id.Session.LastUsedAt) < touchEvery
}

// clone is id without memory that it shares.
func (id Identity) clone() Identity {
	u := &id.User
	u.Links, u.Custom, u.Picture.Sizes = slices.Clone(u.Links), slices.Clone(u.Custom), slices.Clone(u.Picture.Sizes)
	return id
}

// memo keeps what was made of one cached identity.
type memo struct{ made atomic.Pointer[made] }

type made struct{ key, value any }

// Once returns what make makes of id, such as its rendering. For an identity
// that AuthenticateRead keeps in memory that is kept with it for later requests
// of the session, so nobody may change it. One value is kept, under key, which
// like that of a context is of a type of the caller's own.
func (id Identity) Once(key any, make func() (any, error)) (any, error) {
	if id.memo == nil {
		return make()
	}
	if m := id.memo.made.Load(); m != nil && m.key == key {
		return m.value, nil
	}
	v, err := make()
	if err == nil {
		id.memo.made.Store(&made{key, v})
	}
	return v, err
}
