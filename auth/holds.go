package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/profile"
)

// unheld is a *storage.TakenError when the name or the address, which userID has
// just got in the transaction of ctx, is kept for another; "" is not looked at.
func (s *Service) unheld(ctx context.Context, userID, username, email string) error {
	if s.holds == nil {
		return nil
	}
	return profile.CheckHolds(ctx, s.holds, userID, username, email, s.now())
}

// holdAddress keeps the address that the change ch gives up, in its transaction,
// for as long as it can be taken back: no link to undo a change whose own link expires at
// expires is alive after that, also by the clock of another node. An address that was
// never proved is free: whoever signs up with somebody else's address and goes
// on to another must not keep its owner out.
func (s *Service) holdAddress(ctx context.Context, userID string, ch emailChange, expires time.Time) error {
	if s.holds == nil || !ch.Proved {
		return nil
	}
	key, err := profile.EmailHold(ch.From)
	if err != nil {
		return err
	}
	until := expires.Add(emailUndoWindow + profile.Margin)
	if err := s.holds.Hold(ctx, userID, []string{key}, until); err != nil {
		return fmt.Errorf("auth: holding an address: %w", err)
	}
	return nil
}
