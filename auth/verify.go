package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// invited is the Data of a ticket forVerify: the address that it proves and, when
// there is no account yet, what that will be made of.
type invited struct {
	Email    string `json:"email"`
	Username string `json:"username,omitempty"`
	Hash     string `json:"hash,omitempty"`
}

// invite sends the link that makes the account, or tells the owner of the address
// that there is one: the same work either way. Nothing is kept but in the
// link's ticket, so whoever signed up with an address first has nothing of it.
func (s *Service) invite(ctx context.Context, r Registration, hash string) error {
	holder, err := s.users.ByEmail(ctx, r.Email)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("auth: looking an account up: %w", err)
	}
	now, free := s.now(), err != nil
	nobody, err := s.stranger()
	if err != nil {
		return err
	}
	data, err := json.Marshal(invited{Email: r.Email, Username: r.Username, Hash: hash})
	if err != nil {
		return err
	}
	m := authmail.Message{Kind: authmail.Verify, To: r.Email, Name: profile.User{Username: r.Username}.MailName(r.Email)}
	life := verifyLife
	if !free {
		life = 0
		m = authmail.Message{Kind: authmail.SignUpTaken, To: holder.Email, UserID: holder.ID, Name: holder.MailName(holder.Email)}
		if holder.Disabled {
			m.To = ""
		}
	}
	verify, err := s.newSecret(forVerify, nobody, data, now, life)
	if err != nil {
		return err
	}
	m.Channel, m.At, m.ExpiresAt = authmail.ByEmail, now, now.Add(verifyLife)
	if free {
		m.Link = authmail.LinkTo(s.links.Verify, verify.token)
	}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.tickets.AddTickets(ctx, nobody, "", []authstore.Ticket{verify.Ticket}); err != nil {
			return err
		}
		return s.courier.Deliver(ctx, m)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.Registered, "", slog.String("invited", strconv.FormatBool(free)))
	return nil
}

// sendVerify writes the link that proves the user's address, and the message
// that brings it, in the transaction of ctx. Earlier ones are dead.
func (s *Service) sendVerify(ctx context.Context, user profile.User, now time.Time) error {
	data, err := json.Marshal(invited{Email: user.Email})
	if err != nil {
		return err
	}
	verify, err := s.newSecret(forVerify, user.ID, data, now, verifyLife)
	if err != nil {
		return err
	}
	report, err := s.newSecret(forReport, user.ID, []byte(user.Email), now, reportLife)
	if err != nil {
		return err
	}
	if err := s.tickets.AddTickets(ctx, user.ID, forVerify, []authstore.Ticket{verify.Ticket, report.Ticket}); err != nil {
		return err
	}
	return s.courier.Deliver(ctx, authmail.Message{
		Kind: authmail.Verify, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID, Name: user.MailName(user.Email),
		Link: authmail.LinkTo(s.links.Verify, verify.token), Report: authmail.LinkTo(s.links.Report, report.token),
		At: now, ExpiresAt: verify.ExpiresAt,
	})
}

// ResendVerify sends the link that proves the caller's address again; the one
// before is dead. It does nothing when the address is proved. Too many are a
// *limit.ExceededError.
func (s *Service) ResendVerify(ctx context.Context, c Client, id Identity) error {
	if err := id.check(); err != nil {
		return err
	}
	if s.courier == nil {
		return ErrNoCourier
	}
	if id.User.EmailVerified {
		return nil
	}
	ctx = withClient(ctx, c)
	if err := s.takeMail(ctx, c, authevent.EmailVerified, id.User.Email, id.User.ID); err != nil {
		return err
	}
	return s.whole(ctx, func(ctx context.Context) error {
		user, _, err := s.locked(ctx, id.User.ID)
		if errors.Is(err, ErrInvalidToken) {
			return ErrUnauthenticated
		}
		if err != nil || user.EmailVerified {
			return err
		}
		return s.sendVerify(ctx, user, s.now())
	})
}

// Verify proves an address by the token of a link.
//
// In the mode VerifyFirst it makes the account; a user name or address that was
// taken meanwhile, or is held for another account, is a *storage.TakenError.
//
// Otherwise the account is there, made by somebody who said to have the address.
// by is who follows the link, the zero Identity for nobody who is signed in. When
// that is the account itself, it was the same person, and all stays. When not,
// it may have been another: who reads the mail now owns the account, and its
// password, sessions, factors, phone and all that was begun are removed; a link
// to set a password is sent.
//
// A token that is wrong, expired or used is ErrInvalidToken.
func (s *Service) Verify(ctx context.Context, c Client, by Identity, token string) error {
	ctx = withClient(ctx, c)
	t, err := s.redeem(ctx, c, forVerify, token)
	if err != nil {
		return err
	}
	var in invited
	if err := json.Unmarshal(t.Data, &in); err != nil {
		return fmt.Errorf("auth: the data of a ticket: %w", err)
	}
	if in.Hash != "" {
		return s.createInvited(ctx, in)
	}
	// Who is signed in but gave no sign of it in a session of this account is
	// nobody here.
	same := by.check() == nil && by.User.ID == t.UserID
	err = s.whole(ctx, func(ctx context.Context) error {
		user, old, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != in.Email {
			return ErrInvalidToken
		}
		if user.EmailVerified {
			return nil
		}
		patch := profile.Patch{IfVersion: user.Version, EmailVerified: new(true)}
		var detail map[string]string
		if !same {
			ended, err := s.cutOff(ctx, user, old, "", "", byAddress)
			if err != nil {
				return err
			}
			if err := s.disown(ctx, user, &patch); err != nil {
				return err
			}
			detail = map[string]string{detailEnded: strconv.Itoa(ended)}
		}
		event := activity.NewEvent(ctx, authevent.EmailVerified, user.ID, s.now(), detail)
		if err := s.change(ctx, user, patch, event); err != nil || s.courier == nil {
			return err
		}
		if same {
			// The link came to the mailbox, and was followed in this session.
			return s.noteMailbox(ctx, user.ID, by.Session.ID, s.now())
		}
		return s.sendReset(ctx, user, s.now())
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.EmailVerified, t.UserID, slog.Bool("kept", same))
	return nil
}

// createInvited makes the account of an invitation.
func (s *Service) createInvited(ctx context.Context, in invited) error {
	if s.signUp == Closed {
		return ErrInvalidToken
	}
	var user profile.User
	event := activity.NewEvent(ctx, authevent.Registered, "", s.now(), nil)
	err := s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		user, err = s.users.Create(ctx, profile.User{
			Username: in.Username, Email: in.Email, EmailVerified: true, Role: defaultRole,
		}, event)
		if err != nil {
			return err
		}
		if err := s.unheld(ctx, user.ID, in.Username, in.Email); err != nil {
			return err
		}
		if err := s.passwords.SetPassword(ctx, user.ID, "", in.Hash); err != nil {
			return err
		}
		event.UserID = user.ID
		return s.tell(ctx, event)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.Registered, user.ID)
	return nil
}
