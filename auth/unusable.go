package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
)

// unusable makes ErrFactorUnusable of an error that says that no key opens what r
// keeps, and tells operators which key is missing: they alone can bring it back.
// Other errors stay as they are.
func (s *Service) unusable(ctx context.Context, r authstore.FactorRecord, err error) error {
	if !errors.Is(err, keyring.ErrUnknownKey) && !errors.Is(err, keyring.ErrSealed) {
		return err
	}
	missing := ""
	if gone, ok := errors.AsType[*keyring.UnknownKeyError](err); ok {
		missing = gone.ID
	}
	s.log(ctx, slog.LevelError, authevent.SecondFactorFailed, r.UserID, slog.String("method", r.Kind), slog.String("factor", r.ID),
		slog.String("missing_key", missing), slog.String("error", err.Error()))
	return ErrFactorUnusable
}
