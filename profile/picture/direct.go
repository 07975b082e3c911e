package picture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/profilekit/profilekit/internal/overtime"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

const (
	// directPrefix begins the keys of files that were sent to the store
	// directly: not of pictures, and never served.
	directPrefix = "in/"
	// directLinger is how long after a form was made the store may still get
	// something by it: a request that begins in time may take a while. Until
	// then the ledger remembers the key.
	directLinger = storage.MaxDirectTTL + 10*time.Minute
)

// DirectUpload is permission to send one file to the store, past the host.
type DirectUpload struct {
	// ID is for CompleteDirect.
	ID string
	// MaxBytes is the longest file that the store takes by it.
	MaxBytes int64
	storage.DirectForm
}

// BeginDirect lets the user send one file to the store itself, within
// storage.MaxDirectTTL: of the type named, a picture's, and of 1 to
// Limits.MaxBytes bytes, under a fresh key that nobody else may write. What
// arrives is nothing until CompleteDirect has made a picture of it; a file that
// is never completed is the purge's, DefaultPendingAge after the form's end.
//
// A type that is not a picture's is a *input.InvalidError of "contentType";
// without CanDirect the error matches errors.ErrUnsupported. It counts as the
// upload, so that CompleteDirect does not: more than Policy.UploadLimit are a
// *limit.ExceededError. The form is a secret of the user's: it is not to be logged.
func (s *Service) BeginDirect(ctx context.Context, userID, contentType string) (DirectUpload, error) {
	if !s.CanDirect() {
		return DirectUpload{}, fmt.Errorf("picture: direct upload: %w", errors.ErrUnsupported)
	}
	if !slices.Contains(s.Types(), contentType) {
		return DirectUpload{}, input.Invalid(input.OneOf("contentType", s.Types()...))
	}
	if err := s.limiter.Take(ctx, uploadKey(userID), s.cfg.UploadLimit); err != nil {
		return DirectUpload{}, err
	}
	id, err := newBase(s.cfg.Rand)
	if err != nil {
		return DirectUpload{}, err
	}
	form, err := s.direct.DirectUpload(ctx, storage.DirectUpload{
		Key: directPrefix + id, ContentType: contentType,
		MinBytes: 1, MaxBytes: s.cfg.Limits.MaxBytes, TTL: storage.MaxDirectTTL,
	})
	if err != nil {
		return DirectUpload{}, fmt.Errorf("picture: direct upload: %w", err)
	}
	// The key counts as pending from the form's end on, so that no purge, of
	// whatever age, forgets it while something can arrive.
	if err := s.cfg.Ledger.Reserve(ctx, userID, []string{directPrefix + id}, s.cfg.Now().Add(directLinger)); err != nil {
		return DirectUpload{}, err
	}
	return DirectUpload{ID: id, MaxBytes: s.cfg.Limits.MaxBytes, DirectForm: form}, nil
}

// Types are the media types of the formats that the pipeline takes, and the only ones
// that BeginDirect does.
func (s *Service) Types() []string {
	types := []string{"image/jpeg", "image/png", "image/gif", "image/webp"}
	for _, d := range s.cfg.Decoders {
		types = append(types, d.MediaTypes()...)
	}
	return types
}

// CompleteDirect makes the file that the user sent by the form of that ID the
// user's picture, as Put does, with the errors of Put. The file is deleted
// then, also when it is refused. An ID works once: of two calls at the same
// time one may succeed. One of another user, used or purged is
// storage.ErrNotFound.
//
// Trying again helps after ErrBusy, storage.ErrUnavailable, storage.ErrStale and when
// nothing has arrived yet, which is storage.ErrNotFound too; after any other error,
// that of an ended ctx too, the upload has to begin anew.
func (s *Service) CompleteDirect(ctx context.Context, userID, id string, o PutOptions) (profile.User, error) {
	if !s.CanDirect() || !isBase(id) {
		return profile.User{}, fmt.Errorf("picture: direct upload: %w", storage.ErrNotFound)
	}
	// Before the upload is taken, so that it can be completed by who reads again.
	if o.IfVersion != 0 {
		if _, err := s.present(ctx, userID, o.IfVersion); err != nil {
			return profile.User{}, err
		}
	}
	key := directPrefix + id
	// Taken first, so that nobody has one file decoded many times over. One that is
	// given back after it was decoded counts as an upload again.
	if err := s.taker.Take(ctx, userID, key, s.cfg.Now().Add(directLinger)); err != nil {
		return profile.User{}, err
	}
	u, again, err := s.putDirect(ctx, userID, key, o)
	ctx, cancel := overtime.Context(ctx, cleanupTime)
	defer cancel()
	if again {
		if err := s.taker.GiveBack(ctx, userID, key, s.cfg.Now().Add(directLinger)); err != nil {
			s.cfg.Logger.WarnContext(ctx, "picture: a direct upload cannot be tried again", "error", err)
		}
		return profile.User{}, err
	}
	// The purge deletes it once more, when the form has ended.
	if derr := s.cfg.Blobs.Delete(ctx, key); derr != nil {
		s.cfg.Logger.WarnContext(ctx, "picture: could not delete the file of a direct upload", "error", derr)
	}
	return u, err
}

// putDirect is Put of what has arrived. again: it is no fault of the file.
func (s *Service) putDirect(ctx context.Context, userID, key string, o PutOptions) (u profile.User, again bool, err error) {
	src, info, err := s.cfg.Blobs.Open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return profile.User{}, true, fmt.Errorf("picture: direct upload: nothing has arrived: %w", storage.ErrNotFound)
	}
	if err != nil {
		return profile.User{}, errors.Is(err, storage.ErrUnavailable), fmt.Errorf("picture: direct upload: %w", err)
	}
	defer src.Close()
	if info.Size > s.cfg.Limits.MaxBytes {
		return profile.User{}, false, &tooLargeError{s.cfg.Limits.MaxBytes}
	}
	u, err = s.put(ctx, userID, src, o)
	if errors.Is(err, storage.ErrStale) && s.limiter.Take(ctx, uploadKey(userID), s.cfg.UploadLimit) != nil {
		return u, false, err // it was decoded for nothing as often as may be
	}
	again = errors.Is(err, ErrBusy) || errors.Is(err, storage.ErrStale) || errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrUnknownOutcome)
	return u, again, err
}
