package httpadapter

import (
	"encoding/json"

	"github.com/profilekit/profilekit/internal/strictjson"
	"github.com/profilekit/profilekit/profile"
)

// profileEdit is the body of PATCH /profile, a merge patch (RFC 7396) of the
// fields that a user may set. It has no other fields, so nothing that it lacks
// can be set through it.
type profileEdit struct {
	Username    strictjson.Optional[string]                     `json:"username"`
	Email       strictjson.Optional[string]                     `json:"email"`
	DisplayName strictjson.Optional[string]                     `json:"displayName"`
	GivenName   strictjson.Optional[string]                     `json:"givenName"`
	FamilyName  strictjson.Optional[string]                     `json:"familyName"`
	Pronouns    strictjson.Optional[string]                     `json:"pronouns"`
	Bio         strictjson.Optional[string]                     `json:"bio"`
	Address     strictjson.Optional[addressEdit]                `json:"address"`
	Birthday    strictjson.Optional[profile.Date]               `json:"birthday"`
	Links       strictjson.Optional[[]string]                   `json:"links"`
	Custom      strictjson.Optional[map[string]json.RawMessage] `json:"custom"`
}

type addressEdit struct {
	Line1      strictjson.Optional[string] `json:"line1"`
	Line2      strictjson.Optional[string] `json:"line2"`
	City       strictjson.Optional[string] `json:"city"`
	Region     strictjson.Optional[string] `json:"region"`
	PostalCode strictjson.Optional[string] `json:"postalCode"`
	Country    strictjson.Optional[string] `json:"country"`
}

// edit is what the service is asked to change. null clears; the service refuses
// to clear what must be there.
func (p *profileEdit) edit() profile.Edit {
	e := profile.Edit{
		Username: p.Username.Pointer(), Email: p.Email.Pointer(),
		DisplayName: p.DisplayName.Pointer(), GivenName: p.GivenName.Pointer(), FamilyName: p.FamilyName.Pointer(),
		Pronouns: p.Pronouns.Pointer(), Bio: p.Bio.Pointer(), Birthday: p.Birthday.Pointer(), Links: p.Links.Pointer(),
		Custom: p.Custom.Value, ClearCustom: p.Custom.Null,
	}
	switch {
	case p.Address.Null:
		e.Address = profile.ClearAddress()
	case p.Address.Present:
		a := p.Address.Value
		e.Address = &profile.AddressEdit{
			Line1: a.Line1.Pointer(), Line2: a.Line2.Pointer(), City: a.City.Pointer(),
			Region: a.Region.Pointer(), PostalCode: a.PostalCode.Pointer(), Country: a.Country.Pointer(),
		}
	}
	return e
}
