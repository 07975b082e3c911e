package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// newCode makes a code and the ticket of it. So few digits could be guessed from
// a hash: theirs needs the server's key.
func (s *Service) newCode(p authstore.Purpose, userID, sessionID, method string, now time.Time) (string, authstore.Ticket, error) {
	n, err := rand.Int(s.random, big.NewInt(1_000_000))
	if err != nil {
		return "", authstore.Ticket{}, fmt.Errorf("auth: random digits: %w", err)
	}
	code := fmt.Sprintf("%0*d", codeDigits, n)
	mac := s.codes.Keys.MAC(codePurpose, codeText(p, userID, sessionID, method, code))
	return code, authstore.Ticket{
		Hash: [32]byte(mac), Purpose: p, UserID: userID, Data: codeBound(sessionID, method), CreatedAt: now, ExpiresAt: now.Add(codeLife),
	}, nil
}

// codeBound is the Data of a code's ticket: who asked for it, and how it was sent.
func codeBound(sessionID, method string) []byte { return []byte(method + "\n" + sessionID) }

func codeText(p authstore.Purpose, parts ...string) []byte {
	return []byte(string(p) + "\x00" + strings.Join(parts, "\x00"))
}

// tryCode counts a try at the newest code, which must be of the session and the
// method, and then compares it with the answer; it returns what takeCode needs. It
// is not of the transaction that takes the code: what that undoes was tried all the
// same. The window begins at the first try, so that it outlives the code.
func (s *Service) tryCode(ctx context.Context, p authstore.Purpose, userID, sessionID, method, answer string, now time.Time) (sent authstore.Ticket, err error) {
	code := strings.ReplaceAll(answer, " ", "")
	if len(code) != codeDigits || strings.Trim(code, "0123456789") != "" {
		return authstore.Ticket{}, ErrInvalidCode
	}
	// Also those that are over: such a one is taken away at the first try, so that
	// a clock that is set back later brings it not back.
	list, err := s.tickets.Tickets(ctx, userID, p, time.Time{})
	if err != nil {
		return authstore.Ticket{}, fmt.Errorf("auth: reading codes: %w", err)
	}
	if len(list) == 0 || !bytes.Equal(list[0].Data, codeBound(sessionID, method)) {
		return authstore.Ticket{}, ErrInvalidCode
	}
	sent = list[0]
	if !sent.Alive(now) {
		return authstore.Ticket{}, s.endCode(ctx, sent, now)
	}
	err = s.take(ctx, codeKey(sent.Hash), limit.Rule{Limit: codeTries, Window: codeLife})
	switch {
	case errors.Is(err, limit.ErrExceeded):
		return authstore.Ticket{}, s.endCode(ctx, sent, now)
	case err != nil:
		return authstore.Ticket{}, err
	}
	for _, mac := range s.codes.Keys.MACs(codePurpose, codeText(p, userID, sessionID, method, code)) {
		if subtle.ConstantTimeCompare(mac, sent.Hash[:]) == 1 {
			return sent, nil
		}
	}
	return authstore.Ticket{}, ErrInvalidCode
}

// takeCode takes what tryCode found. It may be gone: used, or another was sent.
func (s *Service) takeCode(ctx context.Context, sent authstore.Ticket, now time.Time) error {
	_, err := s.tickets.TakeTicket(ctx, sent.Purpose, sent.Hash, now)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrInvalidCode
	}
	return err
}

// endCode takes a code away that is worth nothing any more: ErrInvalidCode, or
// what went wrong.
func (s *Service) endCode(ctx context.Context, sent authstore.Ticket, now time.Time) error {
	return cmp.Or(s.takeCode(ctx, sent, now), ErrInvalidCode)
}
