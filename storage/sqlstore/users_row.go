package sqlstore

import (
	"github.com/profilekit/profilekit/profile"
)

// userRow scans userColumns. Its dests are plain pointers and small scanners,
// without reflection: a signed-in read scans one for every request.
type userRow struct {
	user profile.User
	url  string
}

func (r *userRow) dest() []any { return r.appendDest(make([]any, 0, insertFields)) }

func (r *userRow) appendDest(dest []any) []any {
	u := &r.user
	dest = append(dest, idInto{&u.ID}, &u.Username, &u.Email, &u.EmailVerified, &u.PendingEmail)
	for _, f := range textFields {
		dest = append(dest, f.Of(u))
	}
	return append(dest,
		&u.Phone, jsonInto[profile.Address]{&u.Address}, (*string)(&u.Birthday), jsonInto[[]string]{&u.Links},
		rawInto{&u.Custom}, jsonInto[profile.Picture]{&u.Picture}, &r.url,
		&u.Role, &u.Disabled, momentInto{&u.DeletesAt}, &u.Adopted, &u.Version, timeInto{&u.CreatedAt}, timeInto{&u.UpdatedAt})
}

// done is the scanned user. The address of a picture outside stands in
// profile_picture, where an older table has it.
func (r *userRow) done() profile.User {
	r.user.Picture.URL = r.url
	return r.user
}

// pictureColumns splits a picture into our column and the older one.
func pictureColumns(p profile.Picture) (picture, url string, err error) {
	url = p.URL
	p.URL = ""
	if p.Base == "" && p.Ext == "" && len(p.Sizes) == 0 && p.Placeholder == "" {
		return "null", url, nil
	}
	picture, err = toJSON(p)
	return picture, url, err
}
