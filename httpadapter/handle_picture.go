package httpadapter

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/profile/picture/initials"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

const (
	// pictureField is the multipart field of the contract.
	pictureField = "profile_picture"
	// formOverhead is what a multipart body may hold besides the picture.
	formOverhead = 64 << 10
	// maxParts bounds the other fields that a form may send along.
	maxParts = 10
)

type pictureAnswer struct {
	User    ownView     `json:"user"`
	Picture pictureJSON `json:"picture"`
}

type pictureJSON struct {
	URL         *string           `json:"url"`
	Sizes       map[string]string `json:"sizes"`
	Placeholder *string           `json:"placeholder"`
}

func (a *App) putPicture(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	crop, err := cropParameter(c.r)
	if err != nil {
		return err
	}
	u, err := a.receivePicture(c, picture.PutOptions{Crop: crop, IfVersion: version}, nil)
	if err != nil {
		return err
	}
	return c.pictureSet(u)
}

// pictureSet is the answer when the user's picture is a new one.
func (c *call) pictureSet(u profile.User) error {
	v := c.app.pictureView(u.Picture)
	c.w.Header().Set("ETag", etag(u.Version))
	return c.answer(http.StatusOK, pictureAnswer{ownView{c.app, &u}, pictureJSON{v.url, v.sizes, v.placeholder}})
}

// receivePicture streams the picture of the body into the pipeline. check, if
// any, sees the first bytes.
func (a *App) receivePicture(c *call, o picture.PutOptions, check func([]byte) error) (profile.User, error) {
	src, err := c.pictureBody(a.Pictures.MaxBytes())
	if err != nil {
		return profile.User{}, err
	}
	if check != nil {
		head := make([]byte, 16)
		n, err := io.ReadFull(src, head)
		if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
			return profile.User{}, err
		}
		if err := check(head[:n]); err != nil {
			return profile.User{}, err
		}
		src = io.MultiReader(strings.NewReader(string(head[:n])), src)
	}
	return a.Pictures.Put(c.ctx(), c.id.User.ID, src, o)
}

// pictureBody finds the picture in the body: the field profile_picture of a
// form, or the body itself. The file's name and declared type are not looked
// at; what it is, its bytes decide.
func (c *call) pictureBody(max int64) (io.Reader, error) {
	t, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return nil, errMediaType
	}
	switch {
	case strings.HasPrefix(t, "image/"), t == "application/octet-stream":
		if c.r.ContentLength > max {
			return nil, picture.ErrTooLarge
		}
		return c.body(max + 1), nil // one more, so that the pipeline sees it is too long
	case t == "multipart/form-data" && params["boundary"] != "":
		if c.r.ContentLength > max+formOverhead {
			return nil, picture.ErrTooLarge
		}
		return c.formFile(params["boundary"], max+formOverhead)
	}
	return nil, errMediaType
}

// cropParameter reads ?crop=x,y,size.
func cropParameter(r *http.Request) (*picture.Crop, error) {
	q, err := parameters(r)
	s := q.Get("crop")
	if err != nil || s == "" {
		return nil, err
	}
	bad := badParameter("crop is x,y,size in pixels of the upright picture.", input.New("crop", input.Square, nil))
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return nil, bad
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || v > maxSide {
			return nil, bad
		}
		n[i] = v
	}
	if n[2] == 0 {
		return nil, bad
	}
	return &picture.Crop{X: n[0], Y: n[1], Size: n[2]}, nil
}

func (a *App) deletePicture(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	if _, err := a.Pictures.Remove(c.ctx(), c.id.User.ID, version); err != nil {
		return err
	}
	return c.empty()
}

// getUserPicture points to the picture's present address; the default picture
// stands in for a visible user without one.
func (a *App) getUserPicture(c *call) error {
	q, err := parameters(c.r)
	if err != nil {
		return err
	}
	size, err := sizeParameter(q)
	if err != nil {
		return err
	}
	format := cmp.Or(q.Get("format"), "png")
	if format != "png" && format != "svg" {
		return badParameter("format is png or svg.", input.OneOf("format", "png", "svg"))
	}
	v, err := c.viewer()
	if err != nil {
		return err
	}
	u, visible, err := a.Profiles.ByUsername(c.ctx(), v, c.r.PathValue("username"))
	if err != nil {
		return err
	}
	var target *string
	switch p := u.Picture; {
	case !visible.Has("picture"):
	case p.Base == "":
		target = a.pictureView(p).url
	default:
		own := a.pictureURL(p, fitting(picture.Sizes(p), size))
		target = &own
	}
	if target == nil {
		return c.defaultPicture(u, visible, size, format)
	}
	c.w.Header().Set("Location", *target)
	c.w.WriteHeader(http.StatusFound)
	return nil
}

// defaultPicture answers with letters of the names that the caller may see.
func (c *call) defaultPicture(u profile.User, visible profile.Visible, size int, format string) error {
	name := ""
	if visible.Has("displayName") {
		name = u.DisplayName
	}
	avatar := initials.New(u.ID, name, u.Username)
	h := c.w.Header()
	safePicture(h)
	// To be asked for again: the same address shows a picture once there is one.
	h.Set("Cache-Control", "private, no-cache")
	tag := fmt.Sprintf(`"%s-%d.%s"`, avatar.ETag(), min(size, initials.MaxSize), format)
	h.Set("ETag", tag)
	if c.r.Header.Get("If-None-Match") == tag {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if format == "svg" {
		return c.raw(http.StatusOK, "image/svg+xml", avatar.SVG(size))
	}
	b, err := avatar.PNG(size)
	if err != nil {
		return err
	}
	return c.raw(http.StatusOK, "image/png", b)
}

// safePicture stops a browser from ever seeing anything but a picture in bytes
// that are ours, made by an encoder.
func safePicture(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "inline")
}

// fitting is the smallest of sizes that is not below want, else the largest.
func fitting(sizes []int, want int) int {
	best := slices.Max(sizes)
	for _, s := range sizes {
		if s >= want && s < best {
			best = s
		}
	}
	return best
}

// getPicture serves a blob to whom its owner allows.
func (a *App) getPicture(c *call) error {
	key := c.r.PathValue("key")
	if !storage.ValidKey(key) {
		return errNotFound
	}
	v, err := c.viewer()
	if err != nil {
		return err
	}
	public, err := a.Pictures.Visible(c.ctx(), v, key)
	if err != nil {
		return err
	}
	if a.Pictures.SignedFor() > 0 {
		return c.pictureAtStore(key)
	}
	blob, info, err := a.Pictures.Open(c.ctx(), key)
	if err != nil {
		return err
	}
	defer blob.Close()

	h := c.w.Header()
	safePicture(h)
	if public {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		// The answer does not depend on who asks, so one copy serves all.
		h.Del("Vary")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	tag := `"` + key + `"` // a key names its bytes for ever
	h.Set("ETag", tag)
	if c.r.Header.Get("If-None-Match") == tag {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", info.ContentType)
	h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(c.w, blob); err != nil {
		// The status is out; cutting the connection is the only honest answer.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// pictureAtStore lends the caller, who may see it, the store's own address.
func (c *call) pictureAtStore(key string) error {
	ttl := c.app.Pictures.SignedFor()
	address, err := c.app.Pictures.SignedURL(c.ctx(), key)
	if err != nil {
		return err
	}
	// Of no use to others, and kept by the caller for so long only that the
	// address is still good when the picture is fetched by it.
	c.w.Header().Set("Cache-Control", "private, max-age="+strconv.Itoa(int(ttl.Seconds()/2)))
	c.w.Header().Set("Location", address)
	c.w.WriteHeader(http.StatusFound)
	return nil
}
