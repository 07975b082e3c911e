package profile

import (
	"encoding/json"
)

// Empty adds to p what removes everything that a person wrote in u: every text, the
// address, the birthday, the links, the custom object, the phone number and the picture.
// The user name stays, because an account needs one, and so do the e-mail address and
// what the host gave, such as the role.
//
// It is for an account that goes to another person than the one who made it. Privacy and
// the other settings are not in a Patch: see settings.Service.EmptyUser. The blobs of the
// picture are given up by EmptyUser of package picture.
func (p *Patch) Empty(u User) {
	for i := range fields {
		if f := &fields[i]; f.patch != nil && *f.user(&u) != "" {
			*f.patch(p) = new("")
		}
	}
	if u.Phone != "" {
		p.Phone = new("")
	}
	if u.Address != (Address{}) {
		p.Address = &Address{}
	}
	if u.Birthday != "" {
		p.Birthday = new(Date(""))
	}
	if len(u.Links) > 0 {
		p.Links = new([]string(nil))
	}
	if len(u.Custom) > 0 {
		p.Custom = new(json.RawMessage(nil))
	}
	if !u.Picture.IsZero() {
		p.Picture = &Picture{}
	}
}
