package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
)

// mailboxWait is how long a code by e-mail opens nothing after a reset. The link of the
// reset came to the same mailbox: with the code the mailbox would be both proofs.
const mailboxWait = 7 * 24 * time.Hour

// noteReset notes in the transaction of ctx that the password was reset now.
func (s *Service) noteReset(ctx context.Context, userID string) error {
	note, err := s.newSecret(forResetDone, userID, nil, s.now(), mailboxWait)
	if err != nil {
		return err
	}
	return s.tickets.AddTickets(ctx, userID, forResetDone, []authstore.Ticket{note.Ticket})
}

// mailboxWaits is a *authrule.TooEarlyError when the method is a code by e-mail and a reset was
// less than mailboxWait ago. Other methods never wait.
func (s *Service) mailboxWaits(ctx context.Context, userID, method string, now time.Time) error {
	if method != string(authmail.ByEmail) {
		return nil
	}
	done, err := s.tickets.Tickets(ctx, userID, forResetDone, now)
	if err != nil {
		return fmt.Errorf("auth: reading when the password was reset: %w", err)
	}
	if len(done) == 0 {
		return nil
	}
	return &authrule.TooEarlyError{From: done[0].ExpiresAt}
}
