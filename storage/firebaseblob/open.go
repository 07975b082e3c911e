package firebaseblob

import (
	"context"
	"io"
	"iter"
	"net/url"
	"strings"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// objects is the driver.
type objects struct {
	bucket *gcs.BucketHandle
	name   string
	opts   Options
	signed *url.URL
}

func (s *objects) object(key string) *gcs.ObjectHandle { return s.bucket.Object(s.opts.Prefix + key) }

func (s *objects) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	var r *gcs.Reader
	err := try(ctx, func() (err error) {
		r, err = s.object(key).ReadCompressed(true).NewReader(ctx)
		return err
	})
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	return r, storage.BlobInfo{
		Size: r.Attrs.Size, ContentType: r.Attrs.ContentType, CacheControl: r.Attrs.CacheControl, ModTime: r.Attrs.LastModified,
	}, nil
}

func (s *objects) Delete(ctx context.Context, key string) error {
	return try(ctx, func() error { return s.object(key).Delete(ctx) })
}

// List implements storage.Lister.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, s.Bucket, prefix, s.objects.page)
}

func (s *objects) page(ctx context.Context, p blobs.Page) (infos []storage.BlobInfo, next string, err error) {
	var listed []*gcs.ObjectAttrs
	err = try(ctx, func() (err error) {
		listed = nil
		objects := s.bucket.Objects(ctx, &gcs.Query{Prefix: s.opts.Prefix + p.Prefix})
		next, err = iterator.NewPager(objects, 1000, p.Token).NextPage(&listed)
		return err
	})
	for _, o := range listed {
		infos = append(infos, storage.BlobInfo{
			Key: strings.TrimPrefix(o.Name, s.opts.Prefix), Size: o.Size, ContentType: o.ContentType, CacheControl: o.CacheControl, ModTime: o.Updated,
		})
	}
	return infos, next, err
}
