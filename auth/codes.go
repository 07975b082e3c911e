package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Codes are second factors that are sent: six digits to a phone or an address
// that was proved before. A code is of one user, method, session and purpose,
// works once, for 10 minutes, for 5 answers, and only until another is asked for.
// Both are weaker than an app or a passkey: see docs/account-states.md.
type Codes struct {
	// Channels are those that people may enrol; none leaves codes out.
	Channels []authmail.Channel
	// Keys seal the numbers and bind the codes; required with Channels.
	Keys *keyring.Ring
	// Alone lets a code be the only second factor that somebody has. Without it nobody
	// enrols codes before an app or a passkey, or removes the last of those while codes
	// are left. Who has codes alone from before keeps them.
	Alone bool
}

// codeLife is how long a code that was sent is good for.
const codeLife = 10 * time.Minute

// codeTries is how many answers are compared with a code that was sent, on all
// nodes together. After as many wrong ones the code is dead, and the right one too
// is ErrInvalidCode: only another code helps. Limits.SecondFactor counts beside it.
const codeTries = 5

const (
	codePurpose  = "auth.code"
	phonePurpose = "auth.phone"
	codeDigits   = 6
)

func (c Codes) check(courier authmail.Courier) error {
	for i, ch := range c.Channels {
		switch {
		case ch != authmail.BySMS && ch != authmail.ByEmail:
			return fmt.Errorf("auth: Config.Codes.Channels has %q", ch)
		case slices.Contains(c.Channels[:i], ch):
			return fmt.Errorf("auth: Config.Codes.Channels has %q twice", ch)
		}
	}
	if len(c.Channels) > 0 && (c.Keys == nil || courier == nil) {
		return errors.New("auth: Config.Codes needs Keys, and a Courier")
	}
	return nil
}

// sends reports whether codes of that method can be sent.
func (s *Service) sends(method string) bool {
	return slices.Contains(s.codes.Channels, authmail.Channel(method))
}

// BeginPhone sends a code to a phone number that is to be the caller's, and a
// second factor. ConfirmFactor of the same session must follow. A number that is
// not of E.164 (ITU-T), "+" and up to 15 digits, is an *input.InvalidError of field
// "phone". Without an app or a passkey it is ErrCodeAlone, unless Codes.Alone lets
// it. The errors of May are its own.
func (s *Service) BeginPhone(ctx context.Context, c Client, id Identity, phone string) error {
	if err := s.May(ctx, id, adds(string(authmail.BySMS))); err != nil {
		return err
	}
	if len(phone) < 8 || len(phone) > 16 || phone[0] != '+' || phone[1] == '0' || strings.Trim(phone[1:], "0123456789") != "" {
		return input.Invalid(input.New("phone", input.Phone, nil))
	}
	return s.beginCode(ctx, c, id, authmail.BySMS, phone)
}

// BeginEmailCodes sends a code to the caller's address, which must be proved, so
// that codes by e-mail become a second factor; otherwise as BeginPhone.
func (s *Service) BeginEmailCodes(ctx context.Context, c Client, id Identity) error {
	if err := s.May(ctx, id, adds(string(authmail.ByEmail))); err != nil {
		return err
	}
	if !id.User.EmailVerified {
		return errUnprovedEmail
	}
	return s.beginCode(ctx, c, id, authmail.ByEmail, id.User.Email)
}

func (s *Service) beginCode(ctx context.Context, c Client, id Identity, ch authmail.Channel, to string) error {
	if !s.sends(string(ch)) {
		return ErrNoFactor
	}
	if !s.codes.Alone {
		records, err := s.confirmed(ctx, id.User.ID)
		if err != nil {
			return err
		}
		if !s.codesMay(records) {
			return ErrCodeAlone
		}
	}
	ctx = withClient(ctx, c)
	now := s.now()
	if err := s.takeMail(ctx, c, ofCode(ch), authevent.FactorAdded, to, id.User.ID); err != nil {
		return err
	}
	recordID, err := newID(s.random)
	if err != nil {
		return err
	}
	r := authstore.FactorRecord{
		ID: recordID, UserID: id.User.ID, Kind: string(ch), Pending: true, SessionID: id.Session.ID,
		CreatedAt: now, ExpiresAt: now.Add(pendingFor),
	}
	if ch == authmail.BySMS {
		r.Name = masked(to)
		sealed, err := s.codes.Keys.Seal(phonePurpose, []byte(to), []byte(r.UserID+"\x00"+r.ID))
		if err != nil {
			return fmt.Errorf("auth: sealing a number: %w", err)
		}
		r.Data = sealed
	}
	code, ticket, err := s.newCode(forPhone, id.User.ID, id.Session.ID, string(ch), now)
	if err != nil {
		return err
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.factors.AddFactor(ctx, r); err != nil {
			return err
		}
		if err := s.tickets.AddTickets(ctx, id.User.ID, forPhone, []authstore.Ticket{ticket}); err != nil {
			return err
		}
		return s.courier.Deliver(ctx, authmail.Message{
			Kind: authmail.Phone, Channel: ch, To: to, UserID: id.User.ID, Name: id.User.MailAccount(to), Code: code, At: now, ExpiresAt: ticket.ExpiresAt,
		})
	})
}

// masked is a number as it is shown to its owner.
func masked(phone string) string { return "•••" + phone[len(phone)-3:] }

// confirmCode is ConfirmFactor for a code that was sent.
func (s *Service) confirmCode(ctx context.Context, id Identity, a Answer) (ConfirmedFactor, error) {
	now := s.now()
	r, err := s.begun(ctx, id, a.Method, now)
	if err != nil {
		return ConfirmedFactor{}, err
	}
	if err := s.take(ctx, factorKey(id.User.ID), s.limits.SecondFactor); err != nil {
		s.refused(ctx, authevent.FactorAdded, id.User.ID, err)
		return ConfirmedFactor{}, err
	}
	ticket, err := s.tryCode(ctx, forPhone, id.User.ID, id.Session.ID, a.Method, a.Code, now)
	if err != nil {
		if errors.Is(err, ErrInvalidCode) {
			s.failedBy(ctx, account{user: id.User}, authevent.FactorNotConfirmed, a.Method, nil)
		}
		return ConfirmedFactor{}, err
	}
	used := r
	used.LastUsedAt, used.Data = now, nil
	out, err := s.enrolled(ctx, id, confirmedAt(r, now), now, func(ctx context.Context, event activity.Event) error {
		if err := s.takeCode(ctx, ticket, now); err != nil {
			return err
		}
		records, err := s.confirmed(ctx, id.User.ID)
		if err != nil {
			return err
		}
		if !s.codesMay(records) { // what was beside it went meanwhile
			return ErrCodeAlone
		}
		if err := s.removeKind(ctx, records, a.Method); err != nil {
			return err
		}
		err = s.factors.UseFactor(ctx, used, authstore.Pending, false, event)
		if errors.Is(err, storage.ErrStale) {
			return ErrNoFactor
		}
		if err != nil || a.Method != string(authmail.BySMS) {
			return err
		}
		phone, err := s.number(r)
		if err != nil {
			if err = s.unusable(ctx, r, err); errors.Is(err, ErrFactorUnusable) {
				return ErrNoFactor // begun anew, it has a key
			}
			return err
		}
		_, err = s.users.Update(ctx, id.User.ID, profile.Patch{Phone: &phone})
		return err
	})
	switch {
	case err == nil:
		s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Reset(ctx, factorKey(id.User.ID)) })
	case errors.Is(err, ErrInvalidCode):
		s.failedBy(ctx, account{user: id.User}, authevent.FactorNotConfirmed, a.Method, nil)
	}
	return out, err
}

// codesMay reports whether codes may be among somebody's confirmed factors.
func (s *Service) codesMay(records []authstore.FactorRecord) bool {
	return s.codes.Alone || slices.ContainsFunc(records, func(r authstore.FactorRecord) bool { return !sent(r.Kind) && s.knows(r.Kind) })
}

// sent reports whether a method is a code that is sent, whether it is now or not.
func sent(method string) bool {
	return method == string(authmail.BySMS) || method == string(authmail.ByEmail)
}

// removeKind removes those of the confirmed factors that are of a kind.
func (s *Service) removeKind(ctx context.Context, records []authstore.FactorRecord, kind string) error {
	for _, r := range records {
		if r.Kind == kind {
			if err := s.factors.RemoveFactor(ctx, r.UserID, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// number is what a record of "sms" holds.
func (s *Service) number(r authstore.FactorRecord) (string, error) {
	phone, err := s.codes.Keys.Open(phonePurpose, r.Data, []byte(r.UserID+"\x00"+r.ID))
	if err != nil {
		return "", fmt.Errorf("auth: the number of a record: %w", err)
	}
	return string(phone), nil
}

// SendCode sends a code to who by the factor "sms" or "email", for FinishSignIn of a
// HalfIdentity or ReauthenticateWith of an Identity. Without such a factor it is
// ErrNoFactor; a factor whose number no key opens is ErrFactorUnusable. For 7 days after a
// reset "email" is an *authrule.TooEarlyError.
func (s *Service) SendCode(ctx context.Context, c Client, who Prover, method string) error {
	at, err := ceremonyOf(who)
	if err != nil {
		return err
	}
	if !s.sends(method) {
		return ErrNoFactor
	}
	u, sessionID := at.User, at.SessionID
	if _, weak, err := s.byMailbox(ctx, u.ID, method); err != nil {
		return err
	} else if weak && at.Kind == authfactor.Proving {
		return errFactorRequired
	}
	ctx = withClient(ctx, c)
	now := s.now()
	records, err := s.confirmed(ctx, u.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(records, func(r authstore.FactorRecord) bool { return r.Kind == method })
	if i < 0 {
		return ErrNoFactor
	}
	if err := s.mailboxWaits(ctx, u.ID, method, now); err != nil {
		return err
	}
	to := u.Email
	if method == string(authmail.BySMS) {
		if to, err = s.number(records[i]); err != nil {
			return s.unusable(ctx, records[i], err)
		}
	}
	if err := s.takeMail(ctx, c, ofCode(authmail.Channel(method)), authevent.SecondFactorFailed, to, u.ID); err != nil {
		return err
	}
	code, ticket, err := s.newCode(forSecondFactor, u.ID, sessionID, method, now)
	if err != nil {
		return err
	}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.tickets.AddTickets(ctx, u.ID, forSecondFactor, []authstore.Ticket{ticket}); err != nil {
			return err
		}
		return s.courier.Deliver(ctx, authmail.Message{
			Kind: authmail.Code, Channel: authmail.Channel(method), To: to, UserID: u.ID, Name: u.MailAccount(to), Code: code, At: now, ExpiresAt: ticket.ExpiresAt,
		})
	})
	if err == nil {
		s.log(ctx, slog.LevelInfo, kindToken, u.ID, slog.String("sent", method))
	}
	return err
}

// useCode takes a code that was sent for the session in a.
func (s *Service) useCode(ctx context.Context, u profile.User, a Answer, now time.Time, then func(context.Context) error) error {
	records, err := s.confirmed(ctx, u.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(records, func(r authstore.FactorRecord) bool { return r.Kind == a.Method })
	if at < 0 {
		return ErrInvalidCode
	}
	if err := s.mailboxWaits(ctx, u.ID, a.Method, now); err != nil {
		return err
	}
	ticket, err := s.tryCode(ctx, forSecondFactor, u.ID, a.ceremony.SessionID, a.Method, a.Code, now)
	if err != nil {
		return err
	}
	used := records[at]
	used.LastUsedAt, used.Data = now, nil
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.takeCode(ctx, ticket, now); err != nil {
			return err
		}
		if err := s.useFactor(ctx, used, false); err != nil {
			return err
		}
		return then(ctx)
	})
}

// Reseal implements authfactor.Resealer for the numbers of "sms".
func (c Codes) Reseal(r authstore.FactorRecord) ([]byte, bool, error) {
	if r.Kind != string(authmail.BySMS) {
		return r.Data, false, nil
	}
	return c.Keys.Reseal(phonePurpose, r.Data, []byte(r.UserID+"\x00"+r.ID))
}
