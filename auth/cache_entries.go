package auth

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	cacheShards  = 32
	cacheStripes = 4096
)

// cache keeps identities by the hash of their token. It never holds a token,
// and never that a token opens nothing.
//
// A user that changes makes its entries useless by one step of a clock of
// changes, last, which is then written to the user's stripe. An entry is as of
// the step at which its read began, so a read that the change overtook is as
// old as an entry from before, however late it is put in.
type cache struct {
	ttl     time.Duration
	last    atomic.Uint64
	stripes [cacheStripes]atomic.Uint64
	shards  [cacheShards]shard
}

type shard struct {
	mu      sync.Mutex
	entries map[[32]byte]*entry
	// queue is a ring of the entries in the order they came, which is the order
	// in which they expire; first is the oldest once it is full.
	queue []*entry
	first int
	size  int
}

type entry struct {
	hash   [32]byte
	id     Identity
	stripe *atomic.Uint64
	ticket
}

// ticket is when a read began: by the clock and by the changes before it.
type ticket struct {
	at   time.Time
	step uint64
}

func newCache(c SessionCache) *cache {
	k := &cache{ttl: c.TTL}
	for i := range k.shards {
		k.shards[i].entries = map[[32]byte]*entry{}
		k.shards[i].size = (c.Size + cacheShards - 1 - i) / cacheShards
	}
	return k
}

// begin comes before the read.
func (k *cache) begin(now time.Time) ticket { return ticket{at: now, step: k.last.Load()} }

// forget comes after a change that everybody can see.
func (k *cache) forget(userID string) {
	step := k.last.Add(1)
	if userID != "" {
		raise(k.stripe(userID), step)
		return
	}
	for i := range k.stripes {
		raise(&k.stripes[i], step)
	}
}

func raise(stripe *atomic.Uint64, step uint64) {
	for {
		present := stripe.Load()
		if present >= step || stripe.CompareAndSwap(present, step) {
			return
		}
	}
}

// stripe is FNV-1a of the ID: users who share one are only read more often.
func (k *cache) stripe(userID string) *atomic.Uint64 {
	h := uint32(2166136261)
	for i := range len(userID) {
		h = (h ^ uint32(userID[i])) * 16777619
	}
	return &k.stripes[(h^h>>12)%cacheStripes]
}

// shard takes the bits of a hash that nobody chooses.
func (k *cache) shard(hash [32]byte) *shard { return &k.shards[hash[0]%cacheShards] }

// get returns the entry, if it may still be believed at now.
func (k *cache) get(hash [32]byte, now time.Time) *entry {
	s := k.shard(hash)
	s.mu.Lock()
	e := s.entries[hash]
	s.mu.Unlock()
	if e == nil || e.stripe.Load() > e.step || !k.young(e, now) {
		return nil
	}
	return e
}

// young asks both clocks, since the monotonic one may stand still while the
// machine sleeps and the other may be set back.
func (k *cache) young(e *entry, now time.Time) bool {
	age, wall := now.Sub(e.at), now.Round(0).Sub(e.at.Round(0))
	return age >= 0 && age < k.ttl && wall >= 0 && wall < k.ttl
}

// put keeps what a read that began at t found, unless its user changed since.
func (k *cache) put(hash [32]byte, id Identity, t ticket) {
	stripe := k.stripe(id.User.ID)
	s := k.shard(hash)
	if s.size == 0 || stripe.Load() > t.step {
		return
	}
	e := &entry{hash: hash, id: id, stripe: stripe, ticket: t}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) < s.size {
		s.queue = append(s.queue, e)
	} else {
		oldest := s.queue[s.first]
		if s.entries[oldest.hash] == oldest { // else a later read took its place
			delete(s.entries, oldest.hash)
		}
		s.queue[s.first] = e
		s.first = (s.first + 1) % s.size
	}
	s.entries[hash] = e
}
