package copying

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// What can be wrong with a key.
var (
	// ErrMissing: somebody points to the blob, and neither store has it.
	ErrMissing = errors.New("in neither store")
	// ErrDiffers: both stores have the blob, and not the same.
	ErrDiffers = errors.New("differs between the stores")
	// ErrTooLarge: the blob has more than Config.MaxBytes.
	ErrTooLarge = errors.New("larger than any picture")
)

// blob is all of one.
type blob struct {
	info storage.BlobInfo
	data []byte
}

// copy brings one key to To.
func (r *run) copy(ctx context.Context, key string) (outcome, int64, error) {
	has, err := r.compare(ctx, key, r.Verify)
	switch {
	case err != nil:
		return r.unlessGone(ctx, key, err)
	case has:
		return present, 0, nil
	case r.DryRun:
		return r.look(ctx, key)
	}
	b, err := r.read(ctx, r.From, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrMissing
	}
	if err != nil {
		return r.unlessGone(ctx, key, err)
	}
	err = r.To.Put(ctx, key, bytes.NewReader(b.data), storage.Meta{ContentType: b.info.ContentType, CacheControl: b.info.CacheControl})
	o := copied
	switch {
	case errors.Is(err, fs.ErrExist):
		// Another run was quicker, or an answer was lost.
		o = present
		err = r.same(ctx, b, key)
	case err == nil && r.Verify:
		err = r.same(ctx, b, key)
	}
	if err != nil {
		return none, 0, err
	}
	live, err := r.Keys.Live(ctx, key)
	if err != nil {
		return none, 0, fmt.Errorf("asking whether it is still in use: %w", err)
	}
	if !live {
		// Whoever removed it deleted it where it was, and does not know of To.
		if err := r.To.Delete(ctx, key); err != nil {
			return none, 0, err
		}
		return gone, 0, nil
	}
	return o, int64(len(b.data)), nil
}

// compare reports whether To has key, and fails when From has something else
// under it. What From does not have is not compared.
func (r *run) compare(ctx context.Context, key string, content bool) (has bool, err error) {
	if content {
		b, err := r.read(ctx, r.From, key)
		if errors.Is(err, fs.ErrNotExist) {
			return r.has(ctx, r.To, key)
		}
		if err != nil {
			return false, err
		}
		err = r.same(ctx, b, key)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	to, err := r.stat(ctx, r.To, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	from, err := r.stat(ctx, r.From, key)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err == nil && !alike(from, to) {
		err = ErrDiffers
	}
	return err == nil, err
}

// same fails unless To has b under key, byte for byte.
func (r *run) same(ctx context.Context, b blob, key string) error {
	there, err := r.read(ctx, r.To, key)
	if err == nil && (!alike(b.info, there.info) || !bytes.Equal(b.data, there.data)) {
		err = ErrDiffers
	}
	return err
}

func alike(a, b storage.BlobInfo) bool {
	return a.Size == b.Size && a.ContentType == b.ContentType && a.CacheControl == b.CacheControl
}

// look is what copy would do with a key that To does not have.
func (r *run) look(ctx context.Context, key string) (outcome, int64, error) {
	info, err := r.stat(ctx, r.From, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrMissing
	}
	if err != nil {
		return r.unlessGone(ctx, key, err)
	}
	return copied, info.Size, nil
}

// unlessGone is err, unless nobody points to key any more.
func (r *run) unlessGone(ctx context.Context, key string, err error) (outcome, int64, error) {
	if errors.Is(err, storage.ErrUnavailable) || ctx.Err() != nil {
		return none, 0, err
	}
	live, asked := r.Keys.Live(ctx, key)
	if asked == nil && !live {
		return gone, 0, nil
	}
	return none, 0, err
}

// remove deletes key from From when To has the same.
func (r *run) remove(ctx context.Context, key string) (outcome, int64, error) {
	b, err := r.read(ctx, r.From, key)
	if errors.Is(err, fs.ErrNotExist) {
		return none, 0, nil // never there, or deleted by an earlier run
	}
	if err == nil {
		err = r.same(ctx, b, key)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrMissing // it came when the last pass was over
	}
	if err != nil {
		return r.unlessGone(ctx, key, err)
	}
	if err := r.From.Delete(ctx, key); err != nil {
		return none, 0, err
	}
	return deleted, 0, nil
}

// apart fails when From and To are one store under two addresses: deleting
// from it would lose everything.
func (r *run) apart(ctx context.Context) error {
	key := "copying-" + strings.ToLower(rand.Text())
	if err := r.To.Put(ctx, key, strings.NewReader("probe"), storage.Meta{ContentType: "text/plain"}); err != nil {
		return fmt.Errorf("copying: are the stores two: %w", err)
	}
	one, err := r.has(ctx, r.From, key)
	if gone := r.To.Delete(ctx, key); err == nil {
		err = gone
	}
	switch {
	case err != nil:
		return fmt.Errorf("copying: are the stores two: %w", err)
	case one:
		return errors.New("copying: From and To are the same store; nothing was deleted")
	}
	return nil
}

func (r *run) has(ctx context.Context, s storage.BlobStore, key string) (bool, error) {
	_, err := r.stat(ctx, s, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (r *run) stat(ctx context.Context, s storage.BlobStore, key string) (storage.BlobInfo, error) {
	body, info, err := s.Open(ctx, key)
	if err != nil {
		return info, err
	}
	return info, body.Close()
}

func (r *run) read(ctx context.Context, s storage.BlobStore, key string) (blob, error) {
	body, info, err := s.Open(ctx, key)
	if err != nil {
		return blob{}, err
	}
	defer body.Close()
	if info.Size > r.MaxBytes {
		return blob{}, ErrTooLarge
	}
	var buf bytes.Buffer
	buf.Grow(int(info.Size) + bytes.MinRead)
	if _, err := io.Copy(&buf, io.LimitReader(body, info.Size+1)); err != nil {
		return blob{}, err
	}
	if int64(buf.Len()) != info.Size {
		return blob{}, &storage.UnavailableError{Err: errors.New("the blob did not arrive whole")}
	}
	return blob{info, buf.Bytes()}, nil
}
