package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// owner returns the user whose present picture has the blob key; for any other
// key it is storage.ErrNotFound.
func (s *Service) owner(ctx context.Context, key string) (userID string, err error) {
	if !storage.ValidKey(key) || strings.HasPrefix(key, directPrefix) {
		return "", fmt.Errorf("picture: %w", storage.ErrNotFound)
	}
	return s.cfg.Ledger.Owner(ctx, key)
}

// Visible reports whether viewer may see the blob key: it is of the present picture
// of somebody who shows it to viewer, by Config.Profiles. public is whether everybody
// may, so that the bytes can be cached for all. What viewer may not see is
// storage.ErrNotFound, exactly as a key that is nobody's; without Profiles that is
// everything but the own picture.
func (s *Service) Visible(ctx context.Context, viewer profile.Viewer, key string) (public bool, err error) {
	owner, err := s.owner(ctx, key)
	if err != nil {
		return false, err
	}
	visible := viewer.UserID == owner
	if s.cfg.Profiles != nil {
		if visible, public, err = s.cfg.Profiles.PictureVisible(ctx, viewer, owner); err != nil {
			return false, err
		}
	}
	if !visible {
		return false, fmt.Errorf("picture: %w", storage.ErrNotFound)
	}
	return public, nil
}

// Open opens a blob of a picture. It does not ask who may see it: ask Visible first.
// A blob that is gone from the store is storage.ErrNotFound too.
func (s *Service) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	blob, info, err := s.cfg.Blobs.Open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("picture: %w", storage.ErrNotFound)
	}
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	if t := info.ContentType; t != "image/jpeg" && t != "image/png" { // not from the pipeline
		blob.Close()
		return nil, storage.BlobInfo{}, errors.New("picture: a blob is of another type than a picture's")
	}
	return blob, info, nil
}
