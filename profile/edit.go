package profile

import "encoding/json"

// Edit is what a user may ask to change of the own profile: nil leaves a
// field, a value sets it, "" clears an optional one. There is no field for
// what a user may not set.
type Edit struct {
	Username *string
	// Email may only repeat the present address; another one is
	// ErrEmailChangeUnavailable.
	Email       *string
	DisplayName *string
	GivenName   *string
	FamilyName  *string
	Pronouns    *string
	Bio         *string
	// Address changes parts of the address; see also ClearAddress.
	Address *AddressEdit
	// Birthday is "2006-01-02".
	Birthday *Date
	// Links replaces all links; an empty list clears them.
	Links *[]string
	// Custom is a JSON merge patch (RFC 7396) of the custom object: null
	// removes a field, an object is merged with the one there, anything else
	// replaces.
	Custom map[string]json.RawMessage
	// ClearCustom removes every custom field before Custom is applied.
	ClearCustom bool
}

// AddressEdit is a partial change of an Address, as Edit is of a User.
type AddressEdit struct {
	Line1      *string
	Line2      *string
	City       *string
	Region     *string
	PostalCode *string
	Country    *string
}

// ClearAddress returns the edit that removes the whole address.
func ClearAddress() *AddressEdit {
	none := ""
	return &AddressEdit{&none, &none, &none, &none, &none, &none}
}
