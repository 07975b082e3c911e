package picture

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/storage"
)

// Bounds of Policy.SignedFor.
const (
	MinSignedFor = 10 * time.Second
	MaxSignedFor = 15 * time.Minute
)

// Policy is what a host decides about pictures. The zero value is a good start.
type Policy struct {
	// UploadLimit is how often one user may Put or BeginDirect; the zero Rule is
	// DefaultUploadLimit.
	UploadLimit limit.Rule
	// Limits bound one file.
	Limits Limits
	// Decoders take formats beside JPEG, PNG, GIF and WebP: HEIC with package
	// profile/picture/heic, BMP and TIFF with profile/picture/rare. See
	// Options.Decoders.
	Decoders []Decoder
	// Background, an opaque color, is what shows where a picture is transparent; nil
	// keeps the transparency, as PNG. See Options.Background.
	Background color.Color
	// Direct lets browsers send files to the store themselves: see BeginDirect. The
	// store must be a storage.DirectUploader and the ledger a storage.LedgerTaker, which
	// New demands, and the store's own rules for other origins (CORS) must allow POST
	// from the pages.
	Direct bool
	// SignedFor, from MinSignedFor to MaxSignedFor, has whoever may see a picture led to
	// an address of the store's that is good for so long. It saves the host the bytes.
	// Such an address works for everybody who is given it, whatever the owner decides
	// before it ends, and the headers of the picture are the store's. The store must be
	// a storage.SignedURLer, which New demands. 0 is off: the bytes come from the host,
	// which looks each time.
	SignedFor time.Duration
}

// abilities are what the stores of a Service can do beyond their interfaces, as
// storage.As finds it. What is nil is off.
type abilities struct {
	urls   storage.PublicURLer // public pictures have addresses
	resize storage.Resizer     // and these come in every size
	direct storage.DirectUploader
	taker  storage.LedgerTaker
	signer storage.SignedURLer
}

// findAbilities looks for what cfg asks for, and fails where something of it is missing.
func findAbilities(cfg Config) (a abilities, err error) {
	if cfg.Profiles != nil {
		a.urls, _ = storage.As[storage.PublicURLer](cfg.Blobs)
	}
	if a.urls != nil {
		a.resize, _ = storage.As[storage.Resizer](cfg.Blobs)
	}
	if cfg.Direct {
		if a.direct, err = storage.Need[storage.DirectUploader](cfg.Blobs); err != nil {
			return a, fmt.Errorf("picture: Policy.Direct: %w", err)
		}
		if a.taker, err = storage.Need[storage.LedgerTaker](cfg.Ledger); err != nil {
			return a, fmt.Errorf("picture: Policy.Direct: %w", err)
		}
	}
	if cfg.SignedFor != 0 {
		if cfg.SignedFor < MinSignedFor || cfg.SignedFor > MaxSignedFor {
			return a, fmt.Errorf("picture: Policy.SignedFor must be 0 or from %v to %v", MinSignedFor, MaxSignedFor)
		}
		if a.signer, err = storage.Need[storage.SignedURLer](cfg.Blobs); err != nil {
			return a, fmt.Errorf("picture: Policy.SignedFor: %w", err)
		}
	}
	return a, nil
}

// CanDirect reports whether BeginDirect works: see Policy.Direct.
func (s *Service) CanDirect() bool { return s.direct != nil }

// SignedFor is how long the addresses of SignedURL are good; 0 is that there are none.
func (s *Service) SignedFor() time.Duration { return s.cfg.SignedFor }

// SignedURL returns an address of the store's that opens the blob of that key for
// SignedFor from now. Whoever is given it must be allowed to see the picture: see
// Visible. Without Policy.SignedFor the error matches errors.ErrUnsupported.
func (s *Service) SignedURL(ctx context.Context, key string) (string, error) {
	if s.signer == nil {
		return "", fmt.Errorf("picture: signed addresses: %w", errors.ErrUnsupported)
	}
	address, err := s.signer.SignedURL(ctx, key, s.cfg.SignedFor)
	if err != nil {
		return "", fmt.Errorf("picture: signing an address: %w", err)
	}
	return address, nil
}
