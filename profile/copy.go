package profile

import (
	"bytes"
	"encoding/json"
)

// document is a JSON object that keeps its order, for people who read it.
type document []member

type member struct {
	name  string
	value any
}

// add appends a member unless there is nothing to tell.
func (d *document) add(name string, value any, there bool) {
	if there {
		*d = append(*d, member{name, value})
	}
}

// MarshalJSON implements json.Marshaler.
func (d document) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, m := range d {
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.WriteByte("{,"[min(i, 1)])
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// copyOf is a User in a copy: the names of the HTTP contract, with everything
// that is the person's. The copy leaves out Version and Disabled, which are not of the
// person, and the keys of the picture, which is in the copy as a file.
func copyOf(u User) document {
	out := document{{"id", u.ID}, {"username", u.Username}, {"email", u.Email}, {"emailVerified", u.EmailVerified}}
	text := func(name, value string) { out.add(name, value, value != "") }
	text("pendingEmail", u.PendingEmail)
	for _, f := range fields {
		if f.IsText() {
			text(f.Name, *f.user(&u))
		}
	}
	text("phone", u.Phone)
	out.add("address", u.Address, u.Address != (Address{}))
	text("birthday", string(u.Birthday))
	out.add("links", u.Links, len(u.Links) > 0)
	out.add("custom", u.Custom, len(u.Custom) > 0)
	text("picturePlaceholder", u.Picture.Placeholder)
	text("profilePicture", u.Picture.URL)
	return append(out, member{"role", u.Role}, member{"createdAt", u.CreatedAt.UTC()}, member{"updatedAt", u.UpdatedAt.UTC()})
}
