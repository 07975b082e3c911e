package authstore

import (
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Stores are what an auth.Service needs to keep, one field a role. All but Handles are
// required. Each store is safe for concurrent use and joins a transaction that ctx carries.
type Stores struct {
	Passwords PasswordStore
	Sessions  SessionStore
	Tickets   TicketStore
	Factors   FactorStore
	// Handles are those of users who have or had a passkey. auth.New requires them where
	// auth.Policy has Passkeys. nil is for a host that never had passkeys: a handle is
	// erased with its user only while the field is set.
	Handles HandleStore
}

// Check says what is wrong with s for a host whose users are users: a role that is
// missing, or passwords that are kept beside other users. auth.New asks it, and whoever
// makes an auth.Personal without a Service should.
func (s Stores) Check(users profile.Store) error {
	if s.Passwords == nil || s.Sessions == nil || s.Tickets == nil || s.Factors == nil {
		return errors.New("authstore: Stores lacks a store")
	}
	if why, hidden := storage.Missing[UsersBeside](s.Passwords); hidden {
		return fmt.Errorf("authstore: Stores.Passwords: nobody can tell whose passwords are kept: %s", why)
	}
	if p, ok := storage.As[UsersBeside](s.Passwords); ok && !beside(p, users) {
		return fmt.Errorf("authstore: Stores.Passwords keeps passwords for other users than %T. If that decorates the right ones it needs Unwrap() profile.Store. "+
			"For users in a table of the host's own there are stores apart, such as sqlstore's AuthApart", users)
	}
	return nil
}

// Joined returns the sessions as a SessionUserStore that reads them together with
// users; nil is that they are read apart. why says so in words for a person who wires
// stores together, and hidden that a decorator without Unwrap is the cause: see
// storage.Missing.
func (s Stores) Joined(users profile.Store) (joined SessionUserStore, why string, hidden bool) {
	if why, hidden = storage.Missing[SessionUserStore](s.Sessions); why != "" {
		return nil, why, hidden
	}
	joined, _ = storage.As[SessionUserStore](s.Sessions)
	if !beside(joined, users) {
		return nil, fmt.Sprintf("%T are not the users beside the sessions", users), false
	}
	return joined, "", false
}

// UsersBeside is an ability of a PasswordStore or a SessionStore, found by storage.As,
// that knows whose passwords or sessions it keeps: those of the users in one table, say.
// Stores.Check refuses a PasswordStore for other users, because the passwords would be
// other people's, and one of which a decorator hides it. A PasswordStore without the
// ability is taken for any users.
type UsersBeside interface {
	// Beside reports whether the store is for users. It is asked about the innermost
	// store that decorators of users lead to by Unwrap.
	Beside(users profile.Store) bool
}

// beside asks s about users.
func beside(s UsersBeside, users profile.Store) bool {
	innermost := users
	for u := range storage.Unwrapped(users) {
		innermost = u
	}
	return s.Beside(innermost)
}
