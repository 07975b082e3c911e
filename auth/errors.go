package auth

import (
	"errors"

	"github.com/profilekit/profilekit/auth/authfactor"
)

// Errors of Service. A proof that is too old is profile.ErrNotFresh, a limit that was
// reached a *limit.ExceededError. Bad input is an *input.InvalidError, a taken name
// or address a *storage.TakenError, a busy or failing part matches
// storage.ErrUnavailable or is the store's own error. Whatever the error, the
// caller is not signed in.
var (
	// ErrInvalidCredentials: login and password open no account, for whatever reason.
	ErrInvalidCredentials = errors.New("invalid credentials")
	// ErrUnauthenticated: the token opens no session, or no longer.
	ErrUnauthenticated = errors.New("unauthenticated")
	// ErrInvalidToken: the token of a link is wrong, expired, used, or its cause is over.
	ErrInvalidToken = errors.New("invalid token")
	// ErrPasswordResetRequired: the password is right, and must be reset by a link first.
	ErrPasswordResetRequired = errors.New("the password must be reset")
	// ErrSignUpClosed: accounts are not made by their users here.
	ErrSignUpClosed = errors.New("sign-up is closed")
	// ErrInvalidCode: the code is wrong, old or was used. It is that of package authfactor.
	ErrInvalidCode = authfactor.ErrInvalidCode
	// ErrFactorUnusable: the factor is there, but the key that sealed it is gone. Another
	// factor, or a recovery code, opens the account. The log names the key.
	ErrFactorUnusable = errors.New("the factor cannot be used")
	// ErrNoFactor: there is no factor of that kind to use.
	ErrNoFactor = errors.New("no such factor")
	// ErrLastFactor: without this one nobody could sign in any more.
	ErrLastFactor = errors.New("the last way in")
	// ErrNoCourier: there is no Policy.Courier, so that nothing can be sent.
	ErrNoCourier = errors.New("auth: there is no courier")
	// ErrCodeAlone: codes that are sent need another factor beside them; see Codes.Alone.
	ErrCodeAlone = errors.New("a code needs an app or a passkey beside it")
)
