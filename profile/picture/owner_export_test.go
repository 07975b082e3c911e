package picture

import "context"

// Owner is owner, for tests that look whose picture a key is of.
func (s *Service) Owner(ctx context.Context, key string) (userID string, err error) {
	return s.owner(ctx, key)
}
