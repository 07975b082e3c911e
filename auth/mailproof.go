package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// A code that proves the mailbox has mailCodeLength characters of 5 random bits. That is
// 60 bits for 10 minutes: nobody finds it from its hash, so that it needs no key.
const (
	mailCodeLength = 12
	mailCodeGroup  = 4
)

// hashMailCode is what is kept of such a code, bound to the session that asked for it.
func hashMailCode(id Identity, code string) (hash [32]byte, ok bool) {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
	if len(code) != mailCodeLength || strings.Trim(code, codeAlphabet) != "" {
		return hash, false
	}
	return sha256.Sum256([]byte("profilekit mailbox code\x00" + id.User.ID + "\x00" + id.Session.ID + "\x00" + code)), true
}

// SendMailCode sends a code to the caller's address, for ProveMailbox in the same session:
// once, for 10 minutes, and until another is asked for. An address that was never proved is an
// *input.InvalidError of field "email". Too many messages are a *limit.ExceededError.
func (s *Service) SendMailCode(ctx context.Context, c Client, id Identity) error {
	if err := id.check(); err != nil {
		return err
	}
	if s.courier == nil {
		return ErrNoCourier
	}
	if !id.User.EmailVerified {
		return errUnprovedEmail
	}
	ctx = withClient(ctx, c)
	u, now := id.User, s.now()
	if err := s.takeMail(ctx, c, budgetCode, authevent.Reauthenticated, u.Email, u.ID); err != nil {
		return err
	}
	code, err := s.newGroupedCode(mailCodeLength, mailCodeGroup)
	if err != nil {
		return err
	}
	hash, _ := hashMailCode(id, code)
	ticket := authstore.Ticket{Hash: hash, Purpose: forMailCode, UserID: u.ID, Data: []byte(id.Session.ID), CreatedAt: now, ExpiresAt: now.Add(codeLife)}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.tickets.AddTickets(ctx, u.ID, forMailCode, []authstore.Ticket{ticket}); err != nil {
			return err
		}
		return s.courier.Deliver(ctx, authmail.Message{
			Kind: authmail.Proof, Channel: authmail.ByEmail, To: u.Email, UserID: u.ID, Name: u.MailAccount(u.Email), Code: code,
			Detail: sourceFor(ctx, u, u.Email), At: now, ExpiresAt: ticket.ExpiresAt,
		})
	})
	if err == nil {
		s.log(ctx, slog.LevelInfo, kindToken, u.ID, slog.String("sent", methodMailCode))
	}
	return err
}

// ProveMailbox proves by the code of SendMailCode that the caller reads the mail, for 10
// minutes and in this session, which gets a new token. The session is as Fresh as before,
// unless the account has no password. A wrong code is ErrInvalidCode and counts with those of
// second factors.
func (s *Service) ProveMailbox(ctx context.Context, c Client, id Identity, code string) (Proof, error) {
	if err := id.check(); err != nil {
		return Proof{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	before, err := s.Proofs(ctx, id)
	if err != nil {
		return Proof{}, err
	}
	out, err := s.renewed(id.Session, now)
	if err != nil {
		return Proof{}, err
	}
	if before.State != authrule.MailboxAlone {
		out.Session.ProvedAt = id.Session.ProvedAt
	}
	err = s.tried(ctx, c, id.User, authevent.ReauthenticationFailed, methodMailCode, func() error {
		return s.useMailCode(ctx, id, code, now, func(ctx context.Context) error {
			return s.rotate(ctx, id.Session.TokenHash, out.Session, activity.NewEvent(ctx, authevent.Reauthenticated, id.User.ID, now,
				map[string]string{detailMethod: methodMailCode}))
		})
	})
	if err != nil {
		return Proof{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.Reauthenticated, id.User.ID, slog.String("method", methodMailCode))
	return out, nil
}

// useMailCode takes the code and notes the proof, in one transaction with then.
func (s *Service) useMailCode(ctx context.Context, id Identity, code string, now time.Time, then func(context.Context) error) error {
	if len(code) > maxCode {
		return ErrInvalidCode
	}
	hash, ok := hashMailCode(id, code)
	if !ok {
		return ErrInvalidCode
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		t, err := s.tickets.TakeTicket(ctx, forMailCode, hash, now)
		if errors.Is(err, storage.ErrNotFound) || err == nil && t.UserID != id.User.ID {
			return ErrInvalidCode
		}
		if err != nil {
			return err
		}
		if err := s.noteMailbox(ctx, id.User.ID, id.Session.ID, now); err != nil {
			return err
		}
		return then(ctx)
	})
}

// mailProofLife makes the proof of the mailbox as old as profile.Fresh lets another be.
const mailProofLife = profile.FreshFor + time.Microsecond

// noteMailbox notes, in the transaction of ctx, that the session has proved the mailbox.
func (s *Service) noteMailbox(ctx context.Context, userID, sessionID string, now time.Time) error {
	note, err := s.newSecret(forMailProof, userID, []byte(sessionID), now, mailProofLife)
	if err != nil {
		return err
	}
	return s.tickets.AddTickets(ctx, userID, "", []authstore.Ticket{note.Ticket})
}
