package firebaseblob_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/profilekit/profilekit/internal/cloudtest"
)

// google stands before fake-gcs-server and adds what that lacks: addresses with
// a download token, signatures that are really checked, and faults.
type google struct {
	*httptest.Server
	upstream string
	key      *rsa.PrivateKey
	requests atomic.Int64
	// spoil answers a request itself when it returns true; n counts from 1.
	spoil func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool
}

const account = "signer@project.iam.gserviceaccount.com"

// signer is one for all tests: making a key takes a while.
var signer = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newGoogle(t testing.TB) *google {
	t.Helper()
	g := &google{upstream: cloudtest.GCS(t)}
	var err error
	if g.key, err = signer(); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(g.upstream)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := g.requests.Add(1)
		switch {
		case g.spoil != nil && g.spoil(n, w, r, pass):
		case strings.HasPrefix(r.URL.Path, "/v0/b/"):
			g.byToken(w, r)
		case r.URL.Query().Has("X-Goog-Signature"):
			g.signed(w, r)
		case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data"):
			g.form(w, r)
		default:
			pass.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// pemKey is the signer's key as it stands in a service account's file.
func (g *google) pemKey(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(g.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// client is the host's own; address "" is through this server.
func (g *google) client(t testing.TB, address string) *gcs.Client {
	t.Helper()
	if address == "" {
		address = g.URL
	}
	c, err := gcs.NewClient(context.Background(), option.WithEndpoint(address+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func bucket(t testing.TB, c *gcs.Client) *gcs.BucketHandle {
	t.Helper()
	b := c.Bucket("b" + strings.ToLower(rand.Text()))
	if err := b.Create(t.Context(), "project", nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// object reads an object past the store.
func (g *google) object(bucket, name string) (attrs map[string]any, content []byte, ok bool) {
	at := g.upstream + "/storage/v1/b/" + bucket + "/o/" + url.PathEscape(name)
	get := func(address string) ([]byte, bool) {
		resp, err := http.Get(address)
		if err != nil {
			return nil, false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return b, err == nil && resp.StatusCode == http.StatusOK
	}
	meta, ok1 := get(at)
	content, ok2 := get(at + "?alt=media")
	if !ok1 || !ok2 || json.Unmarshal(meta, &attrs) != nil {
		return nil, nil, false
	}
	return attrs, content, true
}

func (g *google) serve(w http.ResponseWriter, attrs map[string]any, content []byte) {
	w.Header().Set("Content-Type", fmt.Sprint(attrs["contentType"]))
	if c, ok := attrs["cacheControl"].(string); ok {
		w.Header().Set("Cache-Control", c)
	}
	w.Write(content)
}

// byToken is GET /v0/b/{bucket}/o/{object}?alt=media&token=….
func (g *google) byToken(w http.ResponseWriter, r *http.Request) {
	b, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v0/b/"), "/o/")
	attrs, content, found := g.object(b, name)
	if !ok || !found {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	metadata, _ := attrs["metadata"].(map[string]any)
	tokens, _ := metadata["firebaseStorageDownloadTokens"].(string)
	token := r.URL.Query().Get("token")
	if r.URL.Query().Get("alt") != "media" || token == "" || !slices.Contains(strings.Split(tokens, ","), token) {
		http.Error(w, "permission denied", http.StatusForbidden)
		return
	}
	g.serve(w, attrs, content)
}

// signed is a V4 signed address, checked as the documentation describes it.
func (g *google) signed(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	given, err := hex.DecodeString(q.Get("X-Goog-Signature"))
	q.Del("X-Goog-Signature")
	date, err2 := time.Parse("20060102T150405Z", q.Get("X-Goog-Date"))
	seconds, err3 := strconv.Atoi(q.Get("X-Goog-Expires"))
	credential, scope, _ := strings.Cut(q.Get("X-Goog-Credential"), "/")
	if err != nil || err2 != nil || err3 != nil || credential != account || q.Get("X-Goog-SignedHeaders") != "host" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	host, _, _ := net.SplitHostPort(r.Host) // the real one is on the scheme's own port
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.ReplaceAll(q.Encode(), "+", "%20"), "host:" + host, "", "host", "UNSIGNED-PAYLOAD",
	}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{"GOOG4-RSA-SHA256", q.Get("X-Goog-Date"), scope, hex.EncodeToString(sum[:])}, "\n")
	if !g.verify(text, given) {
		http.Error(w, "SignatureDoesNotMatch", http.StatusForbidden)
		return
	}
	if time.Now().After(date.Add(time.Duration(seconds) * time.Second)) {
		http.Error(w, "ExpiredToken", http.StatusBadRequest)
		return
	}
	b, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	attrs, content, ok := g.object(b, name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	g.serve(w, attrs, content)
}

func (g *google) verify(text string, signature []byte) bool {
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(&g.key.PublicKey, crypto.SHA256, sum[:], signature) == nil
}

// form is an upload by an HTML form with a signed policy.
func (g *google) form(w http.ResponseWriter, r *http.Request) {
	fields := map[string]string{}
	var file []byte
	mr, err := r.MultipartReader()
	for err == nil {
		part, e := mr.NextPart()
		if e != nil {
			break
		}
		b, _ := io.ReadAll(part)
		if part.FormName() == "file" {
			file = b
			break // fields after the file do not count
		}
		fields[strings.ToLower(part.FormName())] = string(b)
	}
	signature, _ := hex.DecodeString(fields["x-goog-signature"])
	if !g.verify(fields["policy"], signature) {
		http.Error(w, "SignatureDoesNotMatch", http.StatusForbidden)
		return
	}
	var policy struct {
		Expiration time.Time
		Conditions []any
	}
	raw, _ := base64.StdEncoding.DecodeString(fields["policy"])
	if err := json.Unmarshal(raw, &policy); err != nil || time.Now().After(policy.Expiration) {
		http.Error(w, "policy expired", http.StatusForbidden)
		return
	}
	bucketName := strings.Trim(r.URL.Path, "/")
	covered := map[string]bool{"policy": true, "x-goog-signature": true}
	sized := false
	for _, c := range policy.Conditions {
		switch c := c.(type) {
		case map[string]any:
			for k, v := range c {
				k = strings.ToLower(k)
				covered[k] = true
				if want := fmt.Sprint(v); k == "bucket" && want != bucketName || k != "bucket" && fields[k] != want {
					http.Error(w, "policy condition failed: "+k, http.StatusForbidden)
					return
				}
			}
		case []any:
			if c[0] == "content-length-range" {
				sized = true
				if n := float64(len(file)); n < c[1].(float64) || n > c[2].(float64) {
					http.Error(w, "EntityTooLarge or EntityTooSmall", http.StatusBadRequest)
					return
				}
			}
		}
	}
	for k := range fields {
		if !covered[k] {
			http.Error(w, "a field that the policy does not allow: "+k, http.StatusForbidden)
			return
		}
	}
	if !sized {
		http.Error(w, "no size", http.StatusBadRequest)
		return
	}
	address := g.upstream + "/upload/storage/v1/b/" + bucketName + "/o?uploadType=media&name=" + url.QueryEscape(fields["key"])
	resp, err := http.Post(address, fields["content-type"], bytes.NewReader(file))
	if err != nil || resp.StatusCode != http.StatusOK {
		http.Error(w, "upstream", http.StatusBadGateway)
		return
	}
	resp.Body.Close()
	w.WriteHeader(http.StatusNoContent)
}
