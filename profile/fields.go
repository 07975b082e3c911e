package profile

import (
	"slices"

	"github.com/profilekit/profilekit/settings/input"
)

// Field is one row of the table of profile fields. The table says once what edits,
// privacy, views, copies, the suite of stores and SQL need to know of a field. To
// add a text, give User, Patch and Edit a Go field of one name, and add a row here.
type Field struct {
	// Name is the field's name in JSON: of views and bodies, of FieldVisibility and of
	// the events of edits.
	Name string
	// Default is who sees the field until its owner chooses.
	Default Visibility
	// Limit is how long a text may be, in characters (Unicode code points). It is 0 for
	// a field that is no plain text: such a field has rules of its own.
	Limit int
	// Lines says that a text may have line breaks and tabs.
	Lines bool

	// A text is reached by these three.
	user  func(*User) *string
	patch func(*Patch) **string
	edit  func(*Edit) **string

	// own is the edit of a field that is no plain text; nil when no edit changes it.
	own func(*differ, *Edit) error
}

// fields is the table, in the order of the own view.
var fields = []Field{
	{Name: "username", Default: Public, own: (*differ).username},
	{Name: "email", Default: Private, own: (*differ).email},
	{
		Name: "displayName", Default: Public, Limit: MaxName,
		user: func(u *User) *string { return &u.DisplayName }, patch: func(p *Patch) **string { return &p.DisplayName },
		edit: func(e *Edit) **string { return &e.DisplayName },
	},
	{
		Name: "givenName", Default: Public, Limit: MaxName,
		user: func(u *User) *string { return &u.GivenName }, patch: func(p *Patch) **string { return &p.GivenName },
		edit: func(e *Edit) **string { return &e.GivenName },
	},
	{
		Name: "familyName", Default: Public, Limit: MaxName,
		user: func(u *User) *string { return &u.FamilyName }, patch: func(p *Patch) **string { return &p.FamilyName },
		edit: func(e *Edit) **string { return &e.FamilyName },
	},
	{
		Name: "bio", Default: Public, Limit: MaxBio, Lines: true,
		user: func(u *User) *string { return &u.Bio }, patch: func(p *Patch) **string { return &p.Bio },
		edit: func(e *Edit) **string { return &e.Bio },
	},
	{Name: "phone", Default: Private},
	{Name: "address", Default: Private, own: (*differ).address},
	{Name: "birthday", Default: Private, own: (*differ).birthday},
	{Name: "links", Default: Public, own: (*differ).links},
	{
		Name: "pronouns", Default: Public, Limit: MaxName,
		user: func(u *User) *string { return &u.Pronouns }, patch: func(p *Patch) **string { return &p.Pronouns },
		edit: func(e *Edit) **string { return &e.Pronouns },
	},
	{Name: "custom", Default: Private, own: (*differ).custom},
	{Name: "picture", Default: Public},
}

// Fields returns the table of profile fields, in the order of the own view. The caller
// may change the slice.
func Fields() []Field { return slices.Clone(fields) }

// TextFields returns the rows of Fields that are plain text. The caller may change the
// slice.
func TextFields() []Field {
	return slices.DeleteFunc(Fields(), func(f Field) bool { return !f.IsText() })
}

// IsText reports whether the field is plain text, stored as it is sent. Of, InPatch and
// InEdit are for such fields only.
func (f Field) IsText() bool { return f.user != nil }

// Of points to the text of the field in u, and is nil for a field that is no plain text.
func (f Field) Of(u *User) *string {
	if f.user == nil {
		return nil
	}
	return f.user(u)
}

// InPatch points to the place of the field in p, and is nil for a field that is no plain
// text.
func (f Field) InPatch(p *Patch) **string {
	if f.patch == nil {
		return nil
	}
	return f.patch(p)
}

// InEdit points to the place of the field in e, and is nil for a field that is no plain
// text.
func (f Field) InEdit(e *Edit) **string {
	if f.edit == nil {
		return nil
	}
	return f.edit(e)
}

// Check returns what is wrong with text as the value of the field, which must be plain
// text: it is too long, has characters that no text may have, or has several lines where
// only one is allowed.
func (f Field) Check(text string) []input.FieldError {
	return checkText(f.Name, text, f.Limit, f.Lines)
}
