package profile

import (
	"maps"
	"slices"

	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
)

// Privacy is a user's choice of who sees the profile, and what of it.
type Privacy struct {
	// Visibility is for the whole profile. To whom it is not visible, it does
	// not exist.
	Visibility Visibility `json:"visibility"`
	// Fields narrows single fields further; one that is missing has its
	// default.
	Fields FieldVisibility `json:"fields"`
}

// FieldVisibility is who sees each field, by its name in JSON; "picture" is
// the profile picture.
type FieldVisibility map[string]Visibility

// defaultFields is the table of the contract.
var defaultFields = FieldVisibility{
	"username": Public, "displayName": Public, "givenName": Public, "familyName": Public, "pronouns": Public,
	"bio": Public, "links": Public, "picture": Public,
	"email": Private, "phone": Private, "birthday": Private, "address": Private, "custom": Private,
}

// JSONNames are the fields whose visibility can be chosen.
func (FieldVisibility) JSONNames() []string { return slices.Sorted(maps.Keys(defaultFields)) }

// PrivacySection is the section "privacy" of the settings. A new profile is
// public. What a newer program stored and this one does not understand counts
// as private.
var PrivacySection = settings.Section[Privacy]{
	Name:       "privacy",
	Default:    Privacy{Visibility: Public, Fields: maps.Clone(defaultFields)},
	Validate:   checkPrivacy,
	Unreadable: &Privacy{Visibility: Private, Fields: maps.Clone(defaultFields)},
}

func checkPrivacy(p Privacy) error {
	var bad []input.FieldError
	check := func(field string, v Visibility) {
		if v != Public && v != Members && v != Private {
			bad = append(bad, input.OneOf(field, string(Public), string(Members), string(Private)))
		}
	}
	check("visibility", p.Visibility)
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		if _, ok := defaultFields[name]; !ok {
			bad = append(bad, input.New("fields."+name, input.UnknownField, nil))
			continue
		}
		check("fields."+name, p.Fields[name])
	}
	return input.Invalid(bad...)
}

// ShownToAll reports whether everybody may see the field, by its name in JSON.
func (p Privacy) ShownToAll(field string) bool {
	visible, ok := p.visible("", Viewer{})
	return ok && visible.Has(field)
}

// Viewer is who looks at a profile; the zero Viewer is somebody who is not
// signed in.
type Viewer struct{ UserID string }

// sees reports whether v may see what userID gave that visibility. Anything
// but the words we know is for the owner only.
func (v Viewer) sees(userID string, visibility Visibility) bool {
	if v.UserID != "" && v.UserID == userID {
		return true
	}
	return visibility == Public || visibility == Members && v.UserID != ""
}

// Visible is the fields of one profile that one viewer may see. The zero
// Visible has none.
type Visible struct{ fields map[string]bool }

// Has reports whether the field, by its name in JSON, may be shown. Names that
// are not fields may not.
func (v Visible) Has(field string) bool { return v.fields[field] }

// visible is what v sees of userID's profile; ok is false when that is
// nothing, not even that there is one.
func (p Privacy) visible(userID string, v Viewer) (fields Visible, ok bool) {
	if !v.sees(userID, p.Visibility) {
		return Visible{}, false
	}
	fields.fields = make(map[string]bool, len(defaultFields))
	for name, visibility := range defaultFields {
		if chosen, ok := p.Fields[name]; ok {
			visibility = chosen
		}
		if v.sees(userID, visibility) {
			fields.fields[name] = true
		}
	}
	return fields, true
}
