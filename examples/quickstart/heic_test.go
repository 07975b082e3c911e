package main

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// TestS59_QuickstartTakesHEIC: the program has the decoder plugged in, and
// stops cleanly after using it; AVIF is still refused, and says so.
func TestS59_QuickstartTakesHEIC(t *testing.T) {
	p := start(t, freePort(t), t.TempDir())
	b := newBrowser(t, p)
	b.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, password), 201)
	b.do("PUT", "/api/profile/picture", "image/heic", bytes.NewReader(imagetest.HEIC()), 200)
	resp, err := b.c.Get(p.url + fmt.Sprint(b.get("/api/profile")["profilePicture"]))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if m, err := jpeg.Decode(resp.Body); err != nil || m.Bounds().Dx() != 512 {
		t.Errorf("picture: %v", err)
	}
	avif := strings.NewReader("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + strings.Repeat("\x00", 100))
	if got := b.do("PUT", "/api/profile/picture", "image/avif", avif, 415); !strings.Contains(fmt.Sprint(got["detail"]), "AVIF") {
		t.Errorf("AVIF: %v", got)
	}
	p.stop()
}
