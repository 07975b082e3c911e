package httpadapter

import (
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
)

// ownView is what the owner sees: an allow-list, so a field that User gains
// later is not shown before somebody decides so here.
type ownView struct {
	ID                 string            `json:"id"`
	Username           string            `json:"username"`
	Email              string            `json:"email"`
	EmailVerified      bool              `json:"emailVerified"`
	PendingEmail       *string           `json:"pendingEmail"`
	DisplayName        *string           `json:"displayName"`
	GivenName          *string           `json:"givenName"`
	FamilyName         *string           `json:"familyName"`
	Bio                *string           `json:"bio"`
	Phone              *string           `json:"phone"`
	Address            *addressView      `json:"address"`
	Birthday           *string           `json:"birthday"`
	Links              []string          `json:"links"`
	Pronouns           *string           `json:"pronouns"`
	Custom             json.RawMessage   `json:"custom"`
	ProfilePicture     *string           `json:"profilePicture"`
	PictureSizes       map[string]string `json:"pictureSizes"`
	PicturePlaceholder *string           `json:"picturePlaceholder"`
	Role               string            `json:"role"`
	CreatedAt          time.Time         `json:"createdAt"`
	UpdatedAt          time.Time         `json:"updatedAt"`
}

type addressView struct {
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	City       *string `json:"city"`
	Region     *string `json:"region"`
	PostalCode *string `json:"postalCode"`
	Country    *string `json:"country"`
}

func (a *App) own(u profile.User) ownView {
	pic := a.pictureView(u.Picture)
	return ownView{
		ID: u.ID, Username: u.Username, Email: u.Email, EmailVerified: u.EmailVerified,
		PendingEmail: text(u.PendingEmail), DisplayName: text(u.DisplayName), GivenName: text(u.GivenName),
		FamilyName: text(u.FamilyName), Bio: text(u.Bio), Phone: text(u.Phone), Address: address(u.Address),
		Birthday: text(string(u.Birthday)), Links: list(u.Links), Pronouns: text(u.Pronouns), Custom: object(u.Custom),
		ProfilePicture: pic.url, PictureSizes: pic.sizes, PicturePlaceholder: pic.placeholder,
		Role: u.Role, CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}

// others is the view for somebody else: only what the owner lets them see is
// there at all.
func (a *App) others(u profile.User, v profile.Visible) map[string]any {
	out := map[string]any{"username": u.Username}
	put := func(name string, value any) {
		if v.Has(name) {
			out[name] = value
		}
	}
	put("displayName", text(u.DisplayName))
	put("givenName", text(u.GivenName))
	put("familyName", text(u.FamilyName))
	put("pronouns", text(u.Pronouns))
	put("bio", text(u.Bio))
	put("links", list(u.Links))
	put("email", u.Email)
	put("phone", text(u.Phone))
	put("birthday", text(string(u.Birthday)))
	put("address", address(u.Address))
	put("custom", object(u.Custom))
	if v.Has("picture") {
		pic := a.pictureView(u.Picture)
		out["profilePicture"], out["pictureSizes"], out["picturePlaceholder"] = pic.url, pic.sizes, pic.placeholder
	}
	return out
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

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func object(o json.RawMessage) json.RawMessage {
	if len(o) == 0 {
		return json.RawMessage("{}")
	}
	return o
}

func address(a profile.Address) *addressView {
	if a == (profile.Address{}) {
		return nil
	}
	return &addressView{text(a.Line1), text(a.Line2), text(a.City), text(a.Region), text(a.PostalCode), text(a.Country)}
}
