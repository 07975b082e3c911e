package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// pendingFor is how long there is to confirm a factor.
const pendingFor = 10 * time.Minute

// Factors returns the caller's confirmed factors, the oldest first, without Data.
func (s *Service) Factors(ctx context.Context, id Identity) ([]authstore.FactorRecord, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	records, err := s.confirmed(ctx, id.User.ID)
	for i := range records {
		records[i].Data = nil
	}
	return records, err
}

// BeginFactor makes a pending factor for the caller, in place of an earlier
// pending one of the kind, and shows what is needed for it, this once.
// ConfirmFactor of the same session must follow within 10 minutes. A kind that
// Config.Factors does not have is ErrNoFactor; a name that is too long an
// *input.InvalidError. The errors of May are its own.
func (s *Service) BeginFactor(ctx context.Context, c Client, id Identity, kind, name string) (authfactor.Enrollment, error) {
	if err := s.May(ctx, id, authrule.AddFactor); err != nil {
		return authfactor.Enrollment{}, err
	}
	f := s.kinds[kind]
	if f == nil {
		return authfactor.Enrollment{}, ErrNoFactor
	}
	if err := checkFactorName(name); err != nil {
		return authfactor.Enrollment{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	recordID, err := newID(s.random)
	if err != nil {
		return authfactor.Enrollment{}, err
	}
	r := authstore.FactorRecord{
		ID: recordID, UserID: id.User.ID, Kind: kind, Name: name,
		Pending: true, SessionID: id.Session.ID, CreatedAt: now, ExpiresAt: now.Add(pendingFor),
	}
	data, show, err := f.Enroll(ctx, r, id.User)
	if err != nil {
		return authfactor.Enrollment{}, fmt.Errorf("auth: factor %s: %w", kind, err)
	}
	r.Data = data
	if err := s.factors.AddFactor(ctx, r); err != nil {
		return authfactor.Enrollment{}, err
	}
	return show, nil
}

// maxFactorName bounds the name that somebody gives a factor, in characters.
const maxFactorName = 100

func checkFactorName(name string) error { return checkLine("name", name, maxFactorName) }

// checkLine checks the text of a field that has one line of at most limit characters.
func checkLine(field, text string, limit int) error {
	switch {
	case utf8.RuneCountInString(text) > limit:
		return input.Invalid(input.Long(field, limit))
	case !isText(text) || strings.ContainsFunc(text, unicode.IsControl):
		return input.Invalid(input.New(field, input.Characters, nil))
	}
	return nil
}

// ConfirmedFactor is a factor that counts from now on, and what came of it.
type ConfirmedFactor struct {
	// Factor is the new one, without its Data.
	Factor authstore.FactorRecord
	// RecoveryCodes is a new set, when the caller had no code left; it is shown
	// this once.
	RecoveryCodes []string
	// Proof is the session in use, under its new token.
	Proof
}

// ConfirmFactor makes the caller's pending factor of the method count, given an
// answer that shows that the caller has it, and ends all other sessions and
// trusted devices. Of "sms" the number is the profile's phone from then on, and takes
// the place of an earlier one. A wrong answer is ErrInvalidCode and counts as at
// sign-in, and so is a factor beyond 20 beside passkeys; without a pending factor of
// this session it is ErrNoFactor. The errors of May are its own.
func (s *Service) ConfirmFactor(ctx context.Context, c Client, id Identity, a Answer) (ConfirmedFactor, error) {
	if err := s.May(ctx, id, adds(a.Method)); err != nil {
		return ConfirmedFactor{}, err
	}
	ctx = withClient(ctx, c)
	if s.sends(a.Method) {
		return s.confirmCode(ctx, id, a)
	}
	f := s.kinds[a.Method]
	if f == nil {
		return ConfirmedFactor{}, ErrNoFactor
	}
	now := s.now()
	r, err := s.begun(ctx, id, a.Method, now)
	if err != nil {
		return ConfirmedFactor{}, err
	}
	if err := s.take(ctx, factorKey(id.User.ID), s.limits.SecondFactor); err != nil {
		s.refused(ctx, authevent.FactorAdded, id.User.ID, err)
		return ConfirmedFactor{}, err
	}
	used, rises, err := f.Verify(ctx, r, strings.TrimSpace(a.Code), now)
	if errors.Is(err, ErrInvalidCode) {
		s.failedBy(ctx, account{user: id.User}, authevent.FactorNotConfirmed, s.method(a), nil)
		return ConfirmedFactor{}, ErrInvalidCode
	}
	if err != nil {
		if err = s.unusable(ctx, r, err); errors.Is(err, ErrFactorUnusable) {
			return ConfirmedFactor{}, ErrNoFactor // begun anew, it has a key
		}
		return ConfirmedFactor{}, fmt.Errorf("auth: factor %s: %w", a.Method, err)
	}
	used.LastUsedAt = now
	if bytes.Equal(used.Data, r.Data) {
		used.Data = nil // it may have been sealed anew meanwhile
	}
	out, err := s.enrolled(ctx, id, confirmedAt(r, now), now, func(ctx context.Context, event activity.Event) error {
		err := s.factors.UseFactor(ctx, used, authstore.Pending, rises, event)
		if errors.Is(err, storage.ErrStale) {
			return ErrNoFactor // confirmed meanwhile, or begun anew
		}
		return err
	})
	if err != nil {
		return ConfirmedFactor{}, err
	}
	s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Reset(ctx, factorKey(id.User.ID)) })
	return out, nil
}

// confirmedAt is the pending record r as its owner sees it once it counts.
func confirmedAt(r authstore.FactorRecord, now time.Time) authstore.FactorRecord {
	r.Pending, r.ExpiresAt, r.SessionID, r.Data, r.LastUsedAt = false, time.Time{}, "", nil, now
	return r
}

// adds is the change that a new factor of a kind is.
func adds(kind string) authrule.Change {
	if kind == string(authmail.BySMS) {
		return authrule.ChangePhone
	}
	return authrule.AddFactor
}

// enrolled is the transaction in which the factor r of the caller comes to count: add
// writes it with the event.
func (s *Service) enrolled(ctx context.Context, id Identity, r authstore.FactorRecord, now time.Time, add func(context.Context, activity.Event) error) (out ConfirmedFactor, err error) {
	method := r.Kind
	out.Factor = r
	if out.Proof, err = s.renewed(id.Session, now); err != nil {
		return ConfirmedFactor{}, err
	}
	if s.policy.ProofForEach {
		out.Session.ProvedAt = time.Time{}
	}
	codes, tickets, err := s.newRecoveryCodes(id.User.ID, now)
	if err != nil {
		return ConfirmedFactor{}, err
	}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		// In turn with sign-ins: one that saw no factor has its session by now,
		// and that is ended; a later one sees it.
		if _, err := s.passwords.LockPassword(ctx, id.User.ID); err != nil {
			return err
		}
		if err := s.endRecovery(ctx, id.User.ID, byFactors); err != nil {
			return err
		}
		if err := s.endWait(ctx, id.User.ID, byFactors); err != nil {
			return err
		}
		ended, err := s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.FactorAdded, id.User.ID, now,
			map[string]string{detailMethod: method, detailEnded: strconv.Itoa(ended)})
		if err := add(ctx, event); err != nil {
			return err
		}
		if err := s.tell(ctx, event); err != nil {
			return err
		}
		out.RecoveryCodes = nil
		left, err := s.tickets.Tickets(ctx, id.User.ID, forRecoveryCode, now)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			if err := s.tickets.AddTickets(ctx, id.User.ID, forRecoveryCode, tickets); err != nil {
				return err
			}
			out.RecoveryCodes = codes
		}
		err = s.rotate(ctx, id.Session.TokenHash, out.Session, activity.NewEvent(ctx, authevent.Reauthenticated, id.User.ID, now,
			map[string]string{detailMethod: method}))
		if err != nil {
			return err
		}
		return s.few(ctx, id.User.ID, method)
	})
	if err != nil {
		return ConfirmedFactor{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.FactorAdded, id.User.ID, slog.String("method", method))
	return out, nil
}

// maxFactors is how many passkeys an account has at most, and how many other factors.
const maxFactors = 20

// few is ErrInvalidCode when the user has more factors than maxFactors of the sort of
// kind. It looks at the end of the transaction that adds one: by then the transaction
// holds the rows of the password and of the session, so that of parallel ones each sees
// what those before it added.
func (s *Service) few(ctx context.Context, userID, kind string) error {
	records, err := s.confirmed(ctx, userID)
	if err != nil {
		return err
	}
	n := 0
	for _, r := range records {
		if (r.Kind == KindPasskey) == (kind == KindPasskey) {
			n++
		}
	}
	if n > maxFactors {
		return fmt.Errorf("%w: an account has at most %d factors of the sort of %s", ErrInvalidCode, maxFactors, kind)
	}
	return nil
}

// begun is the caller's factor of the kind that waits to be confirmed in this session. A
// node of before the column of sessions kept the session in the Data: what it began is
// nobody's here, and begun anew in minutes.
func (s *Service) begun(ctx context.Context, id Identity, kind string, now time.Time) (authstore.FactorRecord, error) {
	records, err := s.factors.Factors(ctx, id.User.ID)
	if err != nil {
		return authstore.FactorRecord{}, fmt.Errorf("auth: reading factors: %w", err)
	}
	for _, r := range records {
		if r.Kind != kind || !r.Pending || r.UserID != id.User.ID || r.SessionID != id.Session.ID {
			continue
		}
		if now.Before(r.ExpiresAt) {
			return r, nil
		}
		// It is removed, so that it stays over whatever the clock says later.
		if err := s.factors.RemoveFactor(ctx, id.User.ID, r.ID); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return authstore.FactorRecord{}, fmt.Errorf("auth: removing what was begun too long ago: %w", err)
		}
	}
	return authstore.FactorRecord{}, ErrNoFactor
}

// RenameFactor gives one of the caller's factors a name. With kinds, a factor of any
// other kind is storage.ErrNotFound, as is an ID that is none of the caller's. The caller
// must be Fresh.
func (s *Service) RenameFactor(ctx context.Context, id Identity, factorID, name string, kinds ...string) error {
	if err := s.fresh(id); err != nil {
		return err
	}
	if len(kinds) > 0 {
		records, err := s.confirmed(ctx, id.User.ID)
		if err != nil {
			return err
		}
		if indexOf(records, factorID, kinds) < 0 {
			return storage.ErrNotFound
		}
	}
	if err := checkFactorName(name); err != nil {
		return err
	}
	return s.factors.RenameFactor(ctx, id.User.ID, factorID, name)
}

// RemoveFactor removes one of the caller's factors and ends all other sessions
// and trusted devices; with the last one go the recovery codes. An ID that is
// not one of them, or with kinds one of any other kind, is storage.ErrNotFound. The last factor of an account without
// a password is ErrLastFactor, and the last one beside codes that are sent is
// ErrCodeAlone, unless Codes.Alone lets it. The errors of May are its own.
func (s *Service) RemoveFactor(ctx context.Context, c Client, id Identity, factorID string, kinds ...string) error {
	if err := s.May(ctx, id, authrule.RemoveFactor); err != nil {
		return err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		hash, err := s.passwords.LockPassword(ctx, id.User.ID)
		if err != nil {
			return err
		}
		if err := s.endRecovery(ctx, id.User.ID, byFactors); err != nil {
			return err
		}
		records, err := s.confirmed(ctx, id.User.ID)
		if err != nil {
			return err
		}
		at := indexOf(records, factorID, kinds)
		if at < 0 {
			return storage.ErrNotFound
		}
		if records[at].Kind == string(authmail.BySMS) { // with the proof goes what it proved
			none := ""
			if _, err := s.users.Update(ctx, id.User.ID, profile.Patch{Phone: &none}); err != nil {
				return err
			}
		}
		left := slices.Delete(slices.Clone(records), at, at+1)
		if !sent(records[at].Kind) && slices.ContainsFunc(left, func(r authstore.FactorRecord) bool { return sent(r.Kind) }) && !s.codesMay(left) {
			return ErrCodeAlone
		}
		if len(records) == 1 {
			if hash == "" {
				return ErrLastFactor
			}
			if _, err := s.tickets.RemoveTickets(ctx, id.User.ID, forRecoveryCode); err != nil {
				return err
			}
		}
		ended, err := s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.FactorRemoved, id.User.ID, now,
			map[string]string{detailMethod: records[at].Kind, detailEnded: strconv.Itoa(ended)})
		if err := s.factors.RemoveFactor(ctx, id.User.ID, factorID, event); err != nil {
			return err
		}
		if err := s.spendProof(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.FactorRemoved, id.User.ID)
	return nil
}

// indexOf is where the factor with that ID is among records, -1 when it is not there or,
// with kinds, of no such kind.
func indexOf(records []authstore.FactorRecord, factorID string, kinds []string) int {
	return slices.IndexFunc(records, func(r authstore.FactorRecord) bool {
		return r.ID == factorID && (len(kinds) == 0 || slices.Contains(kinds, r.Kind))
	})
}

// factorsBy sets the kinds that can be enrolled.
func (s *Service) factorsBy(factors []authfactor.Factor) error {
	s.kinds = map[string]authfactor.Factor{}
	for _, f := range factors {
		if f == nil {
			return errors.New("auth: a Factor is nil")
		}
		kind := f.Kind()
		switch {
		case kind == "" || len(kind) > 32 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			return fmt.Errorf("auth: the kind of a Factor, %q, must be 1 to 32 of a-z, 0-9 and _", kind)
		case kind == methodRecovery || kind == methodPassword || kind == KindPasskey || kind == string(authmail.ByEmail) || kind == string(authmail.BySMS) || s.kinds[kind] != nil:
			return fmt.Errorf("auth: a second Factor is of kind %q", kind)
		}
		s.kinds[kind] = f
	}
	return nil
}
