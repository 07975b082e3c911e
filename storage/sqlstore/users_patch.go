package sqlstore

import (
	"github.com/profilekit/profilekit/profile"
)

// patchKeys are the comparison keys of what p changes, "" for what it leaves.
func patchKeys(p profile.Patch) (usernameKey, emailKey string, err error) {
	if p.Username != nil {
		if usernameKey, err = profile.UsernameKey(*p.Username); err != nil {
			return "", "", err
		}
	}
	if p.Email != nil {
		if emailKey, err = profile.EmailKey(*p.Email); err != nil {
			return "", "", err
		}
	}
	return usernameKey, emailKey, nil
}

// update is the statement that applies p, and its parameters.
func (s users) update(id int64, p profile.Patch, usernameKey, emailKey string) (change, []any, error) {
	e, err := editOf(p)
	if err != nil {
		return change{}, nil, err
	}
	now := s.db.at(s.db.present())
	if edits(p) {
		args := append(make([]any, 0, editFields), id, p.IfVersion)
		return editUser, append(appendChanges(args, &p), e.address, e.birthday, e.links, e.custom, now), nil
	}
	var picture, url any
	if p.Picture != nil {
		if picture, url, err = pictureColumns(*p.Picture); err != nil {
			return change{}, nil, err
		}
	}
	args := append(make([]any, 0, updateFields), id, p.IfVersion, set(p.Username), set(p.Email), nonEmpty(usernameKey), nonEmpty(emailKey),
		set(p.EmailVerified), set(p.PendingEmail))
	return updateUser, append(appendChanges(args, &p), set(p.Phone), e.address, e.birthday, e.links, e.custom, picture, url,
		set(p.Role), set(p.Disabled), momentOf(p.DeletesAt), now), nil
}

// edits reports whether p changes nothing but what userEdit does.
func edits(p profile.Patch) bool {
	return p.Username == nil && p.Email == nil && p.EmailVerified == nil && p.PendingEmail == nil &&
		p.Phone == nil && p.Picture == nil && p.Role == nil && p.Disabled == nil && p.DeletesAt == nil
}

// edited are the parameters of a patch that are not its fields as they are.
type edited struct{ address, birthday, links, custom any }

func editOf(p profile.Patch) (e edited, err error) {
	if p.Address != nil {
		if e.address, err = toJSON(*p.Address); err != nil {
			return e, err
		}
	}
	if p.Birthday != nil {
		e.birthday = string(*p.Birthday)
	}
	if p.Links != nil {
		e.links = "[]"
		if len(*p.Links) > 0 {
			if e.links, err = toJSON(*p.Links); err != nil {
				return e, err
			}
		}
	}
	if p.Custom != nil {
		e.custom = rawJSON(*p.Custom)
	}
	return e, nil
}

// set is the parameter of a field of a patch: NULL leaves the column.
func set[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

func nonEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}
