package cloudinarytest

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/image/draw"
)

// delivered is a copy in the network before Cloudinary. It is shown until
// somebody invalidates the asset, whatever became of it, also when it says that
// there is none.
type delivered struct {
	name        Name
	status      int
	contentType string
	data        []byte
}

// version is the part of a path that says nothing about which asset is meant.
var version = regexp.MustCompile(`^v[0-9]+$`)

// deliver serves what is public: /cloud/image/upload/w_100,h_100/v1/id.jpg.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("cloud") != s.Cloud {
		http.NotFound(w, r)
		return
	}
	if r.PathValue("type") != "upload" { // signatures of delivery are not here
		w.Header().Set("X-Cld-Error", "Resource is private")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	c, ok := s.copies[r.URL.Path]
	if !ok {
		c = s.make(r.PathValue("resource"), r.PathValue("rest"))
		s.copies[r.URL.Path] = c
	}
	s.mu.Unlock()
	if c.status != http.StatusOK {
		w.Header().Set("X-Cld-Error", "Resource not found")
		w.WriteHeader(c.status)
		return
	}
	w.Header().Set("Content-Type", c.contentType)
	w.Header().Set("Cache-Control", "public, no-transform, immutable, max-age=2592000")
	w.Write(c.data)
}

// make must be called with mu held.
func (s *Server) make(resource, rest string) delivered {
	first, after, more := strings.Cut(rest, "/")
	change := ""
	if more && (strings.Contains(first, ",") || strings.HasPrefix(first, "w_")) {
		change, rest = first, after
		first, after, more = strings.Cut(rest, "/")
	}
	if more && version.MatchString(first) {
		rest = after
	}
	c := delivered{name: Name{resource, "upload", rest}, status: http.StatusNotFound}
	ext := strings.TrimPrefix(path.Ext(rest), ".")
	if resource == "image" {
		c.name.PublicID = strings.TrimSuffix(rest, "."+ext)
	}
	a, ok := s.assets[c.name]
	if !ok || resource == "image" && a.format != ext {
		return c
	}
	c.data, c.contentType = a.data, contentType(a.format)
	if change != "" {
		var err error
		if c.data, err = transform(a, change); err != nil {
			c.status = http.StatusBadRequest
			return c
		}
	}
	c.status = http.StatusOK
	return c
}

// forget invalidates copies; it must be called with mu held.
func (s *Server) forget(name Name) {
	for p, c := range s.copies {
		if c.name == name {
			delete(s.copies, p)
		}
	}
}

// transform does c_fill with w_ and h_ on a square, and takes the other
// instructions that are known as they come.
func transform(a asset, change string) ([]byte, error) {
	var w, h int
	for part := range strings.SplitSeq(change, ",") {
		name, value, _ := strings.Cut(part, "_")
		var err error
		switch name {
		case "w":
			w, err = strconv.Atoi(value)
		case "h":
			h, err = strconv.Atoi(value)
		case "c", "g", "f", "q":
			if !strings.Contains(" fill face auto ", " "+value+" ") {
				err = strconv.ErrSyntax
			}
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			return nil, err
		}
	}
	if w < 1 || h < 1 || w > 5000 || h > 5000 {
		return nil, strconv.ErrRange
	}
	src, _, err := image.Decode(bytes.NewReader(a.data))
	if err != nil {
		return nil, err
	}
	dst := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(dst, dst.Rect, src, src.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if a.format == "jpg" {
		err = jpeg.Encode(&out, dst, nil)
	} else {
		err = png.Encode(&out, dst)
	}
	return out.Bytes(), err
}
