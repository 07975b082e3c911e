package picture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// ExportUser adds the user's picture to a copy, as a personal.Contributor: the
// largest size that the store has.
func (s *Service) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	p, err := s.picture(ctx, userID, a)
	if err != nil || p.Base == "" || len(p.Sizes) == 0 {
		return err
	}
	data, err := s.largest(ctx, p, a)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the picture was replaced since
	}
	if err != nil {
		return fmt.Errorf("picture: exporting a user: %w", err)
	}
	w, err := a.Create("picture."+p.Ext, true)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (s *Service) largest(ctx context.Context, p profile.Picture, a *personal.Archive) ([]byte, error) {
	ctx, cancel := a.Bounded(ctx)
	defer cancel()
	data, _, err := s.read(ctx, Key(p, slices.Max(p.Sizes)))
	return data, err
}

func (s *Service) picture(ctx context.Context, userID string, a *personal.Archive) (profile.Picture, error) {
	ctx, cancel := a.Bounded(ctx)
	defer cancel()
	u, err := s.cfg.Users.User(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return profile.Picture{}, nil
	}
	return u.Picture, err
}

// EraseUser gives up every blob of the user, as a personal.Contributor: those in
// use, and those of uploads that never finished. The next PurgeBlobs deletes them. The
// counter of uploads is forgotten.
func (s *Service) EraseUser(ctx context.Context, userID string) error {
	keys, err := s.cfg.Ledger.Keys(ctx, userID)
	if err == nil && len(keys) > 0 {
		err = s.cfg.Ledger.Dead(ctx, keys, s.cfg.Now())
	}
	if err == nil {
		err = s.cfg.LimitStore.Reset(ctx, uploadKey(userID))
	}
	if err != nil {
		return fmt.Errorf("picture: erasing a user: %w", err)
	}
	return nil
}

// EmptyUser gives up every blob of the user, as a personal.Emptier: the picture is nobody's
// from then on, an upload that runs at this moment fails, and the next PurgeBlobs deletes
// the bytes. Who calls it removes the picture from the user in the same transaction, as
// profile.Patch.Empty does.
func (s *Service) EmptyUser(ctx context.Context, userID string) error {
	keys, err := s.cfg.Ledger.Keys(ctx, userID)
	if err == nil && len(keys) > 0 {
		err = s.cfg.Ledger.Dead(ctx, keys, s.cfg.Now())
	}
	if err != nil {
		return fmt.Errorf("picture: emptying an account: %w", err)
	}
	return nil
}

var (
	_ personal.Contributor = (*Service)(nil)
	_ personal.Emptier     = (*Service)(nil)
)
