package main

import "github.com/profilekit/profilekit/profile"

// apply returns u with the fields that the patch sets.
func apply(u profile.User, p profile.Patch) profile.User {
	set(&u.Username, p.Username)
	set(&u.Email, p.Email)
	set(&u.EmailVerified, p.EmailVerified)
	set(&u.PendingEmail, p.PendingEmail)
	set(&u.DisplayName, p.DisplayName)
	set(&u.GivenName, p.GivenName)
	set(&u.FamilyName, p.FamilyName)
	set(&u.Pronouns, p.Pronouns)
	set(&u.Bio, p.Bio)
	set(&u.Phone, p.Phone)
	set(&u.Address, p.Address)
	set(&u.Birthday, p.Birthday)
	set(&u.Links, p.Links)
	set(&u.Custom, p.Custom)
	set(&u.Picture, p.Picture)
	set(&u.Role, p.Role)
	set(&u.Disabled, p.Disabled)
	set(&u.DeletesAt, p.DeletesAt)
	return u
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
