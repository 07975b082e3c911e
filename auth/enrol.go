package auth

import (
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
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// pendingFor is how long there is to confirm a factor.
const pendingFor = 10 * time.Minute

// Factors returns the caller's confirmed factors, the oldest first, without
// their Data.
func (s *Service) Factors(ctx context.Context, id Identity) ([]FactorRecord, error) {
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
// *input.InvalidError. The caller must be Fresh.
func (s *Service) BeginFactor(ctx context.Context, c Client, id Identity, kind, name string) (Enrollment, error) {
	if err := s.fresh(id); err != nil {
		return Enrollment{}, err
	}
	f := s.kinds[kind]
	if f == nil {
		return Enrollment{}, ErrNoFactor
	}
	if err := checkFactorName(name); err != nil {
		return Enrollment{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	recordID, err := newID(s.random)
	if err != nil {
		return Enrollment{}, err
	}
	r := FactorRecord{
		ID: recordID, UserID: id.User.ID, Kind: kind, Name: name,
		Pending: true, CreatedAt: now, ExpiresAt: now.Add(pendingFor),
	}
	data, show, err := f.Enroll(ctx, r, id.User)
	if err != nil {
		return Enrollment{}, fmt.Errorf("auth: factor %s: %w", kind, err)
	}
	r.Data = append([]byte(id.Session.ID+"\n"), data...)
	if err := s.factors.AddFactor(ctx, r); err != nil {
		return Enrollment{}, err
	}
	return show, nil
}

// maxFactorName bounds the name that somebody gives a factor, in characters.
const maxFactorName = 100

func checkFactorName(name string) error {
	switch {
	case utf8.RuneCountInString(name) > maxFactorName:
		return input.Invalid(input.Long("name", maxFactorName))
	case !isText(name) || strings.ContainsFunc(name, unicode.IsControl):
		return input.Invalid(input.New("name", input.Characters, nil))
	}
	return nil
}

// ConfirmedFactor is what ConfirmFactor leads to.
type ConfirmedFactor struct {
	// RecoveryCodes is a new set, when the caller had no code left; it is shown
	// this once.
	RecoveryCodes []string
	// Session and Token are as for Reauthenticate.
	Session Session
	Token   string
}

// ConfirmFactor makes the caller's pending factor of the kind count, given an
// answer that shows that the caller has it, and ends all other sessions and
// trusted devices. A wrong answer is ErrInvalidCode and counts as at sign-in;
// without a pending factor of this session it is ErrNoFactor. rotate is as for
// Reauthenticate. The caller must be Fresh.
func (s *Service) ConfirmFactor(ctx context.Context, c Client, id Identity, a Answer, rotate bool) (ConfirmedFactor, error) {
	if err := s.fresh(id); err != nil {
		return ConfirmedFactor{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	f, r, err := s.pending(ctx, id, a.Method, now)
	if err != nil {
		return ConfirmedFactor{}, err
	}
	if err := s.take(ctx, factorKey(id.User.ID), s.limits.SecondFactor); err != nil {
		s.refused(ctx, KindFactorAdded, id.User.ID, err)
		return ConfirmedFactor{}, err
	}
	used, rises, err := f.Verify(ctx, r, strings.TrimSpace(a.Code), now)
	if errors.Is(err, ErrInvalidCode) {
		s.failedBy(ctx, account{user: id.User}, KindSecondFactorFailed, s.method(a), nil)
		return ConfirmedFactor{}, ErrInvalidCode
	}
	if err != nil {
		if err = s.unusable(ctx, r, err); errors.Is(err, ErrFactorUnusable) {
			return ConfirmedFactor{}, ErrNoFactor // begun anew, it has a key
		}
		return ConfirmedFactor{}, fmt.Errorf("auth: factor %s: %w", a.Method, err)
	}
	used.LastUsedAt = now
	out, err := s.enrolled(ctx, id, a.Method, rotate, now, func(ctx context.Context, event activity.Event) error {
		err := s.factors.UseFactor(ctx, used, Pending, rises, event)
		if errors.Is(err, storage.ErrStale) {
			return ErrNoFactor // confirmed meanwhile, or begun anew
		}
		return err
	})
	if err != nil {
		return ConfirmedFactor{}, err
	}
	tries{s: s}.after(ctx, func(ctx context.Context) error { return s.limitStore.Reset(ctx, factorKey(id.User.ID)) })
	return out, nil
}

// enrolled is the transaction in which a factor of the caller comes to count:
// add writes it with the event.
func (s *Service) enrolled(ctx context.Context, id Identity, method string, rotate bool, now time.Time, add func(context.Context, activity.Event) error) (out ConfirmedFactor, err error) {
	if out.Session, out.Token, err = s.proved(id.Session, rotate, now); err != nil {
		return ConfirmedFactor{}, err
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
		ended, err := s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, KindFactorAdded, id.User.ID, now,
			map[string]string{detailMethod: method, detailEnded: strconv.Itoa(ended)})
		if err := add(ctx, event); err != nil {
			return err
		}
		if err := s.tell(ctx, event); err != nil {
			return err
		}
		out.RecoveryCodes = nil
		left, err := s.tickets.Tickets(ctx, id.User.ID, ForRecovery, now)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			if err := s.tickets.AddTickets(ctx, id.User.ID, ForRecovery, tickets); err != nil {
				return err
			}
			out.RecoveryCodes = codes
		}
		return s.rotate(ctx, id.Session.TokenHash, out.Session, activity.NewEvent(ctx, KindReauthenticated, id.User.ID, now,
			map[string]string{detailMethod: method}))
	})
	if err != nil {
		return ConfirmedFactor{}, err
	}
	s.log(ctx, slog.LevelInfo, KindFactorAdded, id.User.ID, slog.String("method", method))
	return out, nil
}

// pending is the caller's factor that waits to be confirmed in this session.
func (s *Service) pending(ctx context.Context, id Identity, kind string, now time.Time) (Factor, FactorRecord, error) {
	f := s.kinds[kind]
	if f == nil {
		return nil, FactorRecord{}, ErrNoFactor
	}
	r, err := s.pendingOf(ctx, id, kind, now)
	return f, r, err
}

func (s *Service) pendingOf(ctx context.Context, id Identity, kind string, now time.Time) (FactorRecord, error) {
	records, err := s.factors.Factors(ctx, id.User.ID)
	if err != nil {
		return FactorRecord{}, fmt.Errorf("auth: reading factors: %w", err)
	}
	for _, r := range records {
		data, own := strings.CutPrefix(string(r.Data), id.Session.ID+"\n")
		if r.Kind != kind || !r.Pending || r.UserID != id.User.ID || !own {
			continue
		}
		if now.Before(r.ExpiresAt) {
			r.Data = []byte(data)
			return r, nil
		}
		// What is over stays so whatever the clock says later.
		if err := s.factors.RemoveFactor(ctx, id.User.ID, r.ID); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return FactorRecord{}, fmt.Errorf("auth: removing what was begun too long ago: %w", err)
		}
	}
	return FactorRecord{}, ErrNoFactor
}

// RenameFactor gives one of the caller's factors a name. The caller must be Fresh.
func (s *Service) RenameFactor(ctx context.Context, id Identity, factorID, name string) error {
	if err := s.fresh(id); err != nil {
		return err
	}
	if err := checkFactorName(name); err != nil {
		return err
	}
	return s.factors.RenameFactor(ctx, id.User.ID, factorID, name)
}

// RemoveFactor removes one of the caller's factors and ends all other sessions
// and trusted devices; with the last one go the recovery codes. An ID that is
// not one of them is storage.ErrNotFound. The last factor of an account without
// a password is ErrLastFactor, and the last one beside codes that are sent is
// ErrCodeAlone, unless Codes.Alone lets it: nothing goes that was not named. The
// caller must be Fresh.
func (s *Service) RemoveFactor(ctx context.Context, c Client, id Identity, factorID string) error {
	if err := s.fresh(id); err != nil {
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
		at := slices.IndexFunc(records, func(r FactorRecord) bool { return r.ID == factorID })
		if at < 0 {
			return storage.ErrNotFound
		}
		if records[at].Kind == string(BySMS) { // with the proof goes what it proved
			none := ""
			if _, err := s.users.Update(ctx, id.User.ID, profile.Patch{Phone: &none}); err != nil {
				return err
			}
		}
		left := slices.Delete(slices.Clone(records), at, at+1)
		if !sent(records[at].Kind) && slices.ContainsFunc(left, func(r FactorRecord) bool { return sent(r.Kind) }) && !s.codesMay(left) {
			return ErrCodeAlone
		}
		if len(records) == 1 {
			if hash == "" {
				return ErrLastFactor
			}
			if _, err := s.tickets.DropTickets(ctx, id.User.ID, ForRecovery); err != nil {
				return err
			}
		}
		ended, err := s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, KindFactorRemoved, id.User.ID, now,
			map[string]string{detailMethod: records[at].Kind, detailEnded: strconv.Itoa(ended)})
		if err := s.factors.RemoveFactor(ctx, id.User.ID, factorID, event); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, KindFactorRemoved, id.User.ID)
	return nil
}

// factorsBy sets the kinds that can be enrolled.
func (s *Service) factorsBy(factors []Factor) error {
	s.kinds = map[string]Factor{}
	for _, f := range factors {
		if f == nil {
			return errors.New("auth: a Factor is nil")
		}
		kind := f.Kind()
		switch {
		case kind == "" || len(kind) > 32 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			return fmt.Errorf("auth: the kind of a Factor, %q, must be 1 to 32 of a-z, 0-9 and _", kind)
		case kind == methodRecovery || kind == methodPassword || kind == KindPasskey || kind == string(ByEmail) || kind == string(BySMS) || s.kinds[kind] != nil:
			return fmt.Errorf("auth: a second Factor is of kind %q", kind)
		}
		s.kinds[kind] = f
	}
	return nil
}
