package auth

import (
	"context"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
)

func exportKey(userID string) string { return "export:user:" + userID }

// AllowExport is to be called before everything that is kept of the caller is
// handed out: whoever has it needs nothing else. The caller must be Fresh, else
// ErrNotFresh; more than Limits.Export are a *RateLimitedError. It records
// profile.KindExported.
func (s *Service) AllowExport(ctx context.Context, c Client, id Identity) error {
	if err := id.check(); err != nil {
		return err
	}
	if !s.Fresh(id) {
		return ErrNotFresh
	}
	ctx = withClient(ctx, c)
	if err := s.take(ctx, exportKey(id.User.ID), s.limits.Export); err != nil {
		s.refused(ctx, profile.KindExported, id.User.ID, err)
		return err
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		return s.record(ctx, activity.NewEvent(ctx, profile.KindExported, id.User.ID, s.now(), nil))
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, profile.KindExported, id.User.ID)
	return nil
}
