package auth

import (
	"cmp"
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
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// emailChange is what the tickets of a change are bound to.
type emailChange struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Session began the change; it alone outlives it.
	Session string `json:"session,omitempty"`
	// Proved is whether From was proved before.
	Proved bool `json:"proved,omitempty"`
	// Works is when the link to a new address that the host gave begins to work. It is
	// zero for a change by the account itself.
	Works time.Time `json:"works,omitzero"`
}

// handover reports whether the host began the change.
func (ch emailChange) handover() bool { return !ch.Works.IsZero() }

func (s *Service) emailChange(t authstore.Ticket) (ch emailChange, err error) {
	if err := json.Unmarshal(t.Data, &ch); err != nil || ch.From == "" || ch.To == "" {
		return ch, fmt.Errorf("auth: the data of a ticket: %w", errors.Join(err, ErrInvalidToken))
	}
	return ch, nil
}

// errNotThatVersion undoes a transaction whose user has another version than was
// asked for. It is not storage.ErrStale, after which the transaction runs again.
var errNotThatVersion = errors.New("auth: the user has another version")

// BeginEmailChange begins the change of the caller's address to email, see the table in
// docs/account-states.md. It sends a link to the new address, for ConfirmEmailChange, and one
// to the present address, for UndoEmailChange. A change that was begun before is over, and one
// to the present address does nothing. The errors of May are its own. Another version than
// ifVersion, when that is not 0, is storage.ErrStale, and an address of another account is no
// error: its owner is told.
func (s *Service) BeginEmailChange(ctx context.Context, c Client, id Identity, email string, ifVersion int64) error {
	if s.courier == nil {
		return ErrNoCourier
	}
	if err := s.May(ctx, id, authrule.ChangeEmail); err != nil {
		return err
	}
	ctx = withClient(ctx, c)
	if email == id.User.Email {
		return nil
	}
	if err := profile.CheckEmail(email); err != nil {
		return err
	}
	if err := s.takeMail(ctx, c, budgetAddress, authevent.EmailChangeRequested, email, id.User.ID); err != nil {
		return err
	}
	holder, err := s.users.ByEmail(ctx, email)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("auth: looking an account up: %w", err)
	}
	if err == nil && holder.ID == id.User.ID { // another spelling of the own
		holder = profile.User{}
	}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, _, err := s.locked(ctx, id.User.ID)
		if errors.Is(err, ErrInvalidToken) {
			return ErrUnauthenticated
		}
		if err != nil {
			return err
		}
		if ifVersion != 0 && user.Version != ifVersion {
			return errNotThatVersion
		}
		if err := s.spendProof(ctx, id); err != nil {
			return err
		}
		err = s.beginEmailChange(ctx, user, email, id.Session.ID, holder)
		if ifVersion != 0 && errors.Is(err, storage.ErrStale) {
			return errNotThatVersion // it is no more, so that trying again cannot help
		}
		return err
	})
	if errors.Is(err, errNotThatVersion) {
		return storage.ErrStale
	}
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.EmailChangeRequested, id.User.ID)
	return nil
}

// beginEmailChange writes the change and its messages. holder is who has the new
// address already.
func (s *Service) beginEmailChange(ctx context.Context, user profile.User, email, session string, holder profile.User) error {
	now := s.now()
	event := activity.NewEvent(ctx, authevent.EmailChangeRequested, user.ID, now, nil)
	confirm, undo, err := s.writeEmailChange(ctx, user, emailChange{To: email, Session: session}, emailChangeLife, event)
	if err != nil {
		return err
	}
	toNew := authmail.Message{
		Kind: authmail.EmailChange, To: email, UserID: user.ID, Name: user.MailAccount(email), Account: user.MailAccount(email),
		Link: authmail.LinkTo(s.links.EmailChange, confirm.token), ExpiresAt: confirm.ExpiresAt,
	}
	if holder.ID != "" {
		toNew = authmail.Message{
			Kind: authmail.SignUpTaken, To: holder.Email, UserID: holder.ID,
			Name: holder.MailAccount(holder.Email), Account: holder.MailAccount(holder.Email), ExpiresAt: confirm.ExpiresAt,
		}
		if holder.Disabled {
			toNew.To = ""
		}
	}
	toOld := authmail.Message{
		Kind: authmail.EmailChanging, To: user.Email, UserID: user.ID,
		Name: user.MailAccount(user.Email), Account: user.MailAccount(user.Email),
		Link: authmail.LinkTo(s.links.EmailUndo, undo.token), Detail: sourceFor(ctx, user, user.Email), ExpiresAt: undo.ExpiresAt,
	}
	for _, m := range []authmail.Message{toNew, toOld} {
		m.Channel, m.At = authmail.ByEmail, now
		if err := s.courier.Deliver(ctx, m); err != nil {
			return err
		}
	}
	return s.tell(ctx, event)
}

// writeEmailChange writes the change ch of the address that user has, with its event, in the
// transaction of ctx. It returns the secrets of the link that confirms the change, which lives
// for life from the time of the event, and of the one that undoes it.
func (s *Service) writeEmailChange(ctx context.Context, user profile.User, ch emailChange, life time.Duration, event activity.Event) (confirm, undo secret, err error) {
	ch.From, ch.Proved = user.Email, user.EmailVerified
	data, err := json.Marshal(ch)
	if err != nil {
		return secret{}, secret{}, err
	}
	if confirm, err = s.newSecret(forEmailChange, user.ID, data, event.At, life); err != nil {
		return secret{}, secret{}, err
	}
	if undo, err = s.newSecret(forEmailUndo, user.ID, data, event.At, life+emailUndoWindow); err != nil {
		return secret{}, secret{}, err
	}
	if _, err = s.users.Update(ctx, user.ID, profile.Patch{IfVersion: user.Version, PendingEmail: &ch.To}, event); err != nil {
		return secret{}, secret{}, err
	}
	return confirm, undo, s.tickets.AddTickets(ctx, user.ID, forEmailChange, []authstore.Ticket{confirm.Ticket, undo.Ticket})
}

// takeEmailChange takes the ticket of a change of the address. Before a handover works it is
// a *authrule.TooEarlyError, and the ticket stays; so it does while the account is shut, when it
// is storage.ErrNotFound. A ticket that is over is taken away, or a
// clock that is set back would bring it back.
func (s *Service) takeEmailChange(ctx context.Context, p authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	t, err := s.tickets.Ticket(ctx, p, hash, time.Time{})
	if err != nil {
		return authstore.Ticket{}, err
	}
	ch, err := s.emailChange(t)
	if err != nil {
		return authstore.Ticket{}, err
	}
	if t.Alive(now) && ch.handover() {
		// A host may have the account shut until the link works.
		if u, err := s.users.User(ctx, t.UserID); err != nil || shut(u, now) {
			return authstore.Ticket{}, cmp.Or(err, storage.ErrNotFound)
		}
		if now.Before(ch.Works) {
			return authstore.Ticket{}, &authrule.TooEarlyError{From: ch.Works}
		}
	}
	return s.tickets.TakeTicket(ctx, p, hash, now)
}

// ConfirmEmailChange makes the address of a change that was begun the account's,
// by the token of the link to it, and ends all sessions but the one that began
// it. The link of a handover is an *authrule.TooEarlyError until the wait is over. A token
// that is wrong, expired or used, or of a change that is over, is ErrInvalidToken; an
// address that another account got meanwhile, or that is held for one (Config.Holds), is a
// *storage.TakenError, and the change is over.
func (s *Service) ConfirmEmailChange(ctx context.Context, c Client, token string) error {
	ctx = withClient(ctx, c)
	t, err := s.opened(ctx, c, forEmailChange, token, s.takeEmailChange)
	if err != nil {
		return err
	}
	ch, err := s.emailChange(t)
	if err != nil {
		return err
	}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, hash, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != ch.From || user.PendingEmail != ch.To {
			return ErrInvalidToken
		}
		present := hash
		if ch.handover() { // somebody else may know the password that was lost
			present = marked(hash)
		}
		ended, err := s.cutOff(ctx, user, hash, present, ch.Session, byAddress)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.EmailChanged, user.ID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended)})
		patch := profile.Patch{IfVersion: user.Version, Email: &ch.To, EmailVerified: new(true), PendingEmail: new("")}
		if _, err = s.users.Update(ctx, user.ID, patch, event); err != nil {
			return err
		}
		if err := s.unheld(ctx, user.ID, "", ch.To); err != nil {
			return err
		}
		if err := s.holdAddress(ctx, user.ID, ch, t.ExpiresAt); err != nil {
			return err
		}
		if ch.handover() {
			if err := s.sendTakenOver(ctx, patch.Apply(user), false); err != nil {
				return err
			}
		}
		return s.tell(ctx, event)
	})
	if errors.Is(err, storage.ErrTaken) {
		return errors.Join(err, s.endEmailChange(ctx, t.UserID, ch.To))
	}
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.EmailChanged, t.UserID)
	return nil
}

// endEmailChange ends the change to the address to, if that is still the one.
func (s *Service) endEmailChange(ctx context.Context, userID, to string) error {
	return s.whole(ctx, func(ctx context.Context) error {
		user, _, err := s.locked(ctx, userID)
		if errors.Is(err, ErrInvalidToken) || err == nil && user.PendingEmail != to {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = s.users.Update(ctx, userID, profile.Patch{IfVersion: user.Version, PendingEmail: new("")})
		return err
	})
}
