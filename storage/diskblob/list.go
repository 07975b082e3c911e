package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// List implements storage.Lister. It reads one folder at a time. A file that
// is no blob of this store ends the sequence with an error only when its name
// could be that of a blob; other names are passed over.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		for _, shard := range shards() {
			if err := ctx.Err(); err != nil {
				yield(storage.BlobInfo{}, err)
				return
			}
			entries, err := s.files.ReadDir(shard)
			if errors.Is(err, fs.ErrNotExist) {
				continue // nothing was put there yet
			}
			if err != nil {
				yield(storage.BlobInfo{}, fmt.Errorf("diskblob: list: %w", mapError(err)))
				return
			}
			for _, e := range entries {
				if !s.listOne(ctx, shard, e, prefix, yield) {
					return
				}
			}
		}
	}
}

// listOne yields the blob of one folder entry, if it is one, and reports
// whether to go on.
func (s *Store) listOne(ctx context.Context, shard string, e fs.DirEntry, prefix string, yield func(storage.BlobInfo, error) bool) bool {
	key := keyOf(e.Name())
	if !storage.ValidKey(key) || fileName(key) != shard+"/"+e.Name() || !strings.HasPrefix(key, prefix) {
		return true
	}
	if err := ctx.Err(); err != nil {
		yield(storage.BlobInfo{}, err)
		return false
	}
	r, info, err := s.openBlob(fileName(key), key)
	switch {
	case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		return true
	case err != nil:
		yield(storage.BlobInfo{}, fmt.Errorf("diskblob: list %s: %w", key, mapError(err)))
		return false
	}
	r.Close()
	return yield(info, nil)
}
