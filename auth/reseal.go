package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// ResealReport is what Reseal found.
type ResealReport struct {
	Factors  int // looked at
	Resealed int // sealed by the first key now
	// Lost are the IDs of factors that no key opens: their owners need recovery
	// codes, or another factor.
	Lost []string
}

// resealPage is how many factors are read at once.
const resealPage = 200

// Reseal seals what Factors keep sealed, such as the seeds of authenticator apps,
// by the key that seals now, so that older keys can be dropped. It may run beside
// sign-ins and on several nodes, and again after it was stopped. It is
// errors.ErrUnsupported when the store is no authstore.FactorWalker, and when a decorator hides
// that a Factor is an authfactor.Resealer.
func (s *Service) Reseal(ctx context.Context) (r ResealReport, err error) {
	walker, err := storage.Need[authstore.FactorWalker](s.factors)
	if err != nil {
		return r, fmt.Errorf("auth: the store of factors: %w", err)
	}
	for kind, f := range s.kinds {
		// Passing over it would look as if its keys were no longer needed.
		if why, hidden := storage.Missing[authfactor.Resealer](f); hidden {
			return r, fmt.Errorf("auth: factors of the kind %q: %w: %s", kind, errors.ErrUnsupported, why)
		}
	}
	after := ""
	for {
		page, err := walker.FactorsAfter(ctx, after, resealPage)
		if err != nil {
			return r, fmt.Errorf("auth: reading factors: %w", err)
		}
		for _, record := range page {
			if err := s.reseal(ctx, walker, record, &r); err != nil {
				return r, err
			}
		}
		if len(page) < resealPage {
			return r, nil
		}
		after = page[len(page)-1].ID
	}
}

func (s *Service) reseal(ctx context.Context, walker authstore.FactorWalker, record authstore.FactorRecord, r *ResealReport) error {
	f, ok := storage.As[authfactor.Resealer](s.kinds[record.Kind])
	if s.sends(record.Kind) {
		f, ok = s.codes, true
	}
	if !ok {
		return nil
	}
	data, changed, err := f.Reseal(record)
	if err != nil && record.Pending { // it opens nothing, and has its end in minutes
		return nil
	}
	r.Factors++
	if err != nil {
		r.Lost = append(r.Lost, record.ID)
		return nil
	}
	if !changed {
		return nil
	}
	err = walker.ReplaceFactorData(ctx, record, data)
	if errors.Is(err, storage.ErrStale) {
		return nil // it is gone, or another run was quicker
	}
	if err != nil {
		return fmt.Errorf("auth: sealing a factor anew: %w", err)
	}
	r.Resealed++
	return nil
}
