package heic

import (
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/profile/picture"
)

// errDamaged: the structure is not what it says. It is given to the caller as
// a *picture.RejectedError.
var errDamaged = errors.New("heic: damaged")

func damaged() error {
	return &picture.RejectedError{Reason: picture.ReasonCorrupt, Limit: "the HEIC file is damaged or cut short"}
}

func tooManyf(what string, most int) error {
	return &picture.RejectedError{Reason: picture.ReasonChunks, Limit: fmt.Sprintf("it has more than the %d %s allowed", most, what)}
}

func tooManyPixels(width, height, most int64) error {
	return &picture.RejectedError{Reason: picture.ReasonPixels, Limit: fmt.Sprintf(
		"it is %d x %d pixels, which is %.1f megapixels; the limit is %.1f",
		width, height, float64(width)*float64(height)/1e6, float64(most)/1e6)}
}

func noSides(width, height int64) error {
	return &picture.RejectedError{Reason: picture.ReasonSides, Limit: fmt.Sprintf(
		"it is %d x %d pixels; both sides must be at least 1", width, height)}
}

// unsupported names a kind of file that this decoder does not take.
type unsupported struct{ what string }

func (e *unsupported) Error() string {
	return e.what + " is not supported; send a JPEG, PNG, GIF, WebP or HEIC picture"
}

func (e *unsupported) Is(target error) bool { return target == picture.ErrUnsupported }

func tooMuchMemory() error {
	return &picture.RejectedError{Reason: picture.ReasonMemory, Limit: "decoding it takes more memory than a picture of its size should"}
}

func tooLong() error {
	return &picture.RejectedError{Reason: picture.ReasonTime, Limit: "decoding it takes too long"}
}
