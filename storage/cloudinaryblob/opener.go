package cloudinaryblob

import (
	"cmp"
	"context"
	"errors"
	"net/url"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Opener opens cloudinary://key:secret@cloud, for blobs.Open: the address that
// Cloudinary's console shows, which has the credentials in it, with the parameters
//
//	folder=pictures         what stands before the names of the pictures
//	public=true             Cloudinary serves public pictures to everybody
//	api=https://…           another API host
//	delivery=https://…      a domain of one's own, up to /image/upload
type Opener struct {
	// Options are those of the store, but for what is in the address.
	Options Options
}

// Schemes implements blobs.Opener.
func (Opener) Schemes() []string { return []string{"cloudinary"} }

// Open implements blobs.Opener. It does not connect.
func (o Opener) Open(_ context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	with, err := blobs.Parameters(address, "folder", "public", "api", "delivery")
	if err != nil {
		return nil, nil, err
	}
	if address.User == nil || address.Port() != "" || address.Path != "" {
		return nil, nil, errors.New("the address is not cloudinary://key:secret@cloud")
	}
	opt := o.Options
	switch with["public"] {
	case "":
	case "true", "false":
		opt.Public = with["public"] == "true"
	default:
		return nil, nil, errors.New("the parameter public is true or false")
	}
	opt.Folder = cmp.Or(blobs.Prefix(with["folder"]), opt.Folder)
	opt.APIBase = cmp.Or(with["api"], opt.APIBase)
	opt.DeliveryBase = cmp.Or(with["delivery"], opt.DeliveryBase)
	secret, _ := address.User.Password()
	s, err := New(address.Hostname(), address.User.Username(), secret, opt)
	if err != nil {
		return nil, nil, err
	}
	return s, func() error { return nil }, nil
}
