package picture

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/internal/overtime"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Kinds of the events that a Service writes. They have no detail.
const (
	KindChanged activity.Kind = "picture.changed"
	KindRemoved activity.Kind = "picture.removed"
)

const (
	// storeTime bounds the time between entering keys as pending and pointing
	// to them. It is far below DefaultPendingAge, so that the purge does not
	// take the keys of an upload that is slow.
	storeTime = 10 * time.Minute
	// cleanupTime bounds the tidying after a failure, which goes on when the
	// caller's context has ended.
	cleanupTime = 10 * time.Second
	// maxTries is how often a change of the user is tried again because
	// somebody else changed it meanwhile. Each time somebody gets on.
	maxTries = 100
	// cacheControl is for ever: a key's bytes never change.
	cacheControl = "public, max-age=31536000, immutable"
)

// DefaultUploadLimit is how often one user may begin to upload a picture.
var DefaultUploadLimit = limit.Rule{Limit: 60, Window: time.Hour}

// uploadKey is by what the uploads of a user are counted.
func uploadKey(userID string) string { return "upload:user:" + userID }

// Config is what a Service is made of. Users, Ledger, Blobs, Tx and LimitStore are
// needed; all but Blobs must be of one database.
type Config struct {
	Policy

	Users  profile.Store
	Ledger Ledger
	Blobs  storage.BlobStore
	Tx     storage.Transactor
	// LimitStore counts uploads; limit.Off{} counts nothing.
	LimitStore limit.Store
	// Profiles says whether everybody may see a user's picture. With it, and a
	// BlobStore in which storage.As finds a storage.PublicURLer, public pictures have
	// the store's own addresses, and New has the Service follow every change of
	// privacy: see Settle. nil means that no picture has a public address.
	Profiles *profile.Service
	// Deletions has the Service hide the pictures of accounts that their users
	// delete; nil is for hosts whose accounts are not.
	Deletions *profile.Deletions
	// Recorder is told of events in the transaction of their change, and can undo it;
	// nil for none.
	Recorder activity.Recorder
	// Pool, when set, is shared with others; nil is one of the Service's own.
	Pool *Pool
	Now  func() time.Time // nil is time.Now
	Rand io.Reader        // for the names of blobs; nil is crypto/rand
	// Logger gets warnings and errors; nil is slog.Default().
	Logger *slog.Logger
}

// Service keeps one picture for each user. Its methods are safe for
// concurrent use, also from several processes on one database.
//
// A crash at any moment leaves the old picture or the new one, whole, and at
// most blobs that PurgeBlobs removes: keys are entered in the ledger as pending,
// then the blobs are put, then one transaction points to them, makes them live
// and the old ones dead.
type Service struct {
	cfg     Config
	pool    *Pool
	limiter limit.Limiter
	abilities
}

// New returns a Service, which acts from then on when Config.Profiles or
// Config.Deletions change who may see a picture. It starts nothing.
func New(cfg Config) (*Service, error) {
	if cfg.Users == nil || cfg.Ledger == nil || cfg.Blobs == nil || cfg.Tx == nil || cfg.LimitStore == nil {
		return nil, errors.New("picture: Config needs Users, Ledger, Blobs, Tx and LimitStore")
	}
	cfg.UploadLimit = cfg.UploadLimit.Or(DefaultUploadLimit)
	if err := cfg.UploadLimit.Check(); err != nil {
		return nil, fmt.Errorf("picture: Policy.UploadLimit: %w", err)
	}
	if _, err := opaque(cfg.Background); err != nil {
		return nil, err
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Pool == nil {
		cfg.Pool = NewPool(cfg.Limits)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	cfg.Logger = logging.Or(cfg.Logger)
	s := &Service{cfg: cfg, pool: cfg.Pool, limiter: limit.Limiter{Store: cfg.LimitStore, Now: cfg.Now}}
	var err error
	if s.abilities, err = findAbilities(cfg); err != nil {
		return nil, err
	}
	return s, s.follow()
}

// MaxBytes is the longest file that Put takes, in bytes.
func (s *Service) MaxBytes() int64 { return s.cfg.Limits.MaxBytes }

// PutOptions adjust Put and CompleteDirect.
type PutOptions struct {
	// Crop is the square to be cut out; nil is the middle.
	Crop *Crop
	// IfVersion, when not 0, must be the user's present version, else the error is
	// storage.ErrStale and the picture is the one of before. It is looked at before
	// the file is read, and holds until the picture is the user's.
	IfVersion int64
}

// Put makes src the picture of the user, replacing any, and returns the user.
// src is read to its end. Errors are those of the package comment, of src, and
// of the stores (storage.ErrUnavailable, storage.ErrFull, …); after any of
// them the user has the picture of before, unless it is one of the last step, which
// takes public addresses away again when the owner went private meanwhile. More than
// Policy.UploadLimit are a *limit.ExceededError, and nothing is read of src. Inside a transaction Put, and all
// else that changes blobs, is storage.ErrInTransaction.
func (s *Service) Put(ctx context.Context, userID string, src io.Reader, o PutOptions) (profile.User, error) {
	if err := s.limiter.Take(ctx, uploadKey(userID), s.cfg.UploadLimit); err != nil {
		return profile.User{}, err
	}
	return s.put(ctx, userID, src, o)
}

// put is Put of an upload that was counted.
func (s *Service) put(ctx context.Context, userID string, src io.Reader, o PutOptions) (profile.User, error) {
	// Before megabytes are read.
	if _, err := s.present(ctx, userID, o.IfVersion); err != nil {
		return profile.User{}, err
	}
	res, err := process(ctx, src, Options{Crop: o.Crop, Limits: s.cfg.Limits, Decoders: s.cfg.Decoders, Pool: s.pool, Background: s.cfg.Background})
	if err != nil {
		return profile.User{}, s.pipelineError(ctx, err)
	}
	base, err := newBase(s.cfg.Rand)
	if err != nil {
		return profile.User{}, err
	}
	p := profile.Picture{Base: base, Ext: res.Ext, Placeholder: res.Placeholder}
	var blobs []blob
	for _, sq := range s.keeps(p, res.Squares) {
		p.Sizes = append(p.Sizes, sq.Size)
		blobs = append(blobs, blob{Key(p, sq.Size), res.ContentType, sq.Data})
	}
	if p.Public, err = s.public(ctx, userID); err != nil {
		return profile.User{}, err
	}
	u, err := s.replace(ctx, userID, change{to: p, kind: KindChanged, ifVersion: o.IfVersion}, blobs)
	if err != nil || !p.Public {
		return u, err
	}
	// The owner may have gone private since the question. Whoever sent the picture
	// may be gone, and the address must not stay for that.
	settling, cancel := overtime.Context(ctx, cleanupTime)
	defer cancel()
	return s.Settle(settling, userID)
}

// present reads the user, who must have that version if it is not 0.
func (s *Service) present(ctx context.Context, userID string, ifVersion int64) (profile.User, error) {
	u, err := s.cfg.Users.User(ctx, userID)
	if err == nil && ifVersion != 0 && u.Version != ifVersion {
		err = storage.ErrStale
	}
	if err != nil {
		return profile.User{}, err
	}
	return u, nil
}

// blob is one that is to be put.
type blob struct {
	key, contentType string
	data             []byte
}

// replace puts the blobs of c.to and points the user to them.
func (s *Service) replace(ctx context.Context, userID string, c change, blobs []blob) (profile.User, error) {
	if s.cfg.Tx.InTransaction(ctx) { // what the store keeps no rollback takes back
		return profile.User{}, fmt.Errorf("picture: %w", storage.ErrInTransaction)
	}
	fresh := keys(c.to)
	if err := s.cfg.Ledger.Reserve(ctx, userID, fresh, s.cfg.Now()); err != nil {
		return profile.User{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if err := s.putBlobs(ctx, blobs); err != nil {
		s.abandon(ctx, fresh)
		return profile.User{}, err
	}
	u, outcome, err := s.point(ctx, userID, c)
	switch {
	case err == nil:
		return u, nil
	case outcome == rolledBack:
		s.abandon(ctx, fresh)
	case outcome == unknown:
		// The commit may have happened. If it did not, the keys are still
		// pending and PurgeBlobs takes them later; marking them dead now could take
		// a picture that somebody sees.
		if u, ok := s.pointsTo(ctx, userID, c.to.Base); ok {
			return u, nil
		}
	}
	return profile.User{}, err
}

// pipelineError logs what must not reach the one who sent the picture.
func (s *Service) pipelineError(ctx context.Context, err error) error {
	var panicked *panicError
	if !errors.As(err, &panicked) {
		return err
	}
	s.cfg.Logger.ErrorContext(ctx, "picture: a decoder panicked", "panic", panicked.value, "stack", panicked.stack)
	return hidePanic(err)
}

func (s *Service) putBlobs(ctx context.Context, blobs []blob) error {
	for _, b := range blobs {
		meta := storage.Meta{ContentType: b.contentType, CacheControl: cacheControl}
		if err := s.cfg.Blobs.Put(ctx, b.key, bytes.NewReader(b.data), meta); err != nil {
			return fmt.Errorf("picture: store: %w", err)
		}
	}
	return nil
}

// Remove takes the user's picture away and returns the user. Without a
// picture nothing changes. ifVersion, when not 0, must be the user's present
// version, else the error is storage.ErrStale and nothing changes.
func (s *Service) Remove(ctx context.Context, userID string, ifVersion int64) (profile.User, error) {
	u, outcome, err := s.point(ctx, userID, change{kind: KindRemoved, ifVersion: ifVersion})
	if err != nil && outcome == unknown {
		if u, ok := s.pointsTo(ctx, userID, ""); ok {
			return u, nil
		}
	}
	return u, err
}

type outcome int

const (
	committed  outcome = iota
	rolledBack         // certainly
	unknown            // the connection broke at the commit
)

// change is what a user's picture becomes.
type change struct {
	to   profile.Picture
	kind activity.Kind // of the event, or ""
	// from is the Base that the present picture must have; "" is any.
	from string
	// ifVersion is the version that the user must have; 0 is any.
	ifVersion int64
}

// errReplaced: the present picture is not the one that the change is of.
var errReplaced = errors.New("picture: replaced in the meantime")

// point makes the change in one transaction: the new keys live, the old ones
// dead, the event written.
func (s *Service) point(ctx context.Context, userID string, c change) (profile.User, outcome, error) {
	for try := 1; ; try++ {
		u, outcome, err := s.pointOnce(ctx, userID, c)
		if !errors.Is(err, storage.ErrStale) || outcome != rolledBack || c.ifVersion != 0 {
			return u, outcome, err
		}
		if try == maxTries {
			return profile.User{}, rolledBack, &storage.UnavailableError{Err: errors.New("picture: the user is changing all the time")}
		}
	}
}

func (s *Service) pointOnce(ctx context.Context, userID string, c change) (profile.User, outcome, error) {
	var (
		after profile.User
		fnErr error
	)
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		after, fnErr = s.pointIn(ctx, userID, c)
		return fnErr
	})
	switch {
	case err == nil:
		return after, committed, nil
	case fnErr != nil:
		return profile.User{}, rolledBack, err
	}
	return profile.User{}, unknown, err
}

// pointIn is the transaction. The user's version is read and then required:
// under read committed another upload may have come between, and the picture
// to be marked dead would be the wrong one.
func (s *Service) pointIn(ctx context.Context, userID string, c change) (profile.User, error) {
	before, err := s.present(ctx, userID, c.ifVersion)
	if err != nil {
		return profile.User{}, err
	}
	if c.from != "" && before.Picture.Base != c.from {
		return profile.User{}, errReplaced
	}
	if before.Picture.IsZero() && c.to.IsZero() {
		return before, nil
	}
	now := s.cfg.Now()
	moved := before.Picture.Base != c.to.Base
	if fresh := keys(c.to); moved && len(fresh) > 0 {
		if err := s.cfg.Ledger.Live(ctx, fresh, now); err != nil {
			if errors.Is(err, storage.ErrNotFound) {
				// Purged because it took too long. That is not the user's being
				// unknown, which the same error would say.
				err = &storage.UnavailableError{Err: errors.New("picture: the new blobs were purged before they were used")}
			}
			return profile.User{}, err
		}
	}
	var events []activity.Event
	if c.kind != "" {
		events = append(events, activity.NewEvent(ctx, c.kind, userID, now, nil))
	}
	after, err := s.cfg.Users.Update(ctx, userID, profile.Patch{IfVersion: before.Version, Picture: &c.to}, events...)
	if err != nil {
		return profile.User{}, err
	}
	if old := keys(before.Picture); moved && len(old) > 0 {
		if err := s.cfg.Ledger.Dead(ctx, old, now); err != nil {
			return profile.User{}, err
		}
	}
	if s.cfg.Recorder != nil && len(events) > 0 {
		if err := s.cfg.Recorder.Record(ctx, events...); err != nil {
			return profile.User{}, err
		}
	}
	return after, nil
}

// pointsTo asks, after a commit of unknown outcome, whether the user has the
// picture of that base.
func (s *Service) pointsTo(ctx context.Context, userID, base string) (profile.User, bool) {
	ctx, cancel := overtime.Context(ctx, cleanupTime)
	defer cancel()
	u, err := s.cfg.Users.User(ctx, userID)
	return u, err == nil && u.Picture.Base == base && (base != "" || u.Picture.IsZero())
}

// abandon gives up keys that nothing points to and never will. What fails here
// the purge does later.
func (s *Service) abandon(ctx context.Context, unused []string) {
	ctx, cancel := overtime.Context(ctx, cleanupTime)
	defer cancel()
	if err := s.cfg.Ledger.Dead(ctx, unused, s.cfg.Now()); err != nil {
		s.cfg.Logger.WarnContext(ctx, "picture: could not mark the blobs of a failed upload", "error", err)
	}
	// Also when the ledger forgot them: a put that ended after the purge.
	for _, key := range unused {
		if err := s.cfg.Blobs.Delete(ctx, key); err != nil {
			s.cfg.Logger.WarnContext(ctx, "picture: could not delete a blob of a failed upload", "key", key, "error", err)
		}
	}
}
