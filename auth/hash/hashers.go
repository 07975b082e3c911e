package hash

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// Hashers makes password hashes with one Hasher and verifies those of that and
// of older ones, through one Gate. It is safe for concurrent use.
type Hashers struct {
	all   []Hasher // the first is the primary
	decoy string   // a hash of the primary's cost that nothing matches
	err   error    // why it cannot work
	gate  *gate
}

// New returns Hashers that store with primary, verify with it and with
// legacy, and let GOMAXPROCS hashes run at once. What cannot work (no primary,
// one that fails to hash) is reported by Check and by every call.
func New(primary Hasher, legacy ...Hasher) *Hashers {
	return NewGated(Gate{}, primary, legacy...)
}

// NewGated is New with a Gate of the host's measure.
func NewGated(g Gate, primary Hasher, legacy ...Hasher) *Hashers {
	h := &Hashers{gate: newGate(g)}
	for _, x := range append([]Hasher{primary}, legacy...) {
		if x == nil {
			h.err = errors.New("hash: a Hasher is nil")
			return h
		}
		h.all = append(h.all, x)
	}
	h.decoy, h.err = decoyOf(primary)
	return h
}

// Check says why h can make no hash, such as a Hasher that is nil; nil is that it can. A
// service calls Check on the Hashers it is given, before anybody signs in.
func (h *Hashers) Check() error {
	if len(h.all) == 0 && h.err == nil {
		return errNoHasher
	}
	return h.err
}

// errNoHasher is of the zero Hashers.
var errNoHasher = errors.New("hash: Hashers come from New")

// decoyOf makes the hash that unknown users are verified against.
func decoyOf(primary Hasher) (string, error) {
	if d, ok := primary.(interface{ decoy() (string, error) }); ok {
		return d.decoy()
	}
	s, err := primary.Hash(rand.Text())
	if err != nil {
		return "", fmt.Errorf("hash: primary hasher: %w", err)
	}
	return s, nil
}

// Hash returns a new hash of password by the primary Hasher. It waits for a
// slot of the gate: a full queue is a *storage.UnavailableError, an ended ctx
// its error. A password that no account can have (empty, over MaxPasswordBytes,
// not UTF-8, with a NUL) is an *input.InvalidError and takes no slot.
func (h *Hashers) Hash(ctx context.Context, password string) (string, error) {
	if err := h.Check(); err != nil {
		return "", err
	}
	if err := CheckPassword("password", password); err != nil {
		return "", err
	}
	if err := h.gate.enter(ctx); err != nil {
		return "", err
	}
	defer h.gate.leave()
	s, err := h.all[0].Hash(password)
	if err != nil {
		return "", fmt.Errorf("hash: hashing: %w", err)
	}
	return s, nil
}

// Verify reports whether encoded is of password, and whether it should then be
// stored anew because it is weak or not of the primary Hasher. A hash that is
// empty or that no Hasher knows never matches and costs what a hash of the
// primary costs, so that the answer for a user who does not exist takes as
// long. Waiting and errors are those of Hash; a password that no account can
// have does not match and takes no slot.
func (h *Hashers) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	if err := h.Check(); err != nil {
		return false, false, err
	}
	if CheckPassword("password", password) != nil {
		return false, false, nil
	}
	if err := h.gate.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.gate.leave()
	for i, x := range h.all {
		if encoded == "" {
			break
		}
		if r := x.Match(encoded, password); r.Known {
			return r.Match, r.Match && (r.Weak || i > 0), nil
		}
	}
	h.all[0].Match(h.decoy, password)
	return false, false, nil
}

// Stats are counts since the Hashers were made, and the present state: numbers for a
// host's metrics. A Refused that rises says that this node needs more cores, or a longer queue.
type Stats struct {
	Hashes  uint64 // passwords hashed or verified, those of nobody included
	Refused uint64 // callers that found the queue full
	Running int
	Waiting int
}

// Stats says how busy the gate is.
func (h *Hashers) Stats() Stats {
	g := h.gate
	if g == nil { // of the zero Hashers
		return Stats{}
	}
	return Stats{
		Hashes:  g.passed.Load(),
		Refused: g.refused.Load(),
		Running: len(g.slots),
		Waiting: int(min(g.waiting.Load(), g.maxWaiting)),
	}
}
