package auth

import (
	"errors"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
)

// SessionLimits are how long a session lives. A zero field takes its default.
// The defaults suit a site whose sessions open a profile, not money. For AAL2 of NIST
// SP 800-63B set Idle to at most an hour and Absolute to 24 hours, for both kinds.
type SessionLimits struct {
	// Idle ends a session that was not used: 24 hours. Absolute ends it
	// whatever its use, counted from the sign-in: 7 days.
	Idle, Absolute time.Duration
	// RememberIdle and RememberAbsolute are the same for a sign-in that asked
	// to be remembered: 30 days and 90 days.
	RememberIdle, RememberAbsolute time.Duration
	// Device is how long a trusted device needs no second factor: 30 days. It is
	// not prolonged by use.
	Device time.Duration
}

// halfFor is how long there is to finish a sign-in.
const halfFor = 10 * time.Minute

// touchEvery is how exact LastUsedAt and IdleUntil are kept: a signed-in read
// writes at most once in it.
const touchEvery = time.Minute

func (l SessionLimits) withDefaults() SessionLimits {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	const day = 24 * time.Hour
	set(&l.Idle, day)
	set(&l.Absolute, 7*day)
	set(&l.RememberIdle, 30*day)
	set(&l.RememberAbsolute, 90*day)
	set(&l.Device, 30*day)
	return l
}

func (l SessionLimits) check() error {
	if min(l.Idle, l.Absolute, l.RememberIdle, l.RememberAbsolute, l.Device) <= touchEvery {
		return errors.New("auth: every limit of Config.Session must be above a minute")
	}
	return nil
}

// idleUntil is when a session used at now ends if it is not used again.
func (l SessionLimits) idleUntil(sess authstore.Session, now time.Time) time.Time {
	idle := l.Idle
	if sess.Remember {
		idle = l.RememberIdle
	}
	if until := now.Add(idle); until.Before(sess.ExpiresAt) {
		return until
	}
	return sess.ExpiresAt
}

// expiresAt is the absolute end of a session that begins at now.
func (l SessionLimits) expiresAt(remember bool, now time.Time) time.Time {
	if remember {
		return now.Add(l.RememberAbsolute)
	}
	return now.Add(l.Absolute)
}
