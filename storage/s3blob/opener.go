package s3blob

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Opener opens s3://bucket/prefix, for blobs.Open, with the parameters
//
//	region=eu-central-1    otherwise AWS_REGION
//	endpoint=https://…     another store than Amazon's; addresses are then
//	                       path-style unless style=host
//	style=path             or host: whether the bucket is in the path or the host
//	public=https://…       where the bucket's objects are public
//
// The credentials are in the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN. An address with credentials is refused. A host whose credentials
// come from elsewhere, such as the machine's role, calls New with its own client.
type Opener struct {
	// Env reads a variable of the environment; nil is os.Getenv.
	Env func(name string) string
	// Options are those of the store, but for a prefix and a public address that
	// are in the address.
	Options Options
}

// Schemes implements blobs.Opener.
func (Opener) Schemes() []string { return []string{"s3"} }

// Open implements blobs.Opener. It does not connect.
func (o Opener) Open(_ context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	with, err := blobs.Parameters(address, "region", "endpoint", "public", "style")
	if err != nil {
		return nil, nil, err
	}
	if address.Host == "" || address.User != nil {
		return nil, nil, errors.New("the address is not s3://bucket; credentials are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	client, err := o.client(with)
	if err != nil {
		return nil, nil, err
	}
	opt := o.Options
	opt.Prefix = cmp.Or(blobs.Prefix(address.Path), opt.Prefix)
	opt.PublicBase = cmp.Or(with["public"], opt.PublicBase)
	s, err := New(client, address.Host, opt)
	if err != nil {
		return nil, nil, err // not s, which would be a store that is nil and yet is one
	}
	return s, func() error { return nil }, nil
}

// client is that of an address with these parameters.
func (o Opener) client(with map[string]string) (*s3.Client, error) {
	env := o.Env
	if env == nil {
		env = os.Getenv
	}
	own := s3.Options{Region: cmp.Or(with["region"], env("AWS_REGION"))}
	if own.Region == "" {
		return nil, errors.New("s3:// needs the parameter region, or AWS_REGION")
	}
	c := aws.Credentials{
		AccessKeyID: env("AWS_ACCESS_KEY_ID"), SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"), SessionToken: env("AWS_SESSION_TOKEN"),
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return nil, errors.New("s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	own.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
	if e := with["endpoint"]; e != "" {
		u, err := url.Parse(e)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, errors.New("the parameter endpoint is an address such as https://s3.example.org")
		}
		own.BaseEndpoint = aws.String(e)
	}
	switch with["style"] {
	case "":
		own.UsePathStyle = own.BaseEndpoint != nil
	case "path", "host":
		own.UsePathStyle = with["style"] == "path"
	default:
		return nil, errors.New("the parameter style is path or host")
	}
	return s3.New(own), nil
}
