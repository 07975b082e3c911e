package httpadapter

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/profilekit/profilekit/internal/strictjson"
	"github.com/profilekit/profilekit/profile"
)

// An editField is one member of the body of PATCH /profile: how it is spelled in the
// struct that the body is decoded into, and what it asks to change. null clears; the
// service refuses to clear what must be there.
type editField struct {
	name string
	body reflect.Type
	// set takes a pointer to a value of the type body.
	set func(value any, e *profile.Edit)
}

// edited is a member that is decoded as an Optional.
func edited[T any](name string, set func(o *strictjson.Optional[T], e *profile.Edit)) editField {
	return editField{name, reflect.TypeFor[strictjson.Optional[T]](), func(value any, e *profile.Edit) {
		if o := value.(*strictjson.Optional[T]); o.Present {
			set(o, e)
		}
	}}
}

// editedText is a member of plain text.
func editedText(name string, of func(e *profile.Edit) **string) editField {
	return edited(name, func(o *strictjson.Optional[string], e *profile.Edit) { *of(e) = &o.Value })
}

// editFields are the members that the body may have: the rows of plain text of the table
// of profile fields, and these. It has no others, so nothing else can be set through it.
var editFields = func() []editField {
	out := []editField{
		editedText("username", func(e *profile.Edit) **string { return &e.Username }),
		editedText("email", func(e *profile.Edit) **string { return &e.Email }),
		edited("address", func(o *strictjson.Optional[addressEdit], e *profile.Edit) { e.Address = o.Value.edit(o.Null) }),
		edited("birthday", func(o *strictjson.Optional[profile.Date], e *profile.Edit) { e.Birthday = &o.Value }),
		edited("links", func(o *strictjson.Optional[[]string], e *profile.Edit) { e.Links = &o.Value }),
		edited("custom", func(o *strictjson.Optional[map[string]json.RawMessage], e *profile.Edit) {
			e.Custom, e.ClearCustom = o.Value, o.Null
		}),
	}
	for _, f := range profile.TextFields() {
		out = append(out, editedText(f.Name, f.InEdit))
	}
	return out
}()

// editBody is a struct with a field for each of editFields.
var editBody = func() reflect.Type {
	var fields []reflect.StructField
	for _, f := range editFields {
		fields = append(fields, reflect.StructField{
			Name: strings.ToUpper(f.name[:1]) + f.name[1:], Type: f.body, Tag: reflect.StructTag(`json:"` + f.name + `"`),
		})
	}
	return reflect.StructOf(fields)
}()

// profileEdit reads the body of PATCH /profile, a merge patch (RFC 7396) of the fields
// that a user may set.
func (c *call) profileEdit() (profile.Edit, error) {
	body := reflect.New(editBody)
	if err := c.decode(body.Interface(), readOnly...); err != nil {
		return profile.Edit{}, err
	}
	var e profile.Edit
	for i := range editFields {
		editFields[i].set(body.Elem().Field(i).Addr().Interface(), &e)
	}
	return e, nil
}

type addressEdit struct {
	Line1      strictjson.Optional[string] `json:"line1"`
	Line2      strictjson.Optional[string] `json:"line2"`
	City       strictjson.Optional[string] `json:"city"`
	Region     strictjson.Optional[string] `json:"region"`
	PostalCode strictjson.Optional[string] `json:"postalCode"`
	Country    strictjson.Optional[string] `json:"country"`
}

// edit is the change of the address; null removes all of it.
func (a addressEdit) edit(null bool) *profile.AddressEdit {
	if null {
		return profile.ClearAddress()
	}
	return &profile.AddressEdit{
		Line1: a.Line1.Pointer(), Line2: a.Line2.Pointer(), City: a.City.Pointer(),
		Region: a.Region.Pointer(), PostalCode: a.PostalCode.Pointer(), Country: a.Country.Pointer(),
	}
}
