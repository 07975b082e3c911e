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
	"unicode/utf8"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// SignInStatus says what a SignIn is.
type SignInStatus string

const (
	// Complete: the session is open.
	Complete SignInStatus = "complete"
	// SecondFactorRequired: the password was right, and FinishSignIn with one of
	// the Methods opens the session.
	SecondFactorRequired SignInStatus = "mfa_required"
	// DeletionPending: every proof was right, but the account will be erased, at
	// User.DeletesAt. Restore opens the session.
	DeletionPending SignInStatus = "deletion_pending"
)

// Answer is a proof that is no password.
type Answer struct {
	// Method is the Kind of an authfactor.Factor, "recovery_code" or KindPasskey.
	Method string
	Code   string
	// Passkey is the answer of KindPasskey, which has no Code.
	Passkey PasskeyAnswer

	ceremony authfactor.Ceremony
}

// HalfIdentity is somebody whose password was right and who owes a second factor: it
// opens FinishSignIn, BeginFactorRecovery and RecoverFactors. Or, of
// authstore.LevelDeletionPending, somebody whose account will be erased: it opens Restore.
type HalfIdentity struct {
	User    profile.User
	Session authstore.Session
}

// AuthenticateHalf returns who the token of an unfinished sign-in belongs to,
// or ErrUnauthenticated, as Authenticate does for a finished one.
func (s *Service) AuthenticateHalf(ctx context.Context, token string) (HalfIdentity, error) {
	hash, ok := hashToken(token)
	if !ok {
		return HalfIdentity{}, ErrUnauthenticated
	}
	id, err := s.identity(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) {
		return HalfIdentity{}, ErrUnauthenticated
	}
	if err != nil {
		return HalfIdentity{}, fmt.Errorf("auth: reading a session: %w", err)
	}
	half := HalfIdentity{User: id.User, Session: id.Session}
	now := s.now()
	if s.over(ctx, hash, id.Session, now) || s.endDisabled(ctx, id.User) || half.sound() != nil || shut(id.User, now) {
		return HalfIdentity{}, ErrUnauthenticated
	}
	return half, nil
}

// check is whether a second factor is owed.
func (h HalfIdentity) check() error {
	if h.Session.Level != authstore.LevelHalf {
		return ErrUnauthenticated
	}
	return h.sound()
}

// sound refuses what AuthenticateHalf did not make.
func (h HalfIdentity) sound() error {
	if h.User.ID == "" || h.Session.ID == "" || h.Session.UserID != h.User.ID || h.Session.Level != authstore.LevelHalf && h.Session.Level != authstore.LevelDeletionPending {
		return ErrUnauthenticated
	}
	return nil
}

// Prover is somebody who can prove who it is by a second factor: a HalfIdentity, who owes
// it, or an Identity.
type Prover interface {
	// ceremony is what the proof is for, and whether it is sound.
	ceremony() (authfactor.Ceremony, error)
}

// ceremonyOf is the ceremony of who; nobody proves nothing.
func ceremonyOf(who Prover) (authfactor.Ceremony, error) {
	if who == nil {
		return authfactor.Ceremony{}, ErrUnauthenticated
	}
	return who.ceremony()
}

func (h HalfIdentity) ceremony() (authfactor.Ceremony, error) {
	return authfactor.Ceremony{Kind: authfactor.Finishing, SessionID: h.Session.ID, User: h.User}, h.check()
}

func (id Identity) ceremony() (authfactor.Ceremony, error) {
	return authfactor.Ceremony{Kind: authfactor.Proving, SessionID: id.Session.ID, User: id.User}, id.check()
}

// FinishSignIn opens the session of an unfinished sign-in under a new token; the half one is
// dead. With trust the device gets a token, in Device, for later sign-ins in place of a second
// factor. Where there is a factor, a code by e-mail opens a session that is not Fresh, and no
// device is trusted. A wrong answer is ErrInvalidCode and counts for the account, under
// whatever method and however often the sign-in is begun anew; beyond the limit the half
// session has ended. A factor whose key is gone is ErrFactorUnusable, and the half session
// goes on. Of parallel calls with one right answer, or one half session, one succeeds.
func (s *Service) FinishSignIn(ctx context.Context, c Client, half HalfIdentity, a Answer, trust bool) (SignIn, error) {
	if err := half.check(); err != nil {
		return SignIn{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	next, token, err := s.raised(ctx, half.Session, now)
	if err != nil {
		return SignIn{}, err
	}
	in := SignIn{User: half.User, Token: token, Status: grant(half.User, &next, now)}
	mailbox, weak, err := s.byMailbox(ctx, half.User.ID, a.Method)
	if err != nil {
		return SignIn{}, err
	}
	if weak {
		next.ProvedAt = time.Time{}
	}
	in.Session = next
	trust = trust && in.Status == Complete && !weak && s.lifetime.trusts()
	var device authstore.Session
	if trust {
		if device, in.Device, err = s.newDevice(ctx, half.User.ID, now); err != nil {
			return SignIn{}, err
		}
		in.DeviceUntil = device.ExpiresAt
	}
	a.ceremony = authfactor.Ceremony{Kind: authfactor.Finishing, SessionID: half.Session.ID}
	err = s.answer(ctx, c, half.User, a, authevent.SecondFactorFailed, func(ctx context.Context) error {
		if trust {
			event := activity.NewEvent(ctx, authevent.DeviceTrusted, half.User.ID, now, nil)
			if err := s.createSession(ctx, device, event); err != nil {
				return err
			}
			if err := s.tell(ctx, event); err != nil {
				return err
			}
		}
		if mailbox {
			if err := s.noteMailbox(ctx, half.User.ID, next.ID, now); err != nil {
				return err
			}
		}
		event := activity.NewEvent(ctx, authevent.SignIn, half.User.ID, now, map[string]string{detailMethod: a.Method})
		if err := s.rotate(ctx, half.Session.TokenHash, next, event); err != nil {
			return err
		}
		return s.trim(ctx, next)
	})
	if err != nil {
		if errors.Is(err, limit.ErrExceeded) {
			s.endHalf(ctx, half)
		}
		return SignIn{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.SignIn, half.User.ID)
	return in, nil
}

// raised is what a half session becomes once everything was proved at now: full, with the
// limits of a new one, and with a new token, so that whoever saw the token of the half
// session has nothing.
func (s *Service) raised(ctx context.Context, half authstore.Session, now time.Time) (next authstore.Session, token string, err error) {
	next = half
	next.Level, next.ProvedAt, next.LastUsedAt = authstore.LevelFull, now, now
	next.Source = activity.SourceFrom(ctx)
	next.ExpiresAt = s.lifetime.expiresAt(next.Remember, now)
	next.IdleUntil = s.lifetime.idleUntil(next, now)
	token, next.TokenHash, err = newToken(s.random)
	return next, token, err
}

// endHalf ends an unfinished sign-in that used up its tries.
func (s *Service) endHalf(ctx context.Context, half HalfIdentity) {
	s.settle(ctx, func(ctx context.Context) error {
		if err := s.sessions.EndSession(ctx, half.User.ID, half.Session.ID); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	})
}

// byMailbox reports whether the method proves the mailbox, and whether that is weak: less
// than the account has.
func (s *Service) byMailbox(ctx context.Context, userID, method string) (mailbox, weak bool, err error) {
	if method != string(authmail.ByEmail) {
		return false, false, nil
	}
	records, err := s.confirmed(ctx, userID)
	return true, hasFactor(records), err
}

// ReauthenticateWith is Reauthenticate by a second factor, which is what counts
// for a user who has one. A code by e-mail counts only where it is all there is, else it is
// an *input.InvalidError of field "method".
func (s *Service) ReauthenticateWith(ctx context.Context, c Client, id Identity, a Answer) (Proof, error) {
	if err := id.check(); err != nil {
		return Proof{}, err
	}
	ctx = withClient(ctx, c)
	now := s.now()
	mailbox, weak, err := s.byMailbox(ctx, id.User.ID, a.Method)
	switch {
	case err != nil:
		return Proof{}, err
	case weak:
		return Proof{}, errFactorRequired
	}
	out, err := s.renewed(id.Session, now)
	if err != nil {
		return Proof{}, err
	}
	a.ceremony = authfactor.Ceremony{Kind: authfactor.Proving, SessionID: id.Session.ID}
	err = s.answer(ctx, c, id.User, a, authevent.ReauthenticationFailed, func(ctx context.Context) error {
		if mailbox {
			if err := s.noteMailbox(ctx, id.User.ID, id.Session.ID, now); err != nil {
				return err
			}
		}
		return s.rotate(ctx, id.Session.TokenHash, out.Session, activity.NewEvent(ctx, authevent.Reauthenticated, id.User.ID, now,
			map[string]string{detailMethod: a.Method}))
	})
	if err != nil {
		return Proof{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.Reauthenticated, id.User.ID)
	return out, nil
}

// answer verifies a under the limits and runs then in the transaction that
// uses it up. then may run again when the database asks for it.
func (s *Service) answer(ctx context.Context, c Client, u profile.User, a Answer, failure activity.Kind, then func(context.Context) error) error {
	return s.tried(ctx, c, u, failure, s.method(a), func() error {
		return s.use(ctx, u, a, func(ctx context.Context) error {
			// A factor that was used is not lost.
			if err := s.endRecovery(ctx, u.ID, byFactor); err != nil {
				return err
			}
			return then(ctx)
		})
	})
}

// tried runs verify under the limits of second factors, and notes what came of it: a wrong
// answer, ErrInvalidCode, is an event of the kind failure.
func (s *Service) tried(ctx context.Context, c Client, u profile.User, failure activity.Kind, method string, verify func() error) error {
	t := s.triesOf(c)
	t.account = factorKey(u.ID)
	if err := t.take(ctx, s.limits.SecondFactor, failure, u.ID); err != nil {
		return err
	}
	err := verify()
	switch {
	case err == nil:
		t.succeeded(ctx)
	case errors.Is(err, ErrInvalidCode):
		s.failedBy(ctx, account{user: u}, failure, method, refusedFor(err))
	default:
		t.unspent(ctx)
	}
	return err
}

// method is Method as it may be written down: a caller's own words may not.
func (s *Service) method(a Answer) string {
	if a.Method == methodRecovery || s.knows(a.Method) {
		return a.Method
	}
	return "unknown"
}

// maxCode bounds an answer in bytes, before anything looks at it.
const maxCode = 256

func (s *Service) use(ctx context.Context, u profile.User, a Answer, then func(context.Context) error) error {
	if len(a.Code) > maxCode || !isText(a.Code) {
		return ErrInvalidCode
	}
	now := s.now()
	switch a.Method {
	case methodRecovery:
		return s.useRecoveryCode(ctx, u.ID, a.Code, now, then)
	case KindPasskey:
		return s.usePasskey(ctx, u, a, now, then)
	case string(authmail.BySMS), string(authmail.ByEmail):
		if s.sends(a.Method) {
			return s.useCode(ctx, u, a, now, then)
		}
	}
	f := s.kinds[a.Method]
	if f == nil {
		return ErrInvalidCode
	}
	records, err := s.confirmed(ctx, u.ID)
	if err != nil {
		return err
	}
	// A wrong answer to one of several counts as such, whatever the others are.
	wrong, unusable := false, false
	for _, r := range records {
		if r.Kind != a.Method {
			continue
		}
		used, rises, err := f.Verify(ctx, r, a.Code, now)
		if errors.Is(err, ErrInvalidCode) {
			wrong = true
			continue
		}
		if err != nil {
			if err = s.unusable(ctx, r, err); errors.Is(err, ErrFactorUnusable) {
				unusable = true
				continue
			}
			return fmt.Errorf("auth: factor %s: %w", a.Method, err)
		}
		used.LastUsedAt = now
		if bytes.Equal(used.Data, r.Data) {
			used.Data = nil // it may have been sealed anew meanwhile
		}
		return s.tx.InTx(ctx, func(ctx context.Context) error {
			if err := s.useFactor(ctx, used, rises); err != nil {
				return err
			}
			return then(ctx)
		})
	}
	if unusable && !wrong {
		return ErrFactorUnusable
	}
	return ErrInvalidCode
}

// confirmed are the user's factors that count.
func (s *Service) confirmed(ctx context.Context, userID string) ([]authstore.FactorRecord, error) {
	records, err := s.factors.Factors(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("auth: reading factors: %w", err)
	}
	return slices.DeleteFunc(records, func(r authstore.FactorRecord) bool { return r.Pending || r.UserID != userID }), nil
}

// owes reports whether the user has a second factor, and its methods.
func (s *Service) owes(ctx context.Context, userID string, now time.Time) (owes bool, methods []string, err error) {
	records, err := s.confirmed(ctx, userID)
	if err != nil || len(records) == 0 {
		return false, nil, err
	}
	for _, r := range records {
		if s.knows(r.Kind) && !slices.Contains(methods, r.Kind) {
			methods = append(methods, r.Kind)
		}
	}
	left, err := s.tickets.Tickets(ctx, userID, forRecoveryCode, now)
	if err != nil {
		return false, nil, fmt.Errorf("auth: reading recovery codes: %w", err)
	}
	if len(left) > 0 {
		methods = append(methods, methodRecovery)
	}
	return true, methods, nil
}

// knows reports whether a factor of that kind can be used.
func (s *Service) knows(kind string) bool {
	return s.kinds[kind] != nil || kind == KindPasskey && s.passkeys != nil || s.sends(kind)
}

// useRecoveryCode takes a recovery code.
func (s *Service) useRecoveryCode(ctx context.Context, userID, code string, now time.Time, then func(context.Context) error) error {
	hash, ok := hashRecoveryCode(userID, code)
	if !ok {
		return ErrInvalidCode
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		ticket, err := s.tickets.TakeTicket(ctx, forRecoveryCode, hash, now)
		if errors.Is(err, storage.ErrNotFound) || err == nil && ticket.UserID != userID {
			return ErrInvalidCode
		}
		if err != nil {
			return err
		}
		left, err := s.tickets.Tickets(ctx, userID, forRecoveryCode, now)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.RecoveryCodeUsed, userID, now, map[string]string{detailLeft: strconv.Itoa(len(left))})
		if err := s.record(ctx, event); err != nil {
			return err
		}
		return then(ctx)
	})
}

// isText reports whether every database keeps s as it is.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
