package profile

import (
	"context"
	"errors"
	"time"
)

// FreshFor is how long a proof of identity opens what asks for a fresh one.
const FreshFor = 10 * time.Minute

// ClockSkew is what the clocks of two nodes may differ.
const ClockSkew = 3 * time.Minute

// ErrNotFresh: the last proof of identity is older than FreshFor.
var ErrNotFresh = errors.New("a fresh proof of identity is required")

// ErrNoAccount: the account of a Caller is gone, disabled or on its way to be
// erased, so that nobody acts for it.
var ErrNoAccount = errors.New("profile: the account is gone, disabled or being deleted")

// Fresh reports whether a proof of identity of the time provedAt is fresh at now: at
// most FreshFor old. A proof from the future, as after a clock was set back, is none
// beyond ClockSkew, by which the node that noted it may be ahead. It is the one
// definition, for the sessions of package auth and for a host's own sign-in. Both
// times count in the precision of the stores, microseconds.
func Fresh(provedAt, now time.Time) bool {
	age := now.Truncate(time.Microsecond).Sub(provedAt.Truncate(time.Microsecond))
	return age <= FreshFor && age > -ClockSkew
}

// Caller is somebody who was found out to be User, by package auth or by a host's
// own sign-in. The services take a Caller for what only the owner of an account
// may do.
type Caller struct {
	User User
	// ProvedAt is when the person last proved who they are.
	ProvedAt time.Time
	// AtOnce says whether the caller proved enough to delete the account without a time in
	// which that can be taken back, such as auth.Service.May. Deletions asks it only then, and
	// nil is not enough. A host's own sign-in decides for itself.
	AtOnce func(context.Context) error
}

// check is ErrNoAccount for a Caller who is nobody or disabled, or whose deletion is
// pending and pending does not allow that. It is ErrNotFresh for a proof that is not
// Fresh at now.
func (c Caller) check(now time.Time, pending bool) error {
	switch {
	case c.User.ID == "" || c.User.Disabled || c.User.DeletionPending() && !pending:
		return ErrNoAccount
	case !Fresh(c.ProvedAt, now):
		return ErrNotFresh
	}
	return nil
}
