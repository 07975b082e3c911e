package profile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// Kinds of the events of an account's end. A Deletions records the first two, an
// Eraser the last.
const (
	// KindDeletionRequested: the account will be erased. Detail: at, the time
	// (RFC 3339), and endedSessions where package auth keeps the sessions.
	KindDeletionRequested activity.Kind = "profile.deletion_requested"
	// KindRestored: that was taken back.
	KindRestored activity.Kind = "profile.restored"
	// KindDeleted: the account is gone. It is in no feed, since that is gone
	// too: a Recorder is told.
	KindDeleted activity.Kind = "profile.deleted"
)

// DeletionPending reports whether the account will be erased, or is being erased.
func (u User) DeletionPending() bool { return !u.DeletesAt.IsZero() }

// Restorable reports whether the account will be erased and that can be taken
// back at now.
func (u User) Restorable(now time.Time) bool { return u.DeletionPending() && now.Before(u.DeletesAt) }

// DeletableStore is a Store whose users can be deleted: optional for a host's
// own, and without it no account is. Store.Update keeps Patch.DeletesAt then.
type DeletableStore interface {
	Store
	// DueUsers returns the IDs of up to limit users whose DeletesAt is not zero
	// and not after before, the earliest first.
	DueUsers(ctx context.Context, before time.Time, limit int) ([]string, error)
	// DeleteUser removes the user for good. It is storage.ErrStale when version
	// is not the present one, and storage.ErrNotFound when there is no such user.
	// The ID is never given out again; user name and e-mail are free.
	DeleteUser(ctx context.Context, id string, version int64) error
}

// Margin is how long after DeletesAt an Eraser waits. Until then whatever the
// user had begun is over, and nodes whose clocks differ by less agree on whether
// the deletion can still be taken back.
const Margin = time.Minute

// claimed is how far back an Eraser moves DeletesAt of a user when it begins:
// no clock of a node is so wrong that it can be taken back then.
const claimed = time.Hour

// eraseBatch is how many users one question for due ones brings.
const eraseBatch = 50

// EraserConfig is what NewEraser takes. Users, Tx and LimitStore are required, and
// of one database.
type EraserConfig struct {
	Policy

	Users DeletableStore
	Tx    storage.Transactor
	// Contributors keep what else there is of a user, in the order in which they
	// forget it.
	Contributors []personal.Contributor
	// LimitStore has the counters of the limits of Deletions and Exporter, which are
	// forgotten too; it is required.
	LimitStore limit.Store
	// Holds keeps the names of erased users from everybody for Policy.NameHold, as in
	// Config; nil frees them at once.
	Holds HoldStore
	// Recorder is told KindDeleted in the transaction that removes the user, who
	// is still there then; nil for none.
	Recorder activity.Recorder
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record for each user; nil is for
	// warnings and errors only, which go to slog.Default().
	Logger *slog.Logger
}

// Eraser erases the users whose time has come. It may run on several nodes at
// once, and whenever it is interrupted the next run goes on: the user is removed
// last, and is due until then.
type Eraser struct{ cfg EraserConfig }

// NewEraser returns an Eraser, or what is wrong with c. It starts nothing.
func NewEraser(c EraserConfig) (*Eraser, error) {
	if c.Users == nil || c.Tx == nil || c.LimitStore == nil {
		return nil, errors.New("profile: EraserConfig needs Users, Tx and LimitStore")
	}
	if c.NameHold == 0 {
		c.NameHold = DefaultNameHold
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = logging.Or(c.Logger)
	return &Eraser{c}, nil
}

// Erase erases everybody whose DeletesAt is more than Margin ago, and says how
// many it did. A user who cannot be erased now does not keep the others; the
// error joins what failed, and the next call tries them again.
func (e *Eraser) Erase(ctx context.Context) (n int, err error) {
	began := e.cfg.Now()
	before := began.Add(-Margin)
	var failed []error
	for {
		ids, err := e.cfg.Users.DueUsers(ctx, before, eraseBatch)
		if err != nil {
			return n, errors.Join(append(failed, fmt.Errorf("profile: who is to be erased: %w", err))...)
		}
		done := 0
		for _, id := range ids {
			if err := e.erase(ctx, id, before); err != nil {
				if ctx.Err() != nil {
					return n, ctx.Err()
				}
				e.cfg.Logger.LogAttrs(ctx, slog.LevelError, "profile: an account was not erased and is tried again",
					slog.String("user", id), slog.Any("error", err))
				failed = append(failed, fmt.Errorf("profile: erasing user %s: %w", id, err))
				continue
			}
			done++
		}
		n += done
		if len(ids) < eraseBatch || done == 0 {
			return n, errors.Join(failed...)
		}
	}
}

// erase removes one user, who is due.
func (e *Eraser) erase(ctx context.Context, id string, before time.Time) error {
	u, err := e.claim(ctx, id, before)
	if err != nil || u.ID == "" {
		return err
	}
	for _, c := range e.cfg.Contributors {
		if err := c.EraseUser(ctx, id); err != nil {
			return err
		}
	}
	if err := eraseLimits(ctx, e.cfg.LimitStore, id); err != nil {
		return err
	}
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if e.cfg.Recorder != nil {
			if err := e.cfg.Recorder.Record(ctx, activity.NewEvent(ctx, KindDeleted, id, e.cfg.Now(), nil)); err != nil {
				return err
			}
		}
		if err := e.cfg.Users.DeleteUser(ctx, id, u.Version); err != nil || e.cfg.Holds == nil {
			return err
		}
		// The version was u's, and so was the name.
		return holdDeleted(ctx, e.cfg.Holds, u, e.cfg.Now(), e.cfg.NameHold)
	})
	if gone(err) {
		return nil // another node has done it, or is at it
	}
	if err == nil {
		e.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "profile: an account was erased", slog.String("user", id))
	}
	return err
}

// claim makes the deletion one that nobody can take back, and raises the version
// so that who has read the user before cannot either. It is the zero User when
// there is nothing to do any more.
func (e *Eraser) claim(ctx context.Context, id string, before time.Time) (User, error) {
	u, err := e.cfg.Users.User(ctx, id)
	if err != nil || !u.DeletionPending() || u.DeletesAt.After(before) {
		return User{}, unlessGone(err)
	}
	past := e.cfg.Now().Add(-claimed)
	u, err = e.cfg.Users.Update(ctx, id, Patch{IfVersion: u.Version, DeletesAt: &past})
	if err != nil {
		return User{}, unlessGone(err)
	}
	return u, nil
}

func gone(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrStale)
}

func unlessGone(err error) error {
	if gone(err) {
		return nil
	}
	return err
}
