package cloudinarytest

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// known are the parameters of each action that the double knows; Cloudinary
// has more. A parameter that is misspelt must not pass in silence.
var known = map[string]string{
	"upload":   " public_id type context overwrite invalidate timestamp signature api_key ",
	"destroy":  " public_id type invalidate timestamp signature api_key ",
	"download": " public_id type format expires_at timestamp signature api_key ",
}

// signedWithin is how old a signature may be.
const signedWithin = time.Hour

// authentic answers and returns false when the request is not one of the
// account's.
func (s *Server) authentic(w http.ResponseWriter, r *http.Request, action string, form url.Values) bool {
	refuse := func(message string) bool {
		Refuse(w, http.StatusUnauthorized, message)
		return false
	}
	for name, values := range form {
		if !strings.Contains(known[action], " "+name+" ") || len(values) != 1 {
			Refuse(w, http.StatusBadRequest, "Unknown parameter "+name)
			return false
		}
	}
	seconds, err := strconv.ParseInt(form.Get("timestamp"), 10, 64)
	age := time.Since(time.Unix(seconds, 0))
	switch {
	case r.PathValue("cloud") != s.Cloud:
		return refuse("Invalid cloud_name " + r.PathValue("cloud"))
	case form.Get("api_key") != s.Key:
		return refuse("Unknown API key " + form.Get("api_key"))
	case err != nil:
		return refuse("Missing required parameter - timestamp")
	case age > signedWithin || age < -signedWithin:
		Refuse(w, http.StatusBadRequest, "Stale request - reported time is "+time.Unix(seconds, 0).UTC().String()+" which is more than 1 hour ago")
		return false
	case !s.signedBy(form):
		return refuse("Invalid Signature " + form.Get("signature") + ". String to sign - '" + toSign(form) + "'.")
	}
	return true
}

// toSign is what a signature is of: all parameters but those that identify the
// account, in the order of their names.
func toSign(form url.Values) string {
	var names []string
	for name := range form {
		switch name {
		case "file", "api_key", "cloud_name", "resource_type", "signature":
		default:
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte('&')
		}
		fmt.Fprintf(&b, "%s=%s", name, strings.ReplaceAll(form.Get(name), "&", "%26"))
	}
	return b.String()
}

func (s *Server) signedBy(form url.Values) bool {
	given, err := hex.DecodeString(form.Get("signature"))
	var h hash.Hash
	switch {
	case err == nil && len(given) == sha256.Size:
		h = sha256.New()
	case err == nil && len(given) == sha1.Size:
		h = sha1.New()
	default:
		return false
	}
	io.WriteString(h, toSign(form))
	io.WriteString(h, s.Secret)
	return subtle.ConstantTimeCompare(h.Sum(nil), given) == 1
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 {
		Refuse(w, http.StatusLengthRequired, "Content-Length is missing")
		return
	}
	if err := r.ParseMultipartForm(64 << 20); err != nil {
		Refuse(w, http.StatusBadRequest, "Malformed multipart form")
		return
	}
	defer r.MultipartForm.RemoveAll()
	form := url.Values(r.MultipartForm.Value)
	if !s.authentic(w, r, "upload", form) {
		return
	}
	name := Name{r.PathValue("resource"), form.Get("type"), form.Get("public_id")}
	files := r.MultipartForm.File["file"]
	if len(files) != 1 {
		Refuse(w, http.StatusBadRequest, "Missing required parameter - file")
		return
	}
	f, err := files[0].Open()
	if err != nil {
		Refuse(w, http.StatusInternalServerError, "General Error")
		return
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	a := asset{data: data, created: time.Now(), context: map[string]string{}}
	if k, v, ok := strings.Cut(form.Get("context"), "="); ok {
		a.context[k] = v
	}
	if name.Resource == "image" {
		a.format = formatOf(data)
	}
	switch {
	case err != nil:
		Refuse(w, http.StatusInternalServerError, "General Error")
		return
	case len(data) == 0:
		Refuse(w, http.StatusBadRequest, "Empty file")
		return
	case int64(len(data)) > s.MaxBytes:
		Refuse(w, http.StatusBadRequest, fmt.Sprintf("File size too large. Got %d. Maximum is %d.", len(data), s.MaxBytes))
		return
	case !nameable(name):
		Refuse(w, http.StatusBadRequest, "public_id or type is invalid")
		return
	case name.Resource == "image" && a.format == "":
		Refuse(w, http.StatusBadRequest, "Invalid image file")
		return
	}
	if s.Change != nil {
		a.data = s.Change(a.data)
	}
	now, existed := s.store(name, a, form.Get("overwrite") != "false", form.Get("invalidate") == "true")
	d := name.describe(now)
	d["context"] = map[string]any{"custom": now.context}
	if existed && form.Get("overwrite") == "false" {
		d["existing"] = true
	}
	answer(w, http.StatusOK, d)
}

// nameable: a public ID has at most 255 bytes, none of the characters that
// mean something in an address, and no slash or space at its ends.
func nameable(n Name) bool {
	return (n.Resource == "image" || n.Resource == "raw") && (n.Type == "upload" || n.Type == "authenticated") &&
		n.PublicID != "" && len(n.PublicID) <= 255 && !strings.ContainsAny(n.PublicID, "?&#\\%<>+") &&
		strings.Trim(n.PublicID, "/ ") == n.PublicID
}

func (s *Server) destroy(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		Refuse(w, http.StatusBadRequest, "Malformed form")
		return
	}
	if !s.authentic(w, r, "destroy", r.PostForm) {
		return
	}
	name := Name{r.PathValue("resource"), r.PostForm.Get("type"), r.PostForm.Get("public_id")}
	s.mu.Lock()
	_, there := s.assets[name]
	delete(s.assets, name)
	if r.PostForm.Get("invalidate") == "true" {
		s.forget(name)
	}
	s.mu.Unlock()
	result := "ok"
	if !there {
		result = "not found"
	}
	answer(w, http.StatusOK, map[string]string{"result": result})
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !s.authentic(w, r, "download", q) {
		return
	}
	if end, err := strconv.ParseInt(q.Get("expires_at"), 10, 64); err != nil || time.Now().Unix() > end {
		Refuse(w, http.StatusUnauthorized, "Signed URL has expired")
		return
	}
	a, ok := s.load(Name{r.PathValue("resource"), q.Get("type"), q.Get("public_id")})
	if !ok || a.format != q.Get("format") {
		Refuse(w, http.StatusNotFound, "Resource not found - "+q.Get("public_id"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(a.format))
	h.Set("Content-Length", strconv.Itoa(len(a.data)))
	h.Set("Content-Disposition", "attachment")
	h.Set("Last-Modified", a.created.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private, max-age=0")
	w.Write(a.data)
}

func contentType(format string) string {
	switch format {
	case "":
		return "application/octet-stream"
	case "jpg":
		return "image/jpeg"
	}
	return "image/" + format
}
