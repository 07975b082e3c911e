package cloudinaryblob

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage/blobs"
)

const (
	// maxSide bounds ResizedURL, in pixels.
	maxSide = 2048
	// maxSigned is the longest life of a signed address: Cloudinary takes a
	// signature for an hour from its timestamp.
	maxSigned = time.Hour
)

// PublicURL implements storage.PublicURLer for keys that can be an image's.
func (s *Store) PublicURL(key string) string {
	return blobs.PublicURL(key, func(key string) string { return s.cloud.address(key, "") })
}

// ResizedURL implements storage.Resizer, from 1 to 2048 pixels. Faces stay in
// the square when the image is none.
func (s *Store) ResizedURL(key string, size int) string {
	if size < 1 || size > maxSide {
		return ""
	}
	n := strconv.Itoa(size)
	return blobs.PublicURL(key, func(key string) string {
		return s.cloud.address(key, "c_fill,g_face,f_auto,q_auto,w_"+n+",h_"+n+"/")
	})
}

func (s *cloud) address(key, change string) string {
	a, ok := s.image(key)
	if !s.opts.Public || !ok {
		return ""
	}
	// v1 stands for any version. Without it a key that begins like one, or
	// like a transformation, would be taken for it.
	return s.opts.DeliveryBase + "/image/upload/" + change + "v1/" + a.id + "." + a.format
}

// SignedURL implements storage.SignedURLer for keys that can be an image's,
// and is an error for others; ttl is cut to whole seconds, from one second to
// an hour. Browsers are told to save what is there, not to show it.
func (s *Store) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return blobs.SignedURL(ctx, s.Bucket, key, ttl, maxSigned, s.cloud.sign)
}

func (s *cloud) sign(_ context.Context, key string, ttl time.Duration) (string, error) {
	a, ok := s.image(key)
	if !ok {
		return "", errors.New("only images have signed addresses")
	}
	return s.download(a, ttl), nil
}

// download is an address at the API itself, which unlike the network before it
// keeps no copies and knows no old ones.
func (s *cloud) download(a asset, ttl time.Duration) string {
	params := url.Values{
		"public_id": {a.id}, "type": {a.delivery},
		"expires_at": {strconv.FormatInt(s.opts.Now().Add(ttl).Unix(), 10)},
	}
	if a.format != "" {
		params.Set("format", a.format)
	}
	return s.api + "/" + a.resource + "/download?" + s.signed(params).Encode()
}

// signed adds the time, the signature and the API key to params. The values
// are made of what is valid in a key, so none holds the & that would let one
// parameter pass for two.
func (s *cloud) signed(params url.Values) url.Values {
	params.Set("timestamp", strconv.FormatInt(s.opts.Now().Unix(), 10))
	pairs := make([]string, 0, len(params))
	for name := range params {
		pairs = append(pairs, name+"="+params.Get(name))
	}
	slices.Sort(pairs)
	params.Set("signature", s.digest(strings.Join(pairs, "&")))
	params.Set("api_key", s.key)
	return params
}
