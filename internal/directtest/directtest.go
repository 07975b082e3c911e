// Package directtest is a blob store for tests to which browsers can send
// files themselves and which lends signed addresses, as the stores in clouds
// do, on a server of 127.0.0.1. It checks what they check: signature, key,
// type, length and time.
//
//	blobs := directtest.New(t, memblob.New(memblob.Options{}))
//	form, err := blobs.DirectUpload(ctx, storage.DirectUpload{…})
//	status := directtest.Send(t, form, file)
package directtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Blobs is what keeps the files.
type Blobs interface {
	storage.BlobStore
	storage.Lister
}

// Store is Blobs as a storage.DirectUploader and a storage.SignedURLer.
type Store struct {
	Blobs
	key []byte
	// base starts the server when it is first needed: tests with a clock of
	// their own (testing/synctest) cannot have one, and send nothing.
	base func() string
}

var (
	_ storage.DirectUploader = (*Store)(nil)
	_ storage.SignedURLer    = (*Store)(nil)
)

// New serves blobs until the test ends.
func New(t testing.TB, blobs Blobs) *Store {
	s := &Store{Blobs: blobs, key: []byte("of this test")}
	s.base = sync.OnceValue(func() string {
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		return server.URL
	})
	return s
}

// policy is what a form allows, signed.
type policy struct {
	Key, Type string
	Min, Max  int64
	Until     time.Time
}

// DirectUpload implements storage.DirectUploader by a POST form.
func (s *Store) DirectUpload(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	if err := errors.Join(ctx.Err(), r.Check()); err != nil {
		return storage.DirectForm{}, err
	}
	until := time.Now().Add(r.TTL)
	p, err := json.Marshal(policy{r.Key, r.ContentType, r.MinBytes, r.MaxBytes, until})
	if err != nil {
		return storage.DirectForm{}, err
	}
	text := base64.StdEncoding.EncodeToString(p)
	return storage.DirectForm{
		Method: http.MethodPost, URL: s.base() + "/", FileField: "file", ExpiresAt: until,
		Fields: map[string]string{"key": r.Key, "Content-Type": r.ContentType, "policy": text, "signature": s.sign(text)},
	}, nil
}

// SignedURL implements storage.SignedURLer.
func (s *Store) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return "", err
	}
	until := strconv.FormatInt(time.Now().Add(ttl).UnixNano(), 10)
	return s.base() + "/" + key + "?" + url.Values{"until": {until}, "signature": {s.sign(key + " " + until)}}.Encode(), nil
}

func (s *Store) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// ServeHTTP takes forms and gives files.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		w.WriteHeader(s.take(r))
	case http.MethodGet, http.MethodHead:
		s.give(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *Store) take(r *http.Request) (status int) {
	form, err := r.MultipartReader()
	if err != nil {
		return http.StatusBadRequest
	}
	fields := map[string]string{}
	for {
		part, err := form.NextPart()
		if err != nil {
			return http.StatusBadRequest // no file
		}
		if part.FormName() != "file" {
			value, err := io.ReadAll(io.LimitReader(part, 4<<10))
			if err != nil {
				return http.StatusBadRequest
			}
			fields[part.FormName()] = string(value)
			continue
		}
		var p policy
		text, err := base64.StdEncoding.DecodeString(fields["policy"])
		if err != nil || json.Unmarshal(text, &p) != nil || !hmac.Equal([]byte(s.sign(fields["policy"])), []byte(fields["signature"])) ||
			time.Now().After(p.Until) || fields["key"] != p.Key || fields["Content-Type"] != p.Type {
			return http.StatusForbidden
		}
		data, err := io.ReadAll(io.LimitReader(part, p.Max+1))
		if n := int64(len(data)); err != nil || n < p.Min || n > p.Max {
			return http.StatusBadRequest
		}
		if err := s.Put(r.Context(), p.Key, bytes.NewReader(data), storage.Meta{ContentType: p.Type, Overwrite: true}); err != nil {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	}
}

func (s *Store) give(w http.ResponseWriter, r *http.Request) {
	key, q := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	until, err := strconv.ParseInt(q.Get("until"), 10, 64)
	if err != nil || time.Now().UnixNano() > until || !hmac.Equal([]byte(s.sign(key+" "+q.Get("until"))), []byte(q.Get("signature"))) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	blob, info, err := s.Open(r.Context(), key)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer blob.Close()
	w.Header().Set("Content-Type", info.ContentType)
	w.Header().Set("Cache-Control", info.CacheControl)
	_, _ = io.Copy(w, blob)
}
