package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
)

// Recovery codes let somebody in who lost every other second factor. There are
// recoveryCodes of them in a set, each of recoveryLength characters of 5 random
// bits: 120 bits, so a plain SHA-256 of it is all that need be kept (ASVS 5.0,
// 6.5.2).
const (
	recoveryCodes  = 10
	recoveryLength = 24
	recoveryGroup  = 6
)

// codeAlphabet is Crockford's base32: no i, l, o and u, which are misread.
const codeAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newRecoveryCodes makes a set, and what is kept of it.
func (s *Service) newRecoveryCodes(userID string, now time.Time) (codes []string, tickets []authstore.Ticket, err error) {
	for range recoveryCodes {
		code, err := s.newGroupedCode(recoveryLength, recoveryGroup)
		if err != nil {
			return nil, nil, err
		}
		hash, _ := hashRecoveryCode(userID, code)
		codes = append(codes, code)
		tickets = append(tickets, authstore.Ticket{Hash: hash, Purpose: forRecoveryCode, UserID: userID, CreatedAt: now})
	}
	return codes, tickets, nil
}

// newGroupedCode makes a code of so many characters, each of 5 random bits, with a dash
// after each group.
func (s *Service) newGroupedCode(length, group int) (string, error) {
	raw := make([]byte, length)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return "", fmt.Errorf("auth: random bytes: %w", err)
	}
	var code strings.Builder
	for i, b := range raw {
		if i > 0 && i%group == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(codeAlphabet[b%32])
	}
	return code.String(), nil
}

// hashRecoveryCode is what is kept of a code, bound to its user. The groups, their
// dashes, spaces and the case are for people.
func hashRecoveryCode(userID, code string) (hash [32]byte, ok bool) {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
	if len(code) != recoveryLength || strings.Trim(code, codeAlphabet) != "" {
		return hash, false
	}
	return sha256.Sum256([]byte("profilekit recovery code\x00" + userID + "\x00" + code)), true
}

// RecoveryCodesLeft says how many of the caller's codes are unused.
func (s *Service) RecoveryCodesLeft(ctx context.Context, id Identity) (int, error) {
	if err := id.check(); err != nil {
		return 0, err
	}
	left, err := s.tickets.Tickets(ctx, id.User.ID, forRecoveryCode, s.now())
	return len(left), err
}

// RenewRecoveryCodes makes a new set for a caller who has a second factor, and
// shows it this once; the old set is dead. Without a factor it is ErrNoFactor.
// The errors of May are its own.
func (s *Service) RenewRecoveryCodes(ctx context.Context, c Client, id Identity) ([]string, error) {
	if err := s.May(ctx, id, authrule.RenewCodes); err != nil {
		return nil, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	codes, tickets, err := s.newRecoveryCodes(id.User.ID, now)
	if err != nil {
		return nil, err
	}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		records, err := s.confirmed(ctx, id.User.ID)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return ErrNoFactor
		}
		if err := s.endRecovery(ctx, id.User.ID, byFactors); err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.RecoveryCodesMade, id.User.ID, now, nil)
		if err := s.tickets.AddTickets(ctx, id.User.ID, forRecoveryCode, tickets, event); err != nil {
			return err
		}
		if err := s.spendProof(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return nil, err
	}
	s.log(ctx, slog.LevelInfo, authevent.RecoveryCodesMade, id.User.ID)
	return codes, nil
}
