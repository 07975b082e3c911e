package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// How long the secrets in messages live.
const (
	// resetLife is the life of a link that sets a new password.
	resetLife = time.Hour
	// verifyLife is the life of the link that proves the address of a sign-up.
	verifyLife = 24 * time.Hour
	// emailChangeLife is the life of the link that proves a new address.
	emailChangeLife = 24 * time.Hour
	// emailUndoWindow is how long the old address can take a change back, at
	// least, counted from when the new one was proved.
	emailUndoWindow = 72 * time.Hour
	// reportLife is the life of a link "this wasn't me".
	reportLife = 7 * 24 * time.Hour
)

// addressSum names an address, under whatever spelling, without telling it.
func addressSum(email string) [32]byte {
	canonical, err := profile.EmailKey(email)
	if err != nil { // of a user that the host made, or took over
		canonical = strings.ToLower(email)
	}
	return sha256.Sum256([]byte(canonical))
}

// sourceFor is the Detail of a message to the user at an address: from where the message
// was asked for. Only an address that was proved to be the user's is told, because a
// stranger must not learn where somebody is.
func sourceFor(ctx context.Context, user profile.User, to string) map[string]string {
	if !user.Reads(to) {
		return nil
	}
	return activity.SourceFrom(ctx).Detail()
}

// secret is a ticket and the token that opens it, which is stored nowhere.
type secret struct {
	authstore.Ticket
	token string
}

// newSecret returns a ticket of a fresh token that lives from now on. The zero
// life makes one that is over: it stands for one that nobody gets.
func (s *Service) newSecret(p authstore.Purpose, userID string, data []byte, now time.Time, life time.Duration) (secret, error) {
	token, hash, err := newToken(s.random)
	if err != nil {
		return secret{}, err
	}
	return secret{authstore.Ticket{Hash: hash, Purpose: p, UserID: userID, Data: data, CreatedAt: now, ExpiresAt: now.Add(life)}, token}, nil
}

// stranger returns an ID that is no user's, for work that must be the same
// whether there is a user or not.
func (s *Service) stranger() (string, error) {
	id, err := newID(s.random)
	return "nobody:" + id, err
}

// peek returns a ticket by the token from a link, without taking it. Text that
// is no token costs nothing; a token that opens nothing is ErrInvalidToken and
// counts for the client's address, so that nobody can go on guessing.
func (s *Service) peek(ctx context.Context, c Client, p authstore.Purpose, token string) (authstore.Ticket, error) {
	return s.opened(ctx, c, p, token, func(ctx context.Context, p authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
		t, err := s.tickets.Ticket(ctx, p, hash, time.Time{})
		if err == nil && !t.Alive(now) {
			// Taken away, or a clock that is set back would bring it back.
			return s.tickets.TakeTicket(ctx, p, hash, now)
		}
		return t, err
	})
}

// takeIn takes a ticket that peek returned, in the transaction of ctx, so that of any number
// of calls at once one goes on. What fails leaves the ticket: a link of the owner must not be
// used up while the account is disabled.
func (s *Service) takeIn(ctx context.Context, p authstore.Purpose, t authstore.Ticket) error {
	_, err := s.tickets.TakeTicket(ctx, p, t.Hash, s.now())
	if errors.Is(err, storage.ErrNotFound) {
		return ErrInvalidToken
	}
	return err
}

func (s *Service) opened(ctx context.Context, c Client, p authstore.Purpose, token string,
	open func(context.Context, authstore.Purpose, [32]byte, time.Time) (authstore.Ticket, error),
) (authstore.Ticket, error) {
	hash, ok := hashToken(token)
	if !ok {
		return authstore.Ticket{}, ErrInvalidToken
	}
	if err := s.takeNet(ctx, netToken, c, s.limits.Address); err != nil {
		s.refused(ctx, kindToken, "", err)
		return authstore.Ticket{}, err
	}
	t, err := open(ctx, p, hash, s.now())
	if errors.Is(err, storage.ErrNotFound) {
		s.log(ctx, slog.LevelInfo, kindToken, "", slog.String("refused", string(p)))
		return authstore.Ticket{}, ErrInvalidToken
	}
	s.refundNet(ctx, netToken, c)
	return t, err
}

// begunPurposes are of what a new password or address ends. What the owner
// of an earlier address holds, to take a change back or to report it, stays: it
// is for when whoever did this is not the owner.
var begunPurposes = []authstore.Purpose{forReset, forVerify, forEmailChange, forPhone, forSecondFactor, forMailCode, forMailProof, forChallenge, forLostFactors}

// removeBegun removes what was begun, in the transaction of ctx.
func (s *Service) removeBegun(ctx context.Context, userID, because string) error {
	if err := s.endRecovery(ctx, userID, because); err != nil {
		return err
	}
	if err := s.endWait(ctx, userID, because); err != nil {
		return err
	}
	_, err := s.tickets.RemoveTickets(ctx, userID, begunPurposes...)
	return err
}

// locked returns the user and the password hash, which nobody else changes
// until the transaction of ctx ends. A user that is gone, disabled or being erased is
// ErrInvalidToken: nothing that was sent is worth anything any more.
func (s *Service) locked(ctx context.Context, userID string) (profile.User, string, error) {
	hash, err := s.passwords.LockPassword(ctx, userID)
	if err != nil {
		return profile.User{}, "", err
	}
	u, err := s.users.User(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && shut(u, s.now()) {
		return profile.User{}, "", ErrInvalidToken
	}
	return u, hash, err
}

// whole runs fn in a transaction, again when the user changed meanwhile: a
// host's own users are not locked with their password. Afterwards those who observe
// deletions hear of the one that fn took back.
func (s *Service) whole(ctx context.Context, fn func(ctx context.Context) error) error {
	for range verifyRounds {
		var back profile.User
		err := s.tx.InTx(ctx, func(ctx context.Context) error {
			back = profile.User{}
			return fn(context.WithValue(ctx, tookBack{}, &back))
		})
		if errors.Is(err, storage.ErrStale) {
			continue
		}
		if err == nil && back.ID != "" && s.deletions != nil {
			s.deletions.Restored(ctx, back)
		}
		return err
	}
	return &storage.UnavailableError{Err: errPasswordMoved}
}

// tookBack is the key of the user whose deletion is taken back in a transaction of
// whole.
type tookBack struct{}

// change writes patch with its event, in the transaction of whole. A patch that takes
// a deletion back has an event for that too, and the observers of deletions act.
func (s *Service) change(ctx context.Context, user profile.User, patch profile.Patch, event activity.Event) error {
	events := []activity.Event{event}
	if user.DeletionPending() && patch.DeletesAt != nil && patch.DeletesAt.IsZero() {
		events = append(events, activity.NewEvent(ctx, profile.KindRestored, user.ID, s.now(), nil))
		if s.deletions != nil {
			if err := s.deletions.Restoring(ctx, user); err != nil {
				return err
			}
		}
		if back, ok := ctx.Value(tookBack{}).(*profile.User); ok {
			*back = user
		}
	}
	if _, err := s.users.Update(ctx, user.ID, patch, events...); err != nil {
		return err
	}
	return s.tell(ctx, events...)
}

// tell hands events to Config.Recorder, in the transaction that they are of.
func (s *Service) tell(ctx context.Context, events ...activity.Event) error {
	if s.recorder == nil {
		return nil
	}
	return s.recorder.Record(ctx, events...)
}

// record writes events, for what no store takes them with.
func (s *Service) record(ctx context.Context, events ...activity.Event) error {
	if err := s.activity.Append(ctx, events...); err != nil {
		return err
	}
	return s.tell(ctx, events...)
}
