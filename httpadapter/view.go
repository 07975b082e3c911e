package httpadapter

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
)

// A member is a name in a view and the writer of its value. The lists below are an
// allow-list: a field that User gains later is not shown before it has a row in the
// table of profile fields, or a member here.
type member struct {
	name  string
	value func(w *viewWriter, u *profile.User)
}

// shownAs are the members of one row of the table: those in the view of the owner, and
// those in the view of somebody else who may see the field.
type shownAs struct{ own, others []member }

// field is a row of one member, which is the same in both views.
func field(name string, value func(w *viewWriter, u *profile.User)) shownAs {
	return shownAs{own: []member{{name, value}}, others: []member{{name, value}}}
}

// shown has the rows that are no plain text, by name.
var shown = map[string]shownAs{
	"username": field("username", func(w *viewWriter, u *profile.User) { w.text(u.Username) }),
	"email": {
		own: []member{
			emailMember,
			{"emailVerified", func(w *viewWriter, u *profile.User) { w.bool(u.EmailVerified) }},
			{"pendingEmail", func(w *viewWriter, u *profile.User) { w.textOrNull(u.PendingEmail) }},
		},
		others: []member{emailMember},
	},
	"phone":    field("phone", func(w *viewWriter, u *profile.User) { w.textOrNull(u.Phone) }),
	"address":  field("address", func(w *viewWriter, u *profile.User) { w.address(u.Address) }),
	"birthday": field("birthday", func(w *viewWriter, u *profile.User) { w.textOrNull(string(u.Birthday)) }),
	"links":    field("links", func(w *viewWriter, u *profile.User) { w.list(u.Links) }),
	"custom":   field("custom", func(w *viewWriter, u *profile.User) { w.object(u.Custom) }),
	"picture":  {own: pictureMembers, others: pictureMembers},
}

var emailMember = member{"email", func(w *viewWriter, u *profile.User) { w.text(u.Email) }}

var pictureMembers = []member{
	{"profilePicture", func(w *viewWriter, u *profile.User) { w.pointer(w.picture(u).url) }},
	{"pictureSizes", func(w *viewWriter, u *profile.User) { w.addresses(w.picture(u).sizes) }},
	{"picturePlaceholder", func(w *viewWriter, u *profile.User) { w.pointer(w.picture(u).placeholder) }},
}

// members returns how a row of the table is shown. A row of plain text needs nothing
// more; any other is shown nowhere until it is in the list shown.
func members(f profile.Field) shownAs {
	if f.IsText() {
		return field(f.Name, func(w *viewWriter, u *profile.User) { w.textOrNull(*f.Of(u)) })
	}
	return shown[f.Name]
}

// ownMembers is what the owner sees, in this order.
var ownMembers = func() []member {
	out := []member{{"id", func(w *viewWriter, u *profile.User) { w.text(u.ID) }}}
	for _, f := range profile.Fields() {
		out = append(out, members(f).own...)
	}
	return append(out,
		member{"role", func(w *viewWriter, u *profile.User) { w.text(u.Role) }},
		member{"createdAt", func(w *viewWriter, u *profile.User) { w.time(u.CreatedAt) }},
		member{"updatedAt", func(w *viewWriter, u *profile.User) { w.time(u.UpdatedAt) }})
}()

// otherMember is a member that is there for whoever may see the field.
type otherMember struct {
	member
	field string
}

// otherMembers is what somebody else can see, by name.
var otherMembers = func() []otherMember {
	var out []otherMember
	for _, f := range profile.Fields() {
		for _, m := range members(f).others {
			out = append(out, otherMember{m, f.Name})
		}
	}
	slices.SortFunc(out, func(a, b otherMember) int { return strings.Compare(a.name, b.name) })
	return out
}()

// ownView is the view of the owner as a part of an answer.
type ownView struct {
	app  *App
	user *profile.User
}

// MarshalJSON implements json.Marshaler.
func (v ownView) MarshalJSON() ([]byte, error) { return v.app.own(v.user) }

// own is what the owner sees, as JSON.
func (a *App) own(u *profile.User) ([]byte, error) {
	w := a.viewWriter()
	defer w.free()
	for i := range ownMembers {
		w.member(&ownMembers[i], u)
	}
	return w.end()
}

// others is the view for somebody else, as JSON: only what the owner lets them see is
// there at all. The user name is always there, because the viewer found the owner by it.
func (a *App) others(u *profile.User, v profile.Visible) ([]byte, error) {
	w := a.viewWriter()
	defer w.free()
	for i := range otherMembers {
		if m := &otherMembers[i]; v.Has(m.field) || m.field == "username" {
			w.member(&m.member, u)
		}
	}
	return w.end()
}

type pictureURLs struct {
	url         *string
	sizes       map[string]string
	placeholder *string
}

// pictureView names the picture's addresses. They are immutable and change
// with every picture.
func (a *App) pictureView(p profile.Picture) pictureURLs {
	v := pictureURLs{sizes: map[string]string{}}
	if p.IsZero() {
		return v
	}
	v.placeholder = text(p.Placeholder)
	if p.Base == "" { // taken over from an older table; only what a browser may load
		if u, err := url.Parse(p.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			v.url = text(p.URL)
		}
		return v
	}
	for _, size := range picture.Sizes(p) {
		u := a.pictureURL(p, size)
		v.sizes[strconv.Itoa(size)] = u
		if v.url == nil { // descending: the first is the largest
			v.url = &u
		}
	}
	return v
}

// pictureURL is the store's own address of a picture that everybody may see,
// where the store has such. Otherwise it is ours, which looks who asks. It
// changes with every picture only, and is never one that ends. It names what is
// in the store: one address for several sizes, if the store keeps one blob.
func (a *App) pictureURL(p profile.Picture, size int) string {
	if a.Pictures != nil {
		if u := a.Pictures.PublicURL(p, size); u != "" {
			return u
		}
	}
	return a.cfg.HTTP.Base + "/pictures/" + picture.KeyFor(p, size)
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	present := s // the parameter itself would be allocated for "" too
	return &present
}
