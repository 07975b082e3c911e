package picture

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/profile"
)

// EraseUser gives up every blob of the user, as a profile.Contributor: those in
// use, and those of uploads that never finished. The next Sweep deletes them.
func (s *Service) EraseUser(ctx context.Context, userID string) error {
	keys, err := s.cfg.Ledger.Keys(ctx, userID)
	if err == nil && len(keys) > 0 {
		err = s.cfg.Ledger.Dead(ctx, keys, s.cfg.Now())
	}
	if err != nil {
		return fmt.Errorf("picture: erasing a user: %w", err)
	}
	return nil
}

var _ profile.Contributor = (*Service)(nil)
