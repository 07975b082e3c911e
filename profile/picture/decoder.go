package picture

import (
	"context"
	"errors"
	"fmt"
	"image"
	"runtime/debug"

	"github.com/profilekit/profilekit/storage"
)

// Decoder adds a format to those that are taken. The package
// profile/picture/heic has one for HEIC, profile/picture/rare those of BMP and
// TIFF. It must be safe for concurrent use; JPEG, PNG, GIF and WebP stay with
// the decoders of this package.
//
// Errors of Header and Decode that are *RejectedError, ErrUnsupported, ErrBusy
// or storage.ErrUnavailable reach the caller as they are, those of the context
// too. Every other one, and a panic, tells the sender that the file is damaged.
type Decoder interface {
	// Name is how people call the format, "HEIC".
	Name() string
	// MediaTypes are the types under which browsers send files of the format,
	// "image/heic". A file is told by its bytes and not by its type; the types are for
	// forms of direct uploads, and are shown to clients. A format whose files are not
	// safe to keep as they were sent, even for minutes, has none.
	MediaTypes() []string
	// Sniff reports whether head, the first bytes of a file, begin one that
	// this decoder wants. The other formats are recognised by 512 bytes.
	Sniff(head []byte) bool
	// Header reads the structure of a file, decoding nothing, and refuses more
	// than maxPixels. It runs without a limit of time or memory, on untrusted
	// bytes, also on the first part of a file while the rest is still being
	// read: a file that is cut short is a *RejectedError with ReasonCorrupt,
	// unless what is there makes it clear that it is refused for another reason.
	Header(data []byte, maxPixels int64) (Header, error)
	// Decode returns the picture, which has the sides that Header told of. It
	// must stop soon after ctx has ended, which is when nobody waits for the
	// picture any more.
	Decode(ctx context.Context, data []byte, maxPixels int64) (image.Image, error)
}

// Header is what the structure of a file says about its picture.
type Header struct {
	// Width and Height are those of the picture that Decode returns, in pixels,
	// before it is turned upright.
	Width, Height int
	// Orientation is what must be done to see it upright, in the numbers of
	// EXIF: 1 to 8. Anything else means upright.
	Orientation int
	// Memory is what decoding takes at most, next to the file, in bytes.
	Memory int64
	// Profile is the ICC profile of the colours; nil is sRGB.
	Profile []byte
}

// decoderFor returns the first that wants the file, or nil.
func decoderFor(data []byte, decoders []Decoder) (found Decoder) {
	for _, d := range decoders {
		err := guard(func() error {
			if d.Sniff(data) {
				found = d
			}
			return nil
		})
		if err == nil && found != nil {
			return found
		}
	}
	return nil
}

// inspectOther asks the Decoder, and believes it no more than a file.
func (h *header) inspectOther(data []byte, lim Limits) error {
	var told Header
	err := guard(func() (err error) {
		told, err = h.decoder.Header(data, lim.MaxPixels)
		return err
	})
	if err != nil {
		return decoderError(h.name(), err)
	}
	if err := h.size(told.Width, told.Height, lim.MaxPixels); err != nil {
		return err
	}
	if told.Memory < 0 {
		return corrupt(h.name())
	}
	// Bounded here, so that what is added later does not wrap around.
	h.memory = min(told.Memory, lim.Memory+1)
	h.orientation = upright
	if told.Orientation >= 1 && told.Orientation <= 8 {
		h.orientation = orientation(told.Orientation)
	}
	h.space.whole = told.Profile
	return nil
}

// decodeOther runs in the pool, where panics are caught.
func decodeOther(ctx context.Context, data []byte, h header, maxPixels int64) (image.Image, error) {
	img, err := h.decoder.Decode(ctx, data, maxPixels)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, decoderError(h.name(), err)
	case img == nil:
		return nil, corrupt(h.name())
	}
	return img, nil
}

// decoderError keeps the errors that a Decoder may return; the text of others
// is about bytes.
func decoderError(name string, err error) error {
	var rejected *RejectedError
	var panicked *panicError
	if errors.As(err, &rejected) || errors.As(err, &panicked) ||
		errors.Is(err, ErrUnsupported) || errors.Is(err, ErrBusy) || errors.Is(err, storage.ErrUnavailable) {
		return err
	}
	return corrupt(name)
}

// guard calls do and makes a panic of it an error.
func guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{fmt.Sprint(r), string(debug.Stack())}
		}
	}()
	return do()
}
