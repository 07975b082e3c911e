package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
)

const (
	// defaultWait is Policy.Wait when that is 0.
	defaultWait = 7 * 24 * time.Hour
	// waitWindow is how long a wait that is over may be used.
	waitWindow = 7 * 24 * time.Hour
)

// waiting is the Data of a wait's ticket.
type waiting struct {
	From time.Time `json:"from"`
}

// wait is the account's wait that goes on or may be used at now, nil when there is none,
// and when it began.
func (s *Service) wait(ctx context.Context, userID string, now time.Time) (*authrule.PendingWait, time.Time, error) {
	list, err := s.tickets.Tickets(ctx, userID, forWait, now)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("auth: reading a wait: %w", err)
	}
	if len(list) == 0 {
		return nil, time.Time{}, nil
	}
	var w waiting
	if err := json.Unmarshal(list[0].Data, &w); err != nil || w.From.IsZero() {
		return nil, time.Time{}, fmt.Errorf("auth: the data of a ticket: %w", errors.Join(err, ErrInvalidToken))
	}
	return &authrule.PendingWait{From: w.From, Until: list[0].ExpiresAt}, list[0].CreatedAt, nil
}

// BeginWait begins the wait of somebody who cannot prove the mailbox: after Policy.Wait, and
// for 7 days, it stands for that proof. The address and the phone are told, with a link that
// stops it; a wait that was begun before goes on at its own times. Errors are those of May
// for a change of the address, and too many messages a *limit.ExceededError.
func (s *Service) BeginWait(ctx context.Context, c Client, id Identity) (authrule.PendingWait, error) {
	if err := s.fresh(id); err != nil {
		return authrule.PendingWait{}, err
	}
	p, err := s.Proofs(ctx, id)
	if err != nil {
		return authrule.PendingWait{}, err
	}
	if p.Wait != nil {
		return *p.Wait, nil
	}
	cell := authrule.Of(p.State, authrule.ChangeEmail)
	switch {
	case p.State == authrule.Newcomer:
		return authrule.PendingWait{}, errUnprovedEmail
	case cell.Wait == 0 || !p.Have.Has(cell.Wait):
		return authrule.PendingWait{}, &authrule.NeededError{Change: authrule.ChangeEmail, State: p.State, Have: p.Have}
	}
	ctx = withClient(ctx, c)
	if err := s.takeMails(ctx, c, authevent.WaitBegun, id.User); err != nil {
		return authrule.PendingWait{}, err
	}
	var out authrule.PendingWait
	err = s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		out, err = s.beginWait(ctx, id)
		return err
	})
	if err != nil {
		return authrule.PendingWait{}, err
	}
	s.log(ctx, slog.LevelWarn, authevent.WaitBegun, id.User.ID)
	return out, nil
}

// beginWait writes the wait and its messages.
func (s *Service) beginWait(ctx context.Context, id Identity) (authrule.PendingWait, error) {
	user, err := s.stillIn(ctx, id.Session)
	if err != nil {
		return authrule.PendingWait{}, err
	}
	now := s.now()
	if begun, _, err := s.wait(ctx, user.ID, now); err != nil || begun != nil {
		if begun == nil {
			return authrule.PendingWait{}, err
		}
		return *begun, nil // by a call beside this one
	}
	out := authrule.PendingWait{From: now.Add(s.policy.Wait), Until: now.Add(s.policy.Wait + waitWindow)}
	data, err := json.Marshal(waiting{From: out.From})
	if err != nil {
		return authrule.PendingWait{}, err
	}
	wait, err := s.newSecret(forWait, user.ID, data, now, out.Until.Sub(now))
	if err != nil {
		return authrule.PendingWait{}, err
	}
	stop, err := s.newSecret(forReport, user.ID, []byte(user.Email), now, out.Until.Sub(now))
	if err != nil {
		return authrule.PendingWait{}, err
	}
	event := activity.NewEvent(ctx, authevent.WaitBegun, user.ID, now, nil)
	if err := s.tickets.AddTickets(ctx, user.ID, forWait, []authstore.Ticket{wait.Ticket, stop.Ticket}, event); err != nil {
		return authrule.PendingWait{}, err
	}
	m := authmail.Message{
		Kind: authmail.Wait, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID, Name: user.MailAccount(user.Email),
		Report: authmail.LinkTo(s.links.Report, stop.token), Detail: sourceFor(ctx, user, user.Email), At: now, WorksFrom: out.From, ExpiresAt: out.Until,
	}
	if err := s.tellBoth(ctx, user, m); err != nil {
		return authrule.PendingWait{}, err
	}
	return out, s.tell(ctx, event)
}

// CancelWait calls the account's wait off, if there is one. The session must be older than
// the wait or have proved the mailbox, else it is an *authrule.NeededError: whoever began the
// wait may be the one who asks.
func (s *Service) CancelWait(ctx context.Context, c Client, id Identity) error {
	p, err := s.Proofs(ctx, id)
	if err != nil || p.Wait == nil {
		return err
	}
	ctx = withClient(ctx, c)
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		begun, at, err := s.wait(ctx, id.User.ID, s.now())
		if err != nil || begun == nil {
			return err
		}
		if !id.Session.CreatedAt.Before(at) && !p.Have.Has(authrule.ByMailbox) {
			return &authrule.NeededError{Change: authrule.ChangeEmail, State: p.State, Have: p.Have, WaitUntil: begun.From}
		}
		return s.endWait(ctx, id.User.ID, bySession)
	})
}

// endWait ends the account's wait, if there is one, in the transaction of ctx: because says
// by what, as in the event.
func (s *Service) endWait(ctx context.Context, userID, because string) error {
	if s.courier == nil {
		return nil
	}
	now := s.now()
	// Asked first: what expired is there for a while, and is no news.
	begun, err := s.tickets.Tickets(ctx, userID, forWait, now)
	if err != nil || len(begun) == 0 {
		return err
	}
	if _, err := s.tickets.RemoveTickets(ctx, userID, forWait); err != nil {
		return err
	}
	return s.record(ctx, activity.NewEvent(ctx, authevent.WaitEnded, userID, now, map[string]string{detailReason: because}))
}
