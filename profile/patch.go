package profile

import (
	"slices"
	"time"
)

// Apply returns u with the changes of p, and shares no memory with p. A time is kept in
// UTC and whole microseconds, as stores do. Apply neither compares IfVersion nor raises
// Version: a store does both in the transaction in which it writes.
//
// A host's own store applies a patch by it and so names no field.
func (p Patch) Apply(u User) User {
	for i := range fields {
		if f := &fields[i]; f.patch != nil {
			set(f.user(&u), *f.patch(&p))
		}
	}
	set(&u.Username, p.Username)
	set(&u.Email, p.Email)
	set(&u.EmailVerified, p.EmailVerified)
	set(&u.PendingEmail, p.PendingEmail)
	set(&u.Phone, p.Phone)
	set(&u.Address, p.Address)
	set(&u.Birthday, p.Birthday)
	set(&u.Role, p.Role)
	set(&u.Disabled, p.Disabled)
	if p.DeletesAt != nil {
		if u.DeletesAt = *p.DeletesAt; !u.DeletesAt.IsZero() {
			u.DeletesAt = u.DeletesAt.UTC().Truncate(time.Microsecond)
		}
	}
	if p.Links != nil {
		u.Links = slices.Clone(*p.Links)
	}
	if p.Custom != nil {
		u.Custom = slices.Clone(*p.Custom)
	}
	if p.Picture != nil {
		u.Picture = *p.Picture
		u.Picture.Sizes = slices.Clone(u.Picture.Sizes)
	}
	return u
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
