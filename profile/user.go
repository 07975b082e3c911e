// Package profile is who a user is: the User, what may be changed of it, the
// Store that keeps it, and what others may see.
//
//	profiles, err := profile.New(profile.Config{Store: db.Users(), Settings: prefs})
//	user, err := profiles.Edit(ctx, userID, profile.Edit{Bio: &bio}, 0)
//	user, visible, err := profiles.ByUsername(ctx, profile.Viewer{UserID: me}, "ann")
//	if visible.Has("email") { … }
//
// A Deletions begins the end of accounts and takes it back, an Eraser removes those
// whose time has come, and an Exporter hands out copies of everything that is kept.
// They take a Caller: somebody with a Fresh proof, found out by package auth or by a
// host's own sign-in.
package profile

import (
	"context"
	"encoding/json"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// User is one account's profile. It carries no password hash; see
// authstore.PasswordStore.
type User struct {
	// ID is opaque, unique, and never given to another user again.
	ID string
	// Username and Email are kept as they were typed; uniqueness is decided on
	// UsernameKey and EmailKey of them.
	Username string
	Email    string
	// EmailVerified is true once the owner of the address proved it.
	EmailVerified bool
	// Adopted says that the account was made elsewhere and taken over: it is of an
	// adopted table of users, or the host imported it. While its address is not proved,
	// whoever proves it gets the account with what is in it, second factors too; of
	// an account that was signed up here all of that is removed first. Create keeps it,
	// nothing changes it, and no view shows it.
	Adopted bool
	// PendingEmail is the address of an unfinished e-mail change, or "".
	PendingEmail string
	DisplayName  string
	GivenName    string
	FamilyName   string
	Pronouns     string
	Bio          string
	// Phone is a proven number in E.164 form, or "".
	Phone    string
	Address  Address
	Birthday Date
	Links    []string
	// Custom is a JSON object of fields that the host declared, or nil.
	Custom json.RawMessage
	// Picture is the zero Picture when there is none.
	Picture Picture
	// Role is the host's to give; "user" by default. Nothing of this library
	// lets a user change it.
	Role string
	// Disabled accounts cannot sign in and their sessions are dead. The Disable of
	// auth.Service sets it and ends the sessions for good.
	Disabled bool
	// DeletesAt, when it is not zero, is when the account will be erased. Until
	// then its owner may take that back, and nobody else sees that it is there.
	DeletesAt time.Time
	// Version rises with every change; it is the ETag of the own view.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Address is a postal address, each part at most 200 characters. Country is an
// ISO 3166-1 alpha-2 code.
type Address struct {
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
}

// Date is a day of the Gregorian calendar as "2006-01-02", or "" for none.
type Date string

// Picture says where a user's picture is. A
// picture taken over from an older table has only a URL.
type Picture struct {
	// Base is the random name that all sizes share, without size and
	// extension: "k3v9…". "" when there is none.
	Base string `json:"base,omitempty"`
	// Ext is "jpg" or "png".
	Ext string `json:"ext,omitempty"`
	// Sizes are the sides of the squares that the store has, in pixels,
	// descending; picture.Sizes are those that it is shown in.
	Sizes []int `json:"sizes,omitempty"`
	// Placeholder is what to paint before the picture is loaded: a ThumbHash in
	// base64, or "#rrggbb" on pictures of before.
	Placeholder string `json:"placeholder,omitempty"`
	// URL is an address outside our stores (an adopted row), or "".
	URL string `json:"url,omitempty"`
	// Public says that the public addresses of the blob store may be told:
	// everybody may see the picture. See package picture.
	Public bool `json:"public,omitempty"`
}

// IsZero reports whether there is no picture.
func (p Picture) IsZero() bool { return p.Base == "" && p.URL == "" }

// Patch is a partial change of a User: nil leaves a field, a value sets it,
// the zero value clears it. Apply makes the change.
type Patch struct {
	// IfVersion, when not 0, must be the present version, else storage.ErrStale.
	IfVersion int64

	Username      *string
	Email         *string
	EmailVerified *bool
	PendingEmail  *string
	DisplayName   *string
	GivenName     *string
	FamilyName    *string
	Pronouns      *string
	Bio           *string
	Phone         *string
	Address       *Address
	Birthday      *Date
	Links         *[]string
	Custom        *json.RawMessage
	Picture       *Picture
	Role          *string
	Disabled      *bool
	DeletesAt     *time.Time
}

// Store keeps users. A host with its own users table implements it alone;
// profiletest.Run is the suite it must pass. Implementations are safe for
// concurrent use and join a transaction that ctx carries.
//
// Lookups of an unknown user are storage.ErrNotFound. A user name or e-mail
// whose key (UsernameKey, EmailKey) belongs to another user is a
// *storage.TakenError naming the field; of any number of concurrent writers of
// one key, one wins.
type Store interface {
	// Create writes a new user and the events, and returns it with ID (chosen
	// by the store; events whose UserID is "" get it), Version, CreatedAt and
	// UpdatedAt set. u.ID, u.Version and the times are ignored.
	Create(ctx context.Context, u User, events ...activity.Event) (User, error)
	// User returns the user with that ID.
	User(ctx context.Context, id string) (User, error)
	// ByUsername returns the user whose UsernameKey is that of username.
	ByUsername(ctx context.Context, username string) (User, error)
	// ByEmail returns the user whose EmailKey is that of email.
	ByEmail(ctx context.Context, email string) (User, error)
	// Update applies p and writes the events, both or neither, and returns the
	// user as it is then, with Version raised. Concurrent updates of different
	// fields are all kept. With a stale p.IfVersion nothing changes. An unknown
	// user and a stale version are told before a taken name, as a condition is
	// checked before the change it guards (RFC 9110, section 13.2.1).
	Update(ctx context.Context, id string, p Patch, events ...activity.Event) (User, error)
}

// Visibility is who may see something.
type Visibility string

// The visibilities, from widest to narrowest.
const (
	Public  Visibility = "public"  // everybody
	Members Visibility = "members" // whoever is signed in
	Private Visibility = "private" // the owner
)
