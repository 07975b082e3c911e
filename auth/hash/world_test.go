package hash_test

import (
	"errors"
	"sync/atomic"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/settings/input"
)

const (
	password = "correct horse battery staple"
	other    = "wrong horse battery staple!"
)

// cheap is Argon2id where its cost is not the point.
var cheap = hash.Argon2id{Memory: 64, Time: 1, Threads: 1}

// counter is a Hasher that counts the hashes that the one inside knows.
type counter struct {
	hash.Hasher
	matches atomic.Int64
}

func (c *counter) Match(encoded, p string) hash.Result {
	r := c.Hasher.Match(encoded, p)
	if r.Known {
		c.matches.Add(1)
	}
	return r
}

// slow is a hash.Hasher whose Match lasts until it is released.
type slow struct {
	hash.Hasher
	release      chan struct{}
	running, max atomic.Int64
}

func (s *slow) Match(string, string) hash.Result {
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for m := s.max.Load(); n > m && !s.max.CompareAndSwap(m, n); m = s.max.Load() {
	}
	<-s.release
	return hash.Result{Known: true}
}

// field returns the code of the refusal of that field, "" when there is none.
func field(err error, name string) string {
	if e, ok := errors.AsType[*input.InvalidError](err); ok {
		for _, f := range e.Fields {
			if f.Field == name {
				return string(f.Code)
			}
		}
	}
	return ""
}
