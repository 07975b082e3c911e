package httpadapter

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"mime"
	"net/http"
	"strconv"

	"github.com/profilekit/profilekit/profile/picture"
)

// uploadProfile is POST /upload-profile of the replaced application, whose
// React component must run unchanged.
func (a *App) uploadProfile(c *call) error {
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "multipart/form-data" {
		return errMediaType
	}
	u, err := a.receivePicture(c, picture.PutOptions{}, isJPEGOrPNG)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Success  bool    `json:"success"`
		ImageURL *string `json:"imageUrl"`
	}{true, a.pictureView(u.Picture).url})
}

// legacyFault is the form of that application's errors.
func legacyFault(w http.ResponseWriter, p *problem) {
	body, err := json.Marshal(struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
	}{false, p.Detail})
	if err != nil {
		body = []byte(`{"success":false}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(p.Status)
	w.Write(body)
}

func (a *App) getDefaultAvatar(c *call) error {
	c.w.Header().Set("Cache-Control", "public, max-age=86400")
	return c.raw(http.StatusOK, "image/png", a.avatar())
}

// defaultAvatar draws a neutral head and shoulders, 256 pixels square.
func defaultAvatar() []byte {
	const side = 256
	ground, figure := color.NRGBA{0xd7, 0xdb, 0xe2, 0xff}, color.NRGBA{0x8b, 0x94, 0xa3, 0xff}
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			fx, fy := float64(x)+.5, float64(y)+.5
			head := 46 - math.Hypot(fx-128, fy-100)
			body := 84 - math.Hypot(fx-128, (fy-250)*1.05)
			cover := min(max(max(head, body)+.5, 0), 1) // one pixel of soft edge
			mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-cover) + float64(b)*cover + .5) }
			img.SetNRGBA(x, y, color.NRGBA{mix(ground.R, figure.R), mix(ground.G, figure.G), mix(ground.B, figure.B), 0xff})
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return nil // a bytes.Buffer takes everything
	}
	return buf.Bytes()
}
