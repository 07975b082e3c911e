// Package cloudinaryblob keeps pictures in Cloudinary, over its upload API and
// net/http:
//
//	pics, err := cloudinaryblob.New("my-cloud", key, secret, cloudinaryblob.Options{Folder: "pictures/"})
//	pics, err := cloudinaryblob.FromURL(os.Getenv("CLOUDINARY_URL"), cloudinaryblob.Options{})
//
// Every request is signed with SHA-256 (Cloudinary's "Generating
// authentication signatures"), which every account accepts unless it was
// limited to SHA-1; the secret itself goes only to the Admin API, which knows
// no signatures, and only for List.
//
// # What is an image
//
// Cloudinary takes only images as images, and of those it keeps neither the
// declared type nor the cache header. So a blob is stored as an image when it
// is one: its key ends with jpg, png, gif or webp, its type and first bytes
// say the same, and its cache header is Immutable. That is what package picture
// stores. Everything else is stored as a raw file that nobody but this package
// can read: a line of 512 bytes with the type and the cache header, and then
// the blob. Put, Open, Delete and List work alike for both; the addresses of
// PublicURL, ResizedURL and SignedURL are of images only, and lead to a 404 for
// anything else under a key that could be an image's.
//
// An upload preset that is the account's default for signed uploads must not
// transform what comes in: Put refuses what was stored with another length.
//
// # Who can see it
//
// Without Options.Public everything has the delivery type "authenticated":
// Cloudinary serves it to nobody without a signature. With it images have the
// type "upload", and whoever knows the key can fetch them; a picture that goes
// private is stored anew under another key, and the old one destroyed with
// invalidate, after which Cloudinary's network may show its copies for up to
// an hour. Options.Public is to be the same for all nodes and for all time:
// images put with the other value are not found.
//
// # What it cannot do
//
// Store is no storage.DirectUploader. Permission to upload ends with
// Cloudinary an hour after its timestamp, and no signed parameter bounds the
// length of the file, so neither limit of a storage.DirectUpload can be
// kept. Uploads go through the host.
//
// That one of two Puts at the same time wins rests on Cloudinary's
// overwrite=false. When one stores an image and the other something else under
// the same key, it can happen that both get fs.ErrExist; never do both win. And
// until an image that met something else under its key is withdrawn, Open may
// show it.
package cloudinaryblob

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Immutable is the cache header of the blobs that can be images.
const Immutable = "public, max-age=31536000, immutable"

// Options of a Store; the zero Options are good.
type Options struct {
	// Folder stands before every public ID, "pictures/" or "". It is made of
	// what storage.ValidKey allows, ends with a slash and has at most 40 bytes.
	Folder string
	// Public lets Cloudinary serve images to everybody who knows the key.
	Public bool
	// Timeout bounds each call, with its retries; of Open it bounds the time
	// until the first byte. 0 is 30 s.
	Timeout time.Duration
	// APIBase is another API host, "https://api-eu.cloudinary.com"; "" is
	// https://api.cloudinary.com. Without TLS it must be this machine.
	APIBase string
	// DeliveryBase is where images are served, up to /image/upload, when a
	// domain of the host's own leads there; "" is
	// https://res.cloudinary.com/ and the name of the cloud.
	DeliveryBase string
	// Client sends the requests; nil is one of the Store's own.
	Client *http.Client
	Now    func() time.Time // nil is time.Now
}

// Store implements storage.BlobStore, storage.Lister, storage.PublicURLer,
// storage.SignedURLer and storage.Resizer. It is safe for concurrent use.
type Store struct {
	*blobs.Bucket
	cloud *cloud
}

var (
	_ storage.BlobStore   = (*Store)(nil)
	_ storage.Lister      = (*Store)(nil)
	_ storage.PublicURLer = (*Store)(nil)
	_ storage.SignedURLer = (*Store)(nil)
	_ storage.Resizer     = (*Store)(nil)
)

const (
	defaultAPI      = "https://api.cloudinary.com"
	defaultDelivery = "https://res.cloudinary.com"
	// A public ID has at most 255 bytes: a key of 200, a suffix, and this.
	maxFolder = 40
)

// New returns a store over the cloud of that name. It does not connect.
func New(cloudName, key, secret string, opts Options) (*Store, error) {
	if cloudName == "" || key == "" || secret == "" {
		return nil, errors.New("cloudinaryblob: New needs the name of a cloud, an API key and its secret")
	}
	if !isCloudName(cloudName) {
		return nil, errors.New("cloudinaryblob: the name of the cloud has letters, digits, - and _ only")
	}
	s := &cloud{key: key, opts: opts}
	if f := s.opts.Folder; len(f) > maxFolder || blobs.CheckPrefix(f) != nil {
		return nil, errors.New("cloudinaryblob: Options.Folder must be lower-case path parts, each ending with a slash, such as pictures/, with at most 40 bytes")
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	var err error
	if s.opts.APIBase, err = base("APIBase", s.opts.APIBase, defaultAPI); err != nil {
		return nil, err
	}
	if s.opts.DeliveryBase, err = base("DeliveryBase", s.opts.DeliveryBase, defaultDelivery+"/"+cloudName); err != nil {
		return nil, err
	}
	s.api = s.opts.APIBase + "/v1_1/" + cloudName
	s.client = ownClient(s.opts.Client)
	s.digest = func(text string) string {
		sum := sha256.Sum256([]byte(text + secret))
		return hex.EncodeToString(sum[:])
	}
	s.authorize = func(r *http.Request) { r.SetBasicAuth(key, secret) }
	timeout := cmp.Or(max(s.opts.Timeout, 0), blobs.DefaultTimeout)
	return &Store{blobs.New("cloudinaryblob", s, blobs.Options{Timeout: timeout}), s}, nil
}

// FromURL is New for an address as Cloudinary's console shows it,
// cloudinary://key:secret@cloud. What follows the name of the cloud is refused.
func FromURL(address string, opts Options) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "cloudinary" || u.User == nil || u.Port() != "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("cloudinaryblob: the address is not cloudinary://key:secret@cloud") // and holds a secret
	}
	secret, _ := u.User.Password()
	return New(u.Hostname(), u.User.Username(), secret, opts)
}

func isCloudName(name string) bool {
	return strings.IndexFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	}) < 0
}

func base(option, given, standard string) (string, error) {
	if given == "" {
		return standard, nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) {
		return "", errors.New("cloudinaryblob: Options." + option + " must be an address such as https://pictures.example.org")
	}
	return strings.TrimRight(given, "/"), nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ownClient is given, or a new one, that follows redirects of downloads only:
// an upload is for nobody else.
func ownClient(given *http.Client) *http.Client {
	var c http.Client
	if given != nil {
		c = *given
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		c.Transport = t.Clone()
	}
	c.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if via[0].Method != http.MethodGet || len(via) > 3 || via[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &c
}
