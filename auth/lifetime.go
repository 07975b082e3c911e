package auth

import (
	"time"

	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authstore"
)

// lifetime is how long sessions live, with defaults.
type lifetime struct{ authlimit.Sessions }

// halfFor is how long there is to finish a sign-in.
const halfFor = 10 * time.Minute

// touchEvery is how exact LastUsedAt and IdleUntil are kept: a signed-in read
// writes at most once in it.
const touchEvery = authlimit.Least

// trusts reports whether devices may be trusted at all.
func (l lifetime) trusts() bool { return l.Device > 0 }

// idleUntil is when a session used at now ends if it is not used again.
func (l lifetime) idleUntil(sess authstore.Session, now time.Time) time.Time {
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
func (l lifetime) expiresAt(remember bool, now time.Time) time.Time {
	if remember {
		return now.Add(l.RememberAbsolute)
	}
	return now.Add(l.Absolute)
}
