package cloudinaryblob

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// pageSize is how many the Admin API lists at a time, at most.
const pageSize = "500"

// List implements storage.Lister over the Admin API, which an account may ask
// only so often in an hour, and which may not show the newest changes for some
// seconds. Types and cache headers are not in a listing, so BlobInfo lacks them.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(storage.BlobInfo{}, err)
			return
		}
		if prefix != "" && !storage.ValidKey(strings.TrimSuffix(prefix, "/")) {
			return // no key begins with it
		}
		for _, a := range []asset{{resource: "image", delivery: s.imageDelivery()}, s.raw("")} {
			if !s.list(ctx, a, prefix, yield) {
				return
			}
		}
	}
}

// list reports whether to go on.
func (s *Store) list(ctx context.Context, a asset, prefix string, yield func(storage.BlobInfo, error) bool) bool {
	var cursor string
	for {
		page, err := s.page(ctx, a, prefix, cursor)
		if err != nil {
			yield(storage.BlobInfo{}, ended(ctx, err))
			return false
		}
		for _, r := range page.Resources {
			info := storage.BlobInfo{Key: s.keyOf(a.resource, r.PublicID), Size: r.Bytes, ModTime: r.CreatedAt}
			if info.Key == "" || !strings.HasPrefix(info.Key, prefix) {
				continue
			}
			if a.resource == "raw" {
				info.Size = max(info.Size-headerSize, 0)
			}
			if !yield(info, nil) {
				return false
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return true
		}
	}
}

func (s *Store) page(ctx context.Context, a asset, prefix, cursor string) (answer, error) {
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	query := url.Values{"max_results": {pageSize}}
	// The dot before an image's extension is not in its public ID.
	stem, _, _ := strings.Cut(prefix, ".")
	if p := s.opts.Folder + stem; p != "" {
		query.Set("prefix", p)
	}
	if cursor != "" {
		query.Set("next_cursor", cursor)
	}
	var page answer
	err := try(own, func() error {
		req, err := http.NewRequestWithContext(own, http.MethodGet, s.api+"/resources/"+a.resource+"/"+a.delivery+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		s.authorize(req)
		page, err = s.exchange("list", req)
		if err == nil && page.Resources == nil {
			err = misunderstood("list")
		}
		return err
	})
	return page, err
}
