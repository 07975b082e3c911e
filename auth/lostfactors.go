package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
)

// FactorRecovery is the way back for somebody who lost every second factor and
// the recovery codes: after the password, a link to the stored address that
// works only after Wait, and the password again. The zero value leaves it out.
// See docs/account-states.md for what it is worth.
type FactorRecovery struct {
	// Wait is the cooling-off time, at least LeastRecoveryWait.
	Wait time.Duration
	// AnyWait lifts that least. It is for tests only.
	AnyWait bool
}

const (
	// RecoveryWait is the usual FactorRecovery.Wait: over a weekend.
	RecoveryWait = 72 * time.Hour
	// LeastRecoveryWait is the least FactorRecovery.Wait.
	LeastRecoveryWait = 24 * time.Hour
	// recoveryWindow is how long the link works after the wait.
	recoveryWindow = 7 * 24 * time.Hour
)

func (f FactorRecovery) check(courier authmail.Courier, links authmail.Links) error {
	switch {
	case f == FactorRecovery{}:
		return nil
	case f.Wait <= 0, f.Wait < LeastRecoveryWait && !f.AnyWait:
		return fmt.Errorf("auth: Config.FactorRecovery.Wait must be at least %v", LeastRecoveryWait)
	case courier == nil:
		return errors.New("auth: Config.FactorRecovery needs a Courier")
	}
	if links.Recover == "" {
		return errors.New("auth: Config.FactorRecovery needs Links.Recover")
	}
	return nil
}

// lostFactors is what the ticket of a recovery is bound to.
type lostFactors struct {
	Email string    `json:"email"`
	From  time.Time `json:"from"`
	// Host says that the host began it: then it goes on without Config.FactorRecovery.
	Host bool `json:"host,omitempty"`
}

// BeginFactorRecovery begins the removal of the second factors of somebody whose password
// was right, see the table in docs/account-states.md. It sends a link to the stored address,
// which RecoverFactors takes after the wait, with one that stops it, and tells the phone too.
// A recovery that was begun before goes on: its times stay, and its link is sent anew.
//
// An address that was never proved is an *input.InvalidError of field "email". Without
// Config.FactorRecovery, or a factor to lose, it is ErrNoFactor; too many messages are a
// *limit.ExceededError.
func (s *Service) BeginFactorRecovery(ctx context.Context, c Client, half HalfIdentity) (authrule.PendingWait, error) {
	if err := half.check(); err != nil {
		return authrule.PendingWait{}, err
	}
	if s.recovery.Wait == 0 {
		return authrule.PendingWait{}, ErrNoFactor
	}
	if !half.User.EmailVerified {
		// Told to who has the password only, and otherwise found out after days.
		return authrule.PendingWait{}, errUnprovedEmail
	}
	ctx = withClient(ctx, c)
	if err := s.takeMails(ctx, c, authevent.RecoveryRequested, half.User); err != nil {
		return authrule.PendingWait{}, err
	}
	var out authrule.PendingWait
	var again bool
	err := s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		user, err := s.stillIn(ctx, half.Session)
		if err != nil {
			return err
		}
		if !user.EmailVerified {
			return errUnprovedEmail
		}
		out, again, err = s.beginRecovery(ctx, user, recoveryBegins{wait: s.recovery.Wait, kind: authmail.FactorRecovery})
		return err
	})
	if err != nil {
		return authrule.PendingWait{}, err
	}
	s.log(ctx, slog.LevelWarn, authevent.RecoveryRequested, half.User.ID, slog.Bool("again", again))
	return out, nil
}

var errUnprovedEmail = input.Invalid(input.New("email", input.Unconfirmed, nil))

// recoveryBegins is what differs between a recovery that its owner begins and one that the
// host begins.
type recoveryBegins struct {
	wait   time.Duration
	kind   authmail.Kind
	detail map[string]string // of the event
}

// beginRecovery writes the links and their messages. again says that the
// recovery was begun before, and keeps its times.
func (s *Service) beginRecovery(ctx context.Context, user profile.User, by recoveryBegins) (out authrule.PendingWait, again bool, err error) {
	now := s.now()
	factors, err := s.confirmed(ctx, user.ID)
	if err != nil {
		return out, false, err
	}
	if len(factors) == 0 {
		return out, false, ErrNoFactor
	}
	lost, out, again, err := s.recoveryBegun(ctx, user.ID, factors, now)
	if err != nil {
		return out, false, err
	}
	if !again {
		out = authrule.PendingWait{From: now.Add(by.wait), Until: now.Add(by.wait + recoveryWindow)}
	}
	byHost := by.kind == authmail.FactorRemoval || lost.Host
	data, err := json.Marshal(lostFactors{Email: user.Email, From: out.From, Host: byHost})
	if err != nil {
		return out, false, err
	}
	link, err := s.newSecret(forLostFactors, user.ID, data, now, out.Until.Sub(now))
	if err != nil {
		return out, false, err
	}
	// A report stops it: whoever asked for this may not be the owner.
	stop, err := s.newSecret(forReport, user.ID, []byte(user.Email), now, out.Until.Sub(now))
	if err != nil {
		return out, false, err
	}
	var events []activity.Event
	if !again {
		events = append(events, activity.NewEvent(ctx, authevent.RecoveryRequested, user.ID, now, by.detail))
	}
	if err := s.tickets.AddTickets(ctx, user.ID, forLostFactors, []authstore.Ticket{link.Ticket, stop.Ticket}, events...); err != nil {
		return out, false, err
	}
	m := authmail.Message{
		Kind: by.kind, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID,
		Name: user.MailAccount(user.Email), Account: user.MailAccount(user.Email),
		Link: authmail.LinkTo(s.links.Recover, link.token), Report: authmail.LinkTo(s.links.Report, stop.token),
		Detail: sourceFor(ctx, user, user.Email), At: now, WorksFrom: out.From, ExpiresAt: out.Until,
	}
	if err := s.tellBoth(ctx, user, m); err != nil {
		return out, false, err
	}
	if len(events) == 0 {
		return out, again, nil
	}
	return out, again, s.tell(ctx, events...)
}

// recovers reports whether a recovery of second factors can have begun: where its owner may
// not begin one, the host may.
func (s *Service) recovers() bool { return s.courier != nil && s.links.Recover != "" }

// usedSince reports whether a factor was added or used since the recovery of t
// began. What was used is not lost, whatever became of the ticket: nodes without
// Config.FactorRecovery do not end what others began.
func usedSince(factors []authstore.FactorRecord, t authstore.Ticket) bool {
	return slices.ContainsFunc(factors, func(f authstore.FactorRecord) bool {
		return f.CreatedAt.After(t.CreatedAt) || f.LastUsedAt.After(t.CreatedAt)
	})
}

func lostFactorsOf(t authstore.Ticket) (lost lostFactors, err error) {
	if err := json.Unmarshal(t.Data, &lost); err != nil || lost.Email == "" || lost.From.IsZero() {
		return lost, fmt.Errorf("auth: the data of a ticket: %w", errors.Join(err, ErrInvalidToken))
	}
	return lost, nil
}

// FactorRecoveryBegun returns the recovery of the caller's second factors that somebody with
// the password, or the host, has begun, and false when there is none. The caller stops it by
// any use of a factor, or by a new password.
func (s *Service) FactorRecoveryBegun(ctx context.Context, id Identity) (authrule.PendingWait, bool, error) {
	if err := id.check(); err != nil || !s.recovers() {
		return authrule.PendingWait{}, false, err
	}
	factors, err := s.confirmed(ctx, id.User.ID)
	if err != nil {
		return authrule.PendingWait{}, false, err
	}
	_, pending, is, err := s.recoveryBegun(ctx, id.User.ID, factors, s.now())
	return pending, is, err
}

// recoveryBegun is the recovery that goes on at now of a user with these factors.
func (s *Service) recoveryBegun(
	ctx context.Context, userID string, factors []authstore.FactorRecord, now time.Time,
) (lost lostFactors, pending authrule.PendingWait, is bool, err error) {
	begun, err := s.tickets.Tickets(ctx, userID, forLostFactors, now)
	if err != nil || len(begun) == 0 || usedSince(factors, begun[0]) {
		return lost, pending, false, err
	}
	lost, err = lostFactorsOf(begun[0])
	return lost, authrule.PendingWait{From: lost.From, Until: begun[0].ExpiresAt}, err == nil, err
}

// endRecovery ends a recovery of the user's second factors that was begun, in
// the transaction of ctx: because says by what, as in the event.
func (s *Service) endRecovery(ctx context.Context, userID, because string) error {
	if !s.recovers() {
		return nil
	}
	now := s.now()
	// Asked first: what expired is there for a while, and is no news.
	begun, err := s.tickets.Tickets(ctx, userID, forLostFactors, now)
	if err != nil || len(begun) == 0 {
		return err
	}
	if _, err := s.tickets.RemoveTickets(ctx, userID, forLostFactors); err != nil {
		return err
	}
	return s.record(ctx, activity.NewEvent(ctx, authevent.RecoveryCancelled, userID, now, map[string]string{detailReason: because}))
}
