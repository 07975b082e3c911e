package diskblob

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/profilekit/profilekit/storage"
)

// noLinks is the failure of link(2), which some file systems tell as a lack of
// permission.
type noLinks struct{ err error }

func (e *noLinks) Error() string { return e.err.Error() }
func (e *noLinks) Unwrap() error { return e.err }

// failure turns the disk's failures into the errors of package storage.
func failure(_ string, err error) error {
	switch {
	case isFull(err):
		return full(err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		// Too many open files passes when others are closed.
		return &storage.UnavailableError{Err: err}
	}
	return err
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func full(err error) error { return fmt.Errorf("%w: %w", storage.ErrFull, err) }

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
