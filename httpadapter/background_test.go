package httpadapter_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
)

// Transparency is kept, or shows the background that the host asked for.
func TestS61_PictureBackground(t *testing.T) {
	file := imagetest.PNG(image.NewNRGBA(image.Rect(0, 0, 64, 64))) // nothing is seen of it
	for background, want := range map[color.Color]string{nil: "image/png", color.White: "image/jpeg"} {
		w := newWorld(t, func(c *httpadapter.Config) { c.Pictures.Background = background })
		ada := w.client().register("ada")
		ada.do("PUT", "/api/profile/picture", "image/png", bytes.NewReader(file), "If-Match", "*").want(t, 200)
		url, _ := ada.get("/api/profile").want(t, 200).json(t)["profilePicture"].(string)
		got := ada.get(url).want(t, 200)
		if got.Header.Get("Content-Type") != want {
			t.Errorf("with the background %v it is served as %s; want %s", background, got.Header.Get("Content-Type"), want)
		}
		if background == nil {
			continue
		}
		m, err := jpeg.Decode(bytes.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		if r, g, b, _ := m.At(256, 256).RGBA(); r>>8 < 250 || g>>8 < 250 || b>>8 < 250 {
			t.Errorf("the background became %d, %d, %d", r>>8, g>>8, b>>8)
		}
	}
}
