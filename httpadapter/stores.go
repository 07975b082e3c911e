package httpadapter

import (
	"fmt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

// Stores is everything that is kept in a database, one field a role. Users, Settings,
// Limits, Activity and Tx are required. Another field that is nil switches off what needs
// it, and App.Features says so. StoresOf fills all fields from one database, and a host
// may then decorate any of them. All are of one database but Users, for which there is
// StoresWithUsers, so that changes of several of them are one.
//
// Abilities of a store beyond its interface are found by storage.As. A decorator that
// may be passed has a method Unwrap, as described there; without it these abilities
// are hidden, which App.Features says and New writes to the log. Decorated Users need
// it where passwords are in their rows, as with StoresOf; see authstore.UsersBeside.
type Stores struct {
	// Users are the accounts. They can be deleted when they are a
	// profile.DeletableStore.
	Users profile.Store
	// Holds keeps user names and addresses that were given up from others; nil frees
	// them at once.
	Holds profile.HoldStore
	// Auth keeps passwords, sessions, tickets, factors and handles; the zero value is without
	// sign-in of ours. They must be those for Users: see authstore.UsersBeside.
	Auth authstore.Stores
	// Settings says who may see a profile.
	Settings settings.Store
	// Limits says how often something may be done. limit.Off{} lifts every limit, for
	// load tests only.
	Limits limit.Store
	// Activity keeps the feed. The other stores write events in the transaction of what
	// they are about, each by itself, so that Activity must be where they write them; a
	// decorator sees only what this module writes by Activity alone.
	Activity activity.Store
	// Ledger knows which picture is whose; nil is without pictures.
	Ledger picture.Ledger
	// Outbox keeps the letters of Config.Mail until they are sent.
	Outbox notify.OutboxStore
	// Tx makes changes of several stores one.
	Tx storage.Transactor
}

// Database has a store for every role; *sqlstore.DB is one.
type Database interface {
	Users() profile.Store
	Holds() profile.HoldStore
	Auth() authstore.Stores
	// AuthApart is Auth for users who are not those of Users.
	AuthApart() authstore.Stores
	Settings() settings.Store
	Limits() limit.Store
	Activity() activity.Store
	Ledger() picture.Ledger
	Outbox() notify.OutboxStore
	storage.Transactor
}

// StoresOf are the stores of one database.
func StoresOf(db Database) Stores {
	return Stores{
		Users: db.Users(), Holds: db.Holds(), Auth: db.Auth(), Settings: db.Settings(), Limits: db.Limits(),
		Activity: db.Activity(), Ledger: db.Ledger(), Outbox: db.Outbox(), Tx: db,
	}
}

// StoresWithUsers are the stores of db beside users who are kept elsewhere, such as in
// a host's own table. Everything else, passwords included, is kept in db. New refuses
// those of db itself, whose passwords are in their rows.
func StoresWithUsers(db Database, users profile.Store) Stores {
	s := StoresOf(db)
	s.Users, s.Auth = users, db.AuthApart()
	return s
}

// Unlimited is s without any limit on how often something may be done, for load tests
// only. Rules that policies name have no effect then, which New does not refuse.
func (s Stores) Unlimited() Stores {
	s.Limits = limit.Off{}
	return s
}

// check says what is missing without which nothing works.
func (s Stores) check() error {
	for _, role := range []struct {
		name    string
		missing bool
		why     string
	}{
		{"Users", s.Users == nil, "they are the accounts"},
		{"Settings", s.Settings == nil, "it says who may see a profile"},
		{"Limits", s.Limits == nil, "it says how often something may be done"},
		{"Activity", s.Activity == nil, "other stores write events to it, which somebody must show and erase"},
		{"Tx", s.Tx == nil, "it makes changes of several stores one"},
	} {
		if role.missing {
			return fmt.Errorf("httpadapter: Stores.%s is required: %s", role.name, role.why)
		}
	}
	if !s.hasAuth() {
		return nil
	}
	// Also beside an Authenticator, where they are erased.
	if err := s.Auth.Check(s.Users); err != nil {
		return fmt.Errorf("httpadapter: Stores.Auth: %w", err)
	}
	return nil
}

// hasAuth reports whether there are stores for sign-in.
func (s Stores) hasAuth() bool { return s.Auth != (authstore.Stores{}) }
