package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// shards is how many folders there are.
const shards = 256

func shard(n int) string { return fmt.Sprintf("%02x", n) }

// page lists the blobs of one folder; its token is the number of the folder.
func (s *folder) page(ctx context.Context, p blobs.Page) (infos []storage.BlobInfo, next string, err error) {
	n, _ := strconv.Atoi(p.Token) // "" is the first
	if n+1 < shards {
		next = strconv.Itoa(n + 1)
	}
	entries, err := s.files.ReadDir(shard(n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, next, nil // nothing was put there yet
	}
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		key := keyOf(e.Name())
		if !p.Wants(key) || fileName(key) != shard(n)+"/"+e.Name() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return infos, "", err
		}
		r, info, err := s.openBlob(key)
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
			continue
		case err != nil:
			return infos, "", fmt.Errorf("%s: %w", key, err)
		}
		r.Close()
		infos = append(infos, info)
	}
	return infos, next, nil
}
