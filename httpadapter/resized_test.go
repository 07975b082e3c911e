package httpadapter_test

import (
	"bytes"
	"image"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

// sizesOf are the addresses of the picture by size.
func (c *client) sizesOf() map[string]any {
	c.w.t.Helper()
	m, _ := c.get("/api/profile").want(c.w.t, 200).json(c.w.t)["pictureSizes"].(map[string]any)
	if len(m) != 4 {
		c.w.t.Fatalf("sizes are %v", m)
	}
	return m
}

// One upload to Cloudinary serves every size: by Cloudinary when everybody may
// see the picture, else as it is by the host.
func TestR25_OneUploadServesEverySize(t *testing.T) {
	cloud := cloudinarytest.New(t)
	store, err := cloudinaryblob.New(cloud.Cloud, cloud.Key, cloud.Secret, cloudinaryblob.Options{
		Folder: "pictures/", Public: true, APIBase: cloud.URL, DeliveryBase: cloud.Delivery(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs = store })
	ada := w.client().register("ada")
	requests := cloud.Requests()
	ada.photo(1)
	// A put asks for the other form that its key may have, too.
	if n := cloud.Requests() - requests; n != 2 || len(cloud.Names()) != 1 {
		t.Errorf("%d requests, stored %v; want one put", n, cloud.Names())
	}
	public := ada.sizesOf()
	for size, address := range public {
		status, data := fetch(t, address.(string))
		square, _, err := image.DecodeConfig(bytes.NewReader(data))
		if status != 200 || err != nil || strconv.Itoa(square.Width) != size || square.Width != square.Height {
			t.Errorf("%s: %d, %+v, %v", address, status, square, err)
		}
	}
	if got := ada.get("/api/users/ada/picture?size=65").want(t, 302).Header.Get("Location"); got != public["128"] {
		t.Errorf("the user's picture is at %s; want %s", got, public["128"])
	}

	ada.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":"private"}}}`).want(t, 200)
	for size, address := range public {
		if status, _ := fetch(t, address.(string)); status != 404 {
			t.Errorf("size %s of before is answered %d", size, status)
		}
	}
	for size, address := range ada.sizesOf() {
		path := address.(string)
		if !strings.HasPrefix(path, "/api/pictures/") || !strings.HasSuffix(path, "-512.jpg") {
			t.Errorf("size %s is at %s", size, path)
		}
		if got := ada.get(path).want(t, 200); got.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s is %s", path, got.Header.Get("Content-Type"))
		}
		w.client().get(path).want(t, 404)
		// Nothing was ever told to be there.
		ada.get(strings.Replace(path, "-512", "-64", 1)).want(t, 404)
	}
	ada.send("DELETE", "/api/profile/picture", "").want(t, 204)
	if _, err := w.app.Pictures.PurgeBlobs(t.Context(), 0); err != nil || len(cloud.Names()) != 0 {
		t.Errorf("after all: %v, %v", cloud.Names(), err)
	}
}

func fetch(t *testing.T, address string) (status int, data []byte) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if data, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, data
}
