package cloudinaryblob

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// pageSize is how many the Admin API lists at a time, at most.
const pageSize = "500"

// List implements storage.Lister over the Admin API, which an account may ask
// only so often in an hour, and which may not show the newest changes for some
// seconds. Types and cache headers are not in a listing, so BlobInfo lacks them.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, s.Bucket, prefix, s.cloud.page)
}

// rawPages begins the tokens of the pages of raw files, which come after the images.
const rawPages = "raw:"

// page lists images and then raw files; its token is rawPages and Cloudinary's cursor.
func (s *cloud) page(ctx context.Context, p blobs.Page) (infos []storage.BlobInfo, next string, err error) {
	kind := asset{resource: "image", delivery: s.imageDelivery()}
	cursor, raw := strings.CutPrefix(p.Token, rawPages)
	if raw {
		kind = s.raw("")
	}
	listed, err := s.listed(ctx, kind, p.Prefix, cursor)
	if err != nil {
		return nil, "", err
	}
	for _, r := range listed.Resources {
		info := storage.BlobInfo{Key: s.keyOf(kind.resource, r.PublicID), Size: r.Bytes, ModTime: r.CreatedAt}
		if raw {
			info.Size = max(info.Size-headerSize, 0)
		}
		infos = append(infos, info)
	}
	next = listed.NextCursor
	switch {
	case raw && next != "":
		next = rawPages + next
	case !raw && next == "":
		next = rawPages
	}
	return infos, next, nil
}

func (s *cloud) listed(ctx context.Context, a asset, prefix, cursor string) (answer, error) {
	query := url.Values{"max_results": {pageSize}}
	// The dot before an image's extension is not in its public ID.
	stem, _, _ := strings.Cut(prefix, ".")
	if p := s.opts.Folder + stem; p != "" {
		query.Set("prefix", p)
	}
	if cursor != "" {
		query.Set("next_cursor", cursor)
	}
	var got answer
	err := try(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.api+"/resources/"+a.resource+"/"+a.delivery+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		s.authorize(req)
		got, err = s.exchange("list", req)
		if err == nil && got.Resources == nil {
			err = errMisunderstood
		}
		return err
	})
	return got, err
}
