package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/profilekit/profilekit/internal/overtime"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// follow has the Service act on what changes who may see a picture. A public
// address is taken away before the change that hides the picture is written: a
// crash between the two leaves a hidden address rather than a known one.
func (s *Service) follow() error {
	if s.cfg.Deletions != nil {
		s.cfg.Deletions.Observe(profile.DeletionObserver{
			Before: func(ctx context.Context, c profile.DeletionChange) error {
				if c.At.IsZero() {
					return nil
				}
				return s.hide(ctx, c.User.ID)
			},
			// Also after a deletion that was begun: an upload may have ended between.
			After: func(ctx context.Context, c profile.DeletionChange, _ error) { s.settleLater(ctx, c.User.ID) },
		})
	}
	if s.urls == nil {
		return nil
	}
	return s.cfg.Profiles.ObservePrivacy(settings.Observer[profile.Privacy]{
		Before: func(ctx context.Context, c settings.Change[profile.Privacy]) error {
			if c.New.ShownToAll("picture") {
				return nil
			}
			return s.hide(ctx, c.UserID)
		},
		After: func(ctx context.Context, c settings.Change[profile.Privacy], _ error) { s.settleLater(ctx, c.UserID) },
	})
}

// hide is Conceal of a user who may not be there.
func (s *Service) hide(ctx context.Context, userID string) error {
	_, err := s.Conceal(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// settleLater is Settle after a change, also when the caller has gone. When that fails
// after a change that hid the picture its addresses are hidden ones, which is safe.
func (s *Service) settleLater(ctx context.Context, userID string) {
	ctx, cancel := overtime.Context(ctx, cleanupTime)
	defer cancel()
	if _, err := s.Settle(ctx, userID); err != nil && !errors.Is(err, storage.ErrNotFound) {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "picture: a picture's addresses do not follow its owner's privacy yet",
			slog.String("user", userID), slog.Any("error", err))
	}
}

// Settle makes the user's picture as public or private as Config.Profiles says
// and returns the user. The Service calls it by itself after every change of the
// owner's privacy and after a deletion that was taken back. A host calls it after
// what only the host can change, such as disabling an account.
//
// A picture that goes private is copied to fresh keys that nobody was told,
// and the blobs under the old keys are deleted. When the call returns, the old
// addresses are dead as far as the store goes:
//
//   - on disk and in memory there are no public addresses; the host looks at
//     who asks every time;
//   - in S3 and Firebase the object is gone at once; a network of caches or a
//     browser that has it may show it until its time is over, a year unless
//     the network is told to forget it. Give Options.PublicBase only to a
//     network that you can tell;
//   - when the deletion fails its error is returned, and the purge repeats it;
//   - Cloudinary is asked to forget its copies, which takes up to an hour.
func (s *Service) Settle(ctx context.Context, userID string) (profile.User, error) {
	u, err := s.cfg.Users.User(ctx, userID)
	if err != nil || u.Picture.Base == "" || s.urls == nil && !u.Picture.Public {
		return u, err
	}
	public, err := s.public(ctx, userID)
	switch {
	case err != nil || public == u.Picture.Public:
		return u, err
	case !public:
		return s.conceal(ctx, u)
	}
	p := u.Picture
	p.Public = true
	after, outcome, err := s.point(ctx, userID, change{to: p, from: p.Base})
	if errors.Is(err, errReplaced) && outcome == rolledBack {
		return s.cfg.Users.User(ctx, userID) // who replaced it has settled it
	}
	if err != nil {
		return after, err
	}
	// The owner may have gone private since the question.
	if public, err = s.public(ctx, userID); err != nil || public {
		return after, err
	}
	return s.conceal(ctx, after)
}

// Conceal takes away the public addresses of the user's picture, if it has
// some, whatever Config.Profiles says, and returns the user.
func (s *Service) Conceal(ctx context.Context, userID string) (profile.User, error) {
	u, err := s.cfg.Users.User(ctx, userID)
	if err != nil || !u.Picture.Public {
		return u, err
	}
	return s.conceal(ctx, u)
}

// public reports whether the store's addresses may be told.
func (s *Service) public(ctx context.Context, userID string) (bool, error) {
	if s.urls == nil {
		return false, nil
	}
	_, public, err := s.cfg.Profiles.PictureVisible(ctx, profile.Viewer{}, userID)
	if err != nil {
		return false, fmt.Errorf("picture: who may see it: %w", err)
	}
	return public, nil
}

// conceal moves the picture to fresh keys, in the order of an upload, so that
// a crash leaves the old picture or the new one.
func (s *Service) conceal(ctx context.Context, u profile.User) (profile.User, error) {
	old := u.Picture
	blobs := make([]blob, 0, len(old.Sizes))
	fresh := old
	fresh.Public = false
	base, err := newBase(s.cfg.Rand)
	if err != nil {
		return profile.User{}, err
	}
	fresh.Base = base
	for _, size := range old.Sizes {
		data, contentType, err := s.read(ctx, Key(old, size))
		if err != nil {
			return profile.User{}, err
		}
		blobs = append(blobs, blob{Key(fresh, size), contentType, data})
	}
	after, err := s.replace(ctx, u.ID, change{to: fresh, from: old.Base}, blobs)
	if errors.Is(err, errReplaced) {
		// Somebody else moved, replaced or removed it; what is there now may be
		// public again, from before the owner's change.
		return s.Conceal(ctx, u.ID)
	}
	if err != nil {
		return profile.User{}, err
	}
	// At once, since the addresses are known. They stay dead in the ledger, and
	// the purge deletes them once more.
	_, err = s.deleteBlobs(ctx, keys(old))
	return after, err
}

func (s *Service) read(ctx context.Context, key string) (data []byte, contentType string, err error) {
	r, info, err := s.cfg.Blobs.Open(ctx, key)
	if err != nil {
		return nil, "", fmt.Errorf("picture: store: %w", err)
	}
	defer r.Close()
	if info.Size > s.cfg.Limits.MaxBytes {
		return nil, "", &storage.UnavailableError{Err: errors.New("picture: a blob is larger than any of ours")}
	}
	data, err = io.ReadAll(io.LimitReader(r, s.cfg.Limits.MaxBytes))
	if err != nil {
		return nil, "", fmt.Errorf("picture: store: %w", err)
	}
	return data, info.ContentType, nil
}
