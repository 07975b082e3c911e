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
	asked := profile.User{Username: r.Username}
	m := authmail.Message{Kind: authmail.Verify, To: r.Email, Name: asked.MailAccount(r.Email), Account: asked.MailAccount(r.Email)}
	life := verifyLife
	if !free {
		life = 0
		m = authmail.Message{
			Kind: authmail.SignUpTaken, To: holder.Email, UserID: holder.ID,
			Name: holder.MailAccount(holder.Email), Account: holder.MailAccount(holder.Email),
		}
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
		Kind: authmail.Verify, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID,
		Name: user.MailAccount(user.Email), Account: user.MailAccount(user.Email),
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
	if err := s.takeMail(ctx, c, budgetVerify, authevent.EmailVerified, id.User.Email, id.User.ID); err != nil {
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

// Verify proves an address by the token of a link, and in the mode VerifyFirst makes the
// account. A session by of the account itself is asked nothing, has proved the mailbox and
// gets a new token; the Proof is zero in every other case. Everybody else answers by how,
// see docs/account-states.md: without how it is a *ConfirmationError, and the token stays
// good. So it does after a wrong password, ErrInvalidCredentials, of which a token takes 10,
// then *limit.ExceededError. A user name or address that is taken or held for another is a
// *storage.TakenError. A token that is wrong, expired or used is ErrInvalidToken.
func (s *Service) Verify(ctx context.Context, c Client, by Identity, token string, how Confirmation) (Proof, error) {
	ctx = withClient(ctx, c)
	if err := how.check(); err != nil {
		return Proof{}, err
	}
	t, err := s.peek(ctx, c, forVerify, token)
	if err != nil {
		return Proof{}, err
	}
	var in invited
	if err := json.Unmarshal(t.Data, &in); err != nil {
		return Proof{}, fmt.Errorf("auth: the data of a ticket: %w", err)
	}
	switch {
	case in.Hash != "":
		return Proof{}, s.confirmInvited(ctx, c, t, in, how)
	case by.check() == nil && by.User.ID == t.UserID:
		return s.confirmIn(ctx, t, in.Email, by)
	}
	// A session of another account gives no sign of who uses it here.
	return Proof{}, s.confirmAddress(ctx, c, t, in.Email, how)
}

// takeVerify takes the ticket of a confirmation, in the transaction of ctx, so that of
// any number of calls at once one confirms.
func (s *Service) takeVerify(ctx context.Context, t authstore.Ticket) error {
	return s.takeIn(ctx, forVerify, t)
}

// confirmIn proves the address email of the account of a session, in which the link was
// followed.
func (s *Service) confirmIn(ctx context.Context, t authstore.Ticket, email string, by Identity) (Proof, error) {
	out, err := s.renewed(by.Session, s.now())
	if err != nil {
		return Proof{}, err
	}
	out.Session.ProvedAt = by.Session.ProvedAt // the mailbox is no password
	confirmed, err := s.confirmBy(ctx, t, email, methodSession, func(string) bool { return true }, func(ctx context.Context) error {
		if err := s.noteMailbox(ctx, t.UserID, by.Session.ID, s.now()); err != nil {
			return err
		}
		return s.rotate(ctx, by.Session.TokenHash, out.Session)
	})
	if err != nil || !confirmed {
		return Proof{}, err
	}
	return out, nil
}

// confirmAddress proves the address email of an account that is there, for somebody who has
// no session of the account.
func (s *Service) confirmAddress(ctx context.Context, c Client, t authstore.Ticket, email string, how Confirmation) error {
	user, err := s.users.User(ctx, t.UserID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (shut(user, s.now()) || user.Email != email) {
		return ErrInvalidToken
	}
	switch {
	case err != nil:
		return err
	case how.Answer != "":
		return s.takeOver(ctx, t, email, how.Answer)
	case how.Password == "":
		return &ConfirmationError{Username: user.MailAccount(email), Adopted: user.Adopted}
	}
	weak, err := s.withConfirmation(ctx, c, t, how.Password, func(tr tries) (string, error) {
		return s.withPassword(ctx, account{user: user, open: true}, how.Password, tr, func(hash string) error {
			_, err := s.confirmBy(ctx, t, email, methodPassword, func(present string) bool { return present == hash }, nil)
			return err
		})
	})
	if err != nil {
		return err
	}
	s.rehash(ctx, user.ID, weak, how.Password)
	return nil
}

// confirmBy notes that the address email of the ticket's account is proved, and runs then, if
// not nil, in the transaction. Unless proved takes the present hash of the password, it is
// errPasswordMoved. An address that was proved meanwhile is no error: confirmed is false, and
// then is not run.
func (s *Service) confirmBy(ctx context.Context, t authstore.Ticket, email, method string, proved func(hash string) bool, then func(context.Context) error) (confirmed bool, err error) {
	err = s.whole(ctx, func(ctx context.Context) error {
		confirmed = false
		user, hash, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != email {
			return ErrInvalidToken
		}
		if !proved(hash) {
			return errPasswordMoved
		}
		if err := s.takeVerify(ctx, t); err != nil || user.EmailVerified {
			return err
		}
		confirmed = true
		event := activity.NewEvent(ctx, authevent.EmailVerified, user.ID, s.now(), nil)
		if err := s.change(ctx, user, profile.Patch{IfVersion: user.Version, EmailVerified: new(true)}, event); err != nil || then == nil {
			return err
		}
		return then(ctx)
	})
	if err != nil {
		return false, err
	}
	s.log(ctx, slog.LevelInfo, authevent.EmailVerified, t.UserID, slog.String("by", method))
	return confirmed, nil
}

// confirmInvited makes the account of an invitation, or ends the invitation.
func (s *Service) confirmInvited(ctx context.Context, c Client, t authstore.Ticket, in invited, how Confirmation) error {
	if s.signUp == Closed {
		return ErrInvalidToken
	}
	switch {
	case how.Answer == NotMine:
		err := s.tx.InTx(ctx, func(ctx context.Context) error { return s.takeVerify(ctx, t) })
		if err == nil {
			s.log(ctx, slog.LevelInfo, authevent.Registered, "", slog.String("refused", string(NotMine)))
		}
		return err
	case how.Answer == Forgotten:
		_, err := s.createInvited(ctx, t, in, "")
		return err
	case how.Password == "":
		return &ConfirmationError{Username: profile.User{Username: in.Username}.MailAccount(in.Email), Invited: true}
	}
	var user profile.User
	weak, err := s.withConfirmation(ctx, c, t, how.Password, func(tr tries) (string, error) {
		return s.withInvitation(ctx, in.Hash, how.Password, tr, func() (err error) {
			user, err = s.createInvited(ctx, t, in, in.Hash)
			return err
		})
	})
	if err != nil {
		return err
	}
	s.rehash(ctx, user.ID, weak, how.Password)
	return nil
}

// createInvited makes the account of an invitation with the password of hash. Without
// one its owner is sent a link to set the password.
func (s *Service) createInvited(ctx context.Context, t authstore.Ticket, in invited, hash string) (user profile.User, err error) {
	err = s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		event := activity.NewEvent(ctx, authevent.Registered, "", s.now(), nil)
		if err := s.takeVerify(ctx, t); err != nil {
			return err
		}
		user, err = s.users.Create(ctx, profile.User{
			Username: in.Username, Email: in.Email, EmailVerified: true, Role: defaultRole,
		}, event)
		if err != nil {
			return err
		}
		if err := s.unheld(ctx, user.ID, in.Username, in.Email); err != nil {
			return err
		}
		event.UserID = user.ID
		if hash == "" {
			if err := s.sendTakenOver(ctx, user, false); err != nil {
				return err
			}
			return s.tell(ctx, event)
		}
		if err := s.passwords.SetPassword(ctx, user.ID, "", hash); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return profile.User{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.Registered, user.ID, slog.Bool("password", hash != ""))
	return user, nil
}
