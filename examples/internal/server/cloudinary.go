package server

import (
	"context"
	"errors"
	"net/url"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

// Cloudinary is the Opener of cloudinary://key:secret@cloud, the address that
// Cloudinary's console shows, with the parameters
//
//	folder=pictures         what stands before the names of the pictures
//	public=true             Cloudinary serves public pictures to everybody
//	api=https://…           another API host
//	delivery=https://…      a domain of one's own, up to /image/upload
//
// It needs nothing but net/http.
func Cloudinary(_ context.Context, address *url.URL) (storage.BlobStore, error) {
	with, err := Parameters(address, "folder", "public", "api", "delivery")
	if err != nil {
		return nil, err
	}
	if address.User == nil || address.Port() != "" || address.Path != "" {
		return nil, errors.New("the address is not cloudinary://key:secret@cloud")
	}
	public, err := Truth("public", with["public"])
	if err != nil {
		return nil, err
	}
	secret, _ := address.User.Password()
	return cloudinaryblob.New(address.Hostname(), address.User.Username(), secret, cloudinaryblob.Options{
		Folder: Prefix(&url.URL{Path: with["folder"]}), Public: public,
		APIBase: with["api"], DeliveryBase: with["delivery"],
	})
}

// Truth reads the value of a parameter that is true, false or not there.
func Truth(name, value string) (bool, error) {
	switch value {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, errors.New("the parameter " + name + " is true or false")
}
