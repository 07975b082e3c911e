package storagetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// direct is a store that a browser can send to, and maybe a defect.
type direct struct {
	*memblob.Store
	base   string
	secret []byte
	defect string
}

func serveDirect(t testing.TB, defect string) *direct {
	d := &direct{Store: memblob.New(memblob.Options{}), secret: []byte(rand.Text()), defect: defect}
	srv := httptest.NewServer(http.HandlerFunc(d.form))
	t.Cleanup(srv.Close)
	d.base = srv.URL
	return d
}

func (d *direct) sign(key, contentType, low, high, until string) string {
	mac := hmac.New(sha256.New, d.secret)
	fmt.Fprintf(mac, "%q %q %s %s %s", key, contentType, low, high, until)
	return hex.EncodeToString(mac.Sum(nil))
}

func (d *direct) DirectUpload(_ context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	if err := r.Check(); err != nil && d.defect != "unchecked" {
		return storage.DirectForm{}, err
	}
	until := time.Now().Add(r.TTL)
	f := map[string]string{
		"key": r.Key, "Content-Type": r.ContentType, "low": strconv.FormatInt(r.MinBytes, 10), "high": strconv.FormatInt(r.MaxBytes, 10),
		"until": strconv.FormatInt(until.UnixMilli(), 10),
	}
	f["signature"] = d.sign(f["key"], f["Content-Type"], f["low"], f["high"], f["until"])
	return storage.DirectForm{Method: "POST", URL: d.base, Fields: f, FileField: "file", ExpiresAt: until}, nil
}

func (d *direct) form(w http.ResponseWriter, r *http.Request) {
	f := func(name string) string { return r.FormValue(name) }
	file, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, "no file", http.StatusBadRequest)
		return
	}
	content, _ := io.ReadAll(file)
	low, _ := strconv.Atoi(f("low"))
	high, _ := strconv.Atoi(f("high"))
	until, _ := strconv.ParseInt(f("until"), 10, 64)
	refuse := func(what string, is bool) bool {
		if is && d.defect != what {
			http.Error(w, what, http.StatusForbidden)
			return true
		}
		return false
	}
	if refuse("unsigned", f("signature") != d.sign(f("key"), f("Content-Type"), f("low"), f("high"), f("until"))) ||
		refuse("too long", len(content) > high) || refuse("too short", len(content) < low) ||
		refuse("for ever", time.Now().UnixMilli() > until) {
		return
	}
	if d.defect == "loses" {
		return
	}
	_ = d.Put(r.Context(), f("key"), bytes.NewReader(content), storage.Meta{ContentType: f("Content-Type"), Overwrite: true})
}

func TestGoodDirectUploaderPasses(t *testing.T) {
	if failed := failingCases(t, func() storage.BlobStore { return serveDirect(t, "") }); len(failed) != 0 {
		t.Errorf("failed: %v", failed)
	}
}

func TestBrokenDirectUploadersFail(t *testing.T) {
	for defect, name := range map[string]string{
		"loses": "DirectUpload", "unsigned": "DirectUploadRefusals", "too long": "DirectUploadRefusals",
		"too short": "DirectUploadRefusals", "for ever": "DirectUploadEnds", "unchecked": "DirectUploadBadRequests",
	} {
		t.Run(defect, func(t *testing.T) {
			failed := failingCases(t, func() storage.BlobStore { return serveDirect(t, defect) }, name)
			if len(failed[name]) == 0 {
				t.Errorf("case %s did not see it", name)
			}
		})
	}
}
