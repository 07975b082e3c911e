package blobs

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Page is what part of a listing is asked for.
type Page struct {
	// Prefix begins every key that is wanted; "" is all.
	Prefix string
	// Token is "" for the first page, and then what the page before it returned.
	Token string
}

// Wants reports whether key is to be listed: whether it is a valid key with the
// prefix. The front passes over every other one; a driver asks only where looking at
// a blob costs something.
func (p Page) Wants(key string) bool {
	return strings.HasPrefix(key, p.Prefix) && storage.ValidKey(key)
}

// Pager returns one part of a listing, which may be empty, and the token of the next;
// "" is that there is none. With an error, infos are what came before it.
type Pager func(ctx context.Context, p Page) (infos []storage.BlobInfo, next string, err error)

// List is the ability storage.Lister of a store: its method List calls it with the
// driver's pages. A prefix that no valid key begins with lists nothing and asks nobody.
func List(ctx context.Context, b *Bucket, prefix string, pages Pager) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		p := Page{Prefix: prefix}
		if ctx.Err() == nil && prefix != "" && !storage.ValidKey(strings.TrimSuffix(prefix, "/")) {
			return
		}
		for {
			infos, next, err := b.page(ctx, p, pages)
			for _, info := range infos {
				if end := ctx.Err(); end != nil {
					err = end
					break
				}
				if p.Wants(info.Key) && !yield(info, nil) {
					return
				}
			}
			if err != nil {
				yield(storage.BlobInfo{}, b.failed(ctx, "list", prefix, err))
				return
			}
			if next == "" {
				return
			}
			p.Token = next
		}
	}
}

func (b *Bucket) page(ctx context.Context, p Page, pages Pager) (infos []storage.BlobInfo, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	err = b.inTime(ctx, func(ctx context.Context) (err error) {
		infos, next, err = pages(ctx, p)
		return err
	})
	return infos, next, err
}

// PublicURL is the ability storage.PublicURLer of a store: its method PublicURL calls
// it with the driver's address of a valid key. Any other key has none. The ability
// storage.Resizer is made of it too.
func PublicURL(key string, address func(key string) string) string {
	if !storage.ValidKey(key) {
		return ""
	}
	return address(key)
}

// SignedURL is the ability storage.SignedURLer of a store: its method SignedURL calls
// it with what signs. ttl is cut to whole seconds and is an error when it is shorter
// than one second or longer than longest.
func SignedURL(ctx context.Context, b *Bucket, key string, ttl, longest time.Duration,
	sign func(ctx context.Context, key string, ttl time.Duration) (string, error),
) (string, error) {
	if err := b.begin(ctx, "sign", key); err != nil {
		return "", err
	}
	if ttl < time.Second || ttl > longest {
		return "", b.named("sign", key, fmt.Errorf("an address can be signed for %v to %v", time.Second, longest))
	}
	var address string
	err := b.call(ctx, "sign", key, func(ctx context.Context) (err error) {
		address, err = sign(ctx, key, ttl.Truncate(time.Second))
		return err
	})
	if err != nil {
		return "", err
	}
	return address, nil
}

// DirectUpload is the ability storage.DirectUploader of a store: its method
// DirectUpload calls it with what signs a request that Check accepts.
func DirectUpload(ctx context.Context, b *Bucket, r storage.DirectUpload,
	sign func(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error),
) (storage.DirectForm, error) {
	if err := b.begin(ctx, "sign", r.Key); err != nil {
		return storage.DirectForm{}, err
	}
	if err := r.Check(); err != nil {
		return storage.DirectForm{}, b.named("sign", r.Key, err)
	}
	var form storage.DirectForm
	err := b.call(ctx, "sign", r.Key, func(ctx context.Context) (err error) {
		form, err = sign(ctx, r)
		return err
	})
	if err != nil {
		return storage.DirectForm{}, err
	}
	return form, nil
}
