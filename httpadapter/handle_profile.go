package httpadapter

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
)

// readOnly are the names of the own view that no body may set. In the
// contract's spelling they are refused as read_only, in any other as unknown.
var (
	readOnly = []string{
		"id", "emailVerified", "pendingEmail", "phone", "profilePicture", "pictureSizes",
		"picturePlaceholder", "role", "createdAt", "updatedAt",
	}
	ownFieldsReadOnlyAtSignUp = readOnly
	readOnlyInPut             = []string{
		"id", "emailVerified", "pendingEmail", "phone", "pictureSizes", "picturePlaceholder", "role", "createdAt", "updatedAt",
	}
)

// answerOwn answers with the caller, who is u from here on.
func (a *App) answerOwn(c *call, u profile.User) error {
	c.id.User = u
	body, err := a.own(&c.id.User)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("ETag", etag(u.Version))
	h["Content-Type"] = typeJSON
	return c.write(http.StatusOK, body)
}

// rendered is the answer of GET /profile for one state of a user. Its headers
// are shared by requests, so they are only ever replaced.
type rendered struct {
	etag, length []string
	body         []byte
}

type renderedKey struct{}

func (a *App) getProfile(c *call) error {
	v, err := c.id.Once(renderedKey{}, func() (any, error) {
		body, err := a.own(&c.id.User)
		if err != nil {
			return nil, err
		}
		return &rendered{
			etag: []string{etag(c.id.User.Version)}, length: []string{strconv.Itoa(len(body))}, body: body,
		}, nil
	})
	if err != nil {
		return err
	}
	r := v.(*rendered)
	h := c.w.Header()
	h["Etag"], h["Content-Type"], h["Content-Length"] = r.etag, typeJSON, r.length
	return c.send(http.StatusOK, r.body)
}

func (a *App) patchProfile(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	e, err := c.profileEdit()
	if err != nil {
		return err
	}
	u, err := a.edit(c.ctx(), c, e, version)
	if err != nil {
		return err
	}
	return a.answerOwn(c, u)
}

// edit applies e, tied to the version if it is not 0.
func (a *App) edit(ctx context.Context, c *call, e profile.Edit, version int64) (profile.User, error) {
	if e.Email != nil && *e.Email != c.id.User.Email && *e.Email != "" && a.mails() {
		return a.editWithEmail(ctx, c, e, version)
	}
	return a.Profiles.EditUser(ctx, c.id.User, e, version)
}

// putProfile keeps the replaced application's form of an update.
func (a *App) putProfile(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	var in struct {
		UserID         json.RawMessage `json:"userId"`
		Username       *string         `json:"username"`
		Email          *string         `json:"email"`
		ProfilePicture json.RawMessage `json:"profilePicture"`
	}
	if err := c.decode(&in, readOnlyInPut...); err != nil {
		return err
	}
	if err := sameUser(in.UserID, c.id.User.ID); err != nil {
		return err
	}
	var missing []input.FieldError
	if in.Username == nil {
		missing = append(missing, input.New("username", input.Required, nil))
	}
	if in.Email == nil {
		missing = append(missing, input.New("email", input.Required, nil))
	}
	if err := input.Invalid(missing...); err != nil {
		return err
	}
	remove, err := a.pictureInPut(in.ProfilePicture, c.id.User)
	if err != nil {
		return err
	}
	u, err := a.replace(c, profile.Edit{Username: in.Username, Email: in.Email}, remove, version)
	if err != nil {
		return err
	}
	return a.answerOwn(c, u)
}

// replace applies e and removes the picture if asked, both or neither when the
// change is tied to a version.
func (a *App) replace(c *call, e profile.Edit, remove bool, version int64) (u profile.User, err error) {
	if !remove {
		return a.edit(c.ctx(), c, e, version)
	}
	if version == 0 {
		if u, err = a.edit(c.ctx(), c, e, 0); err != nil {
			return profile.User{}, err
		}
		return a.Pictures.Remove(c.ctx(), u.ID, 0)
	}
	err = a.cfg.Stores.Tx.InTx(c.ctx(), func(ctx context.Context) error {
		if u, err = a.edit(ctx, c, e, version); err != nil {
			return err
		}
		u, err = a.Pictures.Remove(ctx, u.ID, u.Version)
		return err
	})
	return u, err
}

// sameUser lets userId name the caller, as a string or a number, and nobody
// else.
func sameUser(raw json.RawMessage, id string) error {
	if raw == nil {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			return input.Invalid(input.New("userId", input.WrongType, input.Params{"type": "string or number"}))
		}
		s = n.String()
	}
	if s != id {
		return problemf(403, "forbidden", "This is another user's profile.")
	}
	return nil
}

// pictureInPut lets profilePicture repeat the current picture, or remove it
// with null; a picture is set by uploading one.
func (a *App) pictureInPut(raw json.RawMessage, u profile.User) (remove bool, err error) {
	if raw == nil {
		return false, nil
	}
	var url *string
	if err := json.Unmarshal(raw, &url); err != nil {
		return false, input.Invalid(input.New("profilePicture", input.WrongType, input.Params{"type": "string or null"}))
	}
	if url == nil {
		return !u.Picture.IsZero() && a.Pictures != nil, nil
	}
	if cur := a.pictureView(u.Picture); cur.url == nil || *url != *cur.url {
		return false, input.Invalid(input.New("profilePicture", input.ReadOnly, nil))
	}
	return false, nil
}

func (a *App) getUser(c *call) error {
	v, err := c.viewer()
	if err != nil {
		return err
	}
	u, visible, err := a.Profiles.ByUsername(c.ctx(), v, c.r.PathValue("username"))
	if err != nil {
		return err
	}
	body, err := a.others(&u, visible)
	if err != nil {
		return err
	}
	c.w.Header()["Content-Type"] = typeJSON
	return c.write(http.StatusOK, body)
}

// maxSize bounds ?size=, in pixels.
const maxSize = 4096

// sizeParameter reads ?size=, the wished side in pixels.
func sizeParameter(q url.Values) (int, error) {
	s := q.Get("size")
	if s == "" {
		return 512, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxSize {
		return 0, badParameter("size is a number of pixels from 1 to 4096.", input.New("size", input.OutOfRange, input.Params{"min": 1, "max": maxSize}))
	}
	return n, nil
}
