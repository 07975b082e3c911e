package httpadapter

import (
	"net/http"
	"time"

	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/input"
)

// directView is how the picture is to be sent, and the id for afterwards.
type directView struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Fields    map[string]string `json:"fields"`
	FileField string            `json:"fileField"`
	MaxBytes  int64             `json:"maxBytes"`
	ExpiresAt time.Time         `json:"expiresAt"`
}

// beginDirect signs a form for one picture.
func (a *App) beginDirect(c *call) error {
	var in struct {
		ContentType string `json:"contentType"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.ContentType == "" {
		return input.Invalid(input.New("contentType", input.Required, nil))
	}
	up, err := a.Pictures.BeginDirect(c.ctx(), c.id.User.ID, in.ContentType)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, directView{
		up.ID, up.Method, up.URL, orEmpty(up.Headers), orEmpty(up.Fields), up.FileField, up.MaxBytes, up.ExpiresAt.UTC(),
	})
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// maxSide is beyond every picture's side, as in the parameter crop.
const maxSide = 1 << 16

// completeDirect answers as putPicture does.
func (a *App) completeDirect(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	var in struct {
		Crop *struct {
			X    *int `json:"x"`
			Y    *int `json:"y"`
			Size *int `json:"size"`
		} `json:"crop"`
	}
	if err := c.decodeOptional(&in); err != nil {
		return err
	}
	var crop *picture.Crop
	if in.Crop != nil {
		// Before the upload is looked at, so that it can be tried again.
		x, y, size := in.Crop.X, in.Crop.Y, in.Crop.Size
		for _, n := range []*int{x, y, size} {
			if n == nil || *n < 0 || *n > maxSide || n == size && *n == 0 {
				return input.Invalid(input.New("crop", input.Square, nil))
			}
		}
		crop = &picture.Crop{X: *x, Y: *y, Size: *size}
	}
	u, err := a.Pictures.CompleteDirect(c.ctx(), c.id.User.ID, c.r.PathValue("id"), picture.PutOptions{Crop: crop, IfVersion: version})
	if err != nil {
		return err
	}
	return c.pictureSet(u)
}
