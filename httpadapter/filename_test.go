package httpadapter_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// A file's name, and the type that the browser gives it, play no part: the
// picture is taken, and neither is found in an answer, an address, a header or
// the log.
func TestS62_FileNamesPlayNoPart(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	png := imagetest.PNG(imagetest.Card(8, 8))
	const marker = "Zq9Hostile"
	for i, name := range imagetest.HostileNames() {
		// As a browser writes it (WHATWG HTML, multipart form data): these three
		// alone are escaped.
		name = strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace(marker + name)
		var body bytes.Buffer
		fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=\"profile_picture\"; filename=\"%s\"\r\nContent-Type: text/html\r\n\r\n%s\r\n--x--\r\n", name, png)
		r := ada.do("PUT", "/api/profile/picture", "multipart/form-data; boundary=x", &body, "If-Match", "*")
		if r.StatusCode != http.StatusOK {
			t.Errorf("%q: status %d: %s", name, r.StatusCode, r.body)
			continue
		}
		if bytes.Contains(r.body, []byte(marker)) || strings.Contains(fmt.Sprint(r.Header), marker) {
			t.Errorf("%q came back: %s", name, r.body)
		}
		if i%8 != 0 {
			continue // the address is made one way
		}
		url, _ := ada.get("/api/profile").want(t, 200).json(t)["profilePicture"].(string)
		got := ada.get(url).want(t, 200)
		if got.Header.Get("Content-Type") != "image/jpeg" || strings.Contains(fmt.Sprint(got.Header), marker) {
			t.Errorf("%q is served with %v", name, got.Header)
		}
	}
	if strings.Contains(w.log.String(), marker) {
		t.Error("a name is in the log")
	}
}
