package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	gcs "cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/examples/internal/server"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// stores are the openers by scheme. Credentials come from the variables that
// the users of each SDK know.
func stores(env func(string) string) server.Stores {
	firebase := openFirebase(env)
	return server.Stores{
		"s3": openS3(env), "firebase": firebase, "gs": firebase, "cloudinary": server.Cloudinary,
	}
}

// openS3 opens s3://bucket/prefix with the parameters
//
//	region=eu-central-1    otherwise AWS_REGION
//	endpoint=https://…     another store than Amazon's; addresses are then
//	                       path-style unless style=host
//	public=https://…       where the bucket's objects are public
//
// and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
func openS3(env func(string) string) server.Opener {
	return func(_ context.Context, address *url.URL) (storage.BlobStore, error) {
		with, err := server.Parameters(address, "region", "endpoint", "public", "style")
		if err != nil {
			return nil, err
		}
		if address.Host == "" || address.User != nil {
			return nil, errors.New("the address is not s3://bucket; credentials are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		}
		o := s3.Options{Region: with["region"]}
		if o.Region == "" {
			o.Region = env("AWS_REGION")
		}
		if o.Region == "" {
			return nil, errors.New("s3:// needs the parameter region, or AWS_REGION")
		}
		id, secret := env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
		if id == "" || secret == "" {
			return nil, errors.New("s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		}
		o.Credentials = credentials.NewStaticCredentialsProvider(id, secret, env("AWS_SESSION_TOKEN"))
		if e := with["endpoint"]; e != "" {
			u, err := url.Parse(e)
			if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
				return nil, errors.New("the parameter endpoint is an address such as https://s3.example.org")
			}
			o.BaseEndpoint = aws.String(e)
		}
		switch with["style"] {
		case "":
			o.UsePathStyle = o.BaseEndpoint != nil
		case "path", "host":
			o.UsePathStyle = with["style"] == "path"
		default:
			return nil, errors.New("the parameter style is path or host")
		}
		s, err := s3blob.New(s3.New(o), address.Host, s3blob.Options{Prefix: server.Prefix(address), PublicBase: with["public"]})
		if err != nil {
			return nil, err // not s, which would be a store that is nil and yet is one
		}
		return s, nil
	}
}

// openFirebase opens firebase://bucket/prefix, or gs://. Credentials are those
// that Google's libraries find: GOOGLE_APPLICATION_CREDENTIALS, the machine's,
// or none with STORAGE_EMULATOR_HOST. FIREBASE_TOKEN_KEY, a secret of 16 bytes
// or more, gives public pictures an address with a download token.
func openFirebase(env func(string) string) server.Opener {
	return func(ctx context.Context, address *url.URL) (storage.BlobStore, error) {
		if _, err := server.Parameters(address); err != nil {
			return nil, fmt.Errorf("%s:// has no parameters", address.Scheme)
		}
		if address.Host == "" || address.User != nil {
			return nil, fmt.Errorf("the address is not %s://bucket; credentials are in GOOGLE_APPLICATION_CREDENTIALS", address.Scheme)
		}
		// The client lives longer than the start.
		client, err := gcs.NewClient(context.WithoutCancel(ctx))
		if err != nil {
			return nil, errors.New("no credentials of Google: set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account")
		}
		o := firebaseblob.Options{Prefix: server.Prefix(address)}
		if key := env("FIREBASE_TOKEN_KEY"); key != "" {
			o.TokenKey = []byte(key)
		}
		s, err := firebaseblob.New(client.Bucket(address.Host), o)
		if err != nil {
			client.Close()
			return nil, err
		}
		return closing{s, client}, nil
	}
}

// closing is a store with the client that was opened for it.
type closing struct {
	*firebaseblob.Store
	io.Closer
}
