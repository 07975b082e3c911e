package profile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// KindExported is the event of a copy of everything that was handed out.
const KindExported activity.Kind = "profile.exported"

// DefaultExportLimit is how often one user gets a copy of everything.
var DefaultExportLimit = limit.Rule{Limit: 10, Window: 24 * time.Hour}

func exportKey(userID string) string { return "export:user:" + userID }

// ExporterConfig is what NewExporter takes. Users, Tx and LimitStore are required,
// and of one database.
type ExporterConfig struct {
	Policy

	Users      Store
	Tx         storage.Transactor
	LimitStore limit.Store
	// Contributors keep what else there is of a user, in the order of their files.
	Contributors []personal.Contributor
	// Activity is the feed in which an export is noted; nil for hosts without one.
	Activity activity.Store
	// Recorder is told of the event in its transaction; nil for none.
	Recorder activity.Recorder
	// ReadTime bounds one read of a database, and the writing of the event; 0 is
	// personal.DefaultReadTime.
	ReadTime time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record for each export; nil is for
	// warnings and errors only, which go to slog.Default().
	Logger *slog.Logger
}

// Exporter hands out a copy of everything that is kept of a user: the profile, and
// what the Contributors add. It is safe for concurrent use.
type Exporter struct {
	cfg     ExporterConfig
	limiter limit.Limiter
}

// NewExporter returns an Exporter, or what is wrong with c. It starts nothing.
func NewExporter(c ExporterConfig) (*Exporter, error) {
	if c.Users == nil || c.Tx == nil || c.LimitStore == nil {
		return nil, errors.New("profile: ExporterConfig needs Users, Tx and LimitStore")
	}
	c.ExportLimit = c.ExportLimit.Or(DefaultExportLimit)
	if err := c.ExportLimit.Check(); err != nil {
		return nil, fmt.Errorf("profile: Policy.ExportLimit: %w", err)
	}
	if c.ReadTime <= 0 {
		c.ReadTime = personal.DefaultReadTime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = logging.Or(c.Logger)
	return &Exporter{cfg: c, limiter: limit.Limiter{Store: c.LimitStore, Now: c.Now}}, nil
}

// heldBack is how much of a copy is made before its first byte leaves, in bytes.
// Most copies are smaller, but for the picture, and fail as a whole or not at all.
const heldBack = 64 << 10

// Export writes a zip with everything that is kept of the caller to w. A thief of the
// copy needs nothing else of the account, so the event KindExported is written
// before anything is read, and is in the copy.
//
// A proof that is not fresh is ErrNotFresh. An account that is gone or disabled, or whose
// deletion is pending, is ErrNoAccount. More than Limit is a *limit.ExceededError. After
// an error w holds no usable file: while nothing was written to w, the caller can still
// answer with the error; afterwards the connection has to be cut.
func (e *Exporter) Export(ctx context.Context, c Caller, w io.Writer) error {
	if err := c.check(e.cfg.Now(), false); err != nil {
		return err
	}
	id := c.User.ID
	u, err := e.begin(ctx, id)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, heldBack)
	a := personal.NewArchive(out, e.cfg.Now(), e.cfg.ReadTime)
	if err := a.JSON("profile.json", copyOf(u)); err != nil {
		return err
	}
	for _, who := range e.cfg.Contributors {
		if err := who.ExportUser(ctx, id, a); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	return out.Flush()
}

// begin takes a try and writes the event, for an account that is there: the Caller may
// have been read long ago. It returns the account as it is then.
func (e *Exporter) begin(ctx context.Context, id string) (u User, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.ReadTime)
	defer cancel()
	// Before the counter too: of an account that is gone nothing is kept.
	if u, err = e.account(ctx, id); err != nil {
		return User{}, err
	}
	if err := e.limiter.Take(ctx, exportKey(id), e.cfg.ExportLimit); err != nil {
		e.log(ctx, id, slog.Bool("refused", true))
		return User{}, err
	}
	event := activity.NewEvent(ctx, KindExported, id, e.cfg.Now(), nil)
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if u, err = e.account(ctx, id); err != nil {
			return err
		}
		if e.cfg.Activity != nil {
			if err := e.cfg.Activity.Append(ctx, event); err != nil {
				return err
			}
		}
		if e.cfg.Recorder == nil {
			return nil
		}
		return e.cfg.Recorder.Record(ctx, event)
	})
	if err != nil {
		return User{}, err
	}
	e.log(ctx, id)
	return u, nil
}

// account is the user with that ID, or ErrNoAccount.
func (e *Exporter) account(ctx context.Context, id string) (User, error) {
	u, err := e.cfg.Users.User(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (u.Disabled || u.DeletionPending()) {
		return User{}, ErrNoAccount
	}
	return u, err
}

func (e *Exporter) log(ctx context.Context, userID string, more ...slog.Attr) {
	e.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "profile: a copy of everything", append([]slog.Attr{
		slog.String("kind", string(KindExported)), slog.String("user", userID),
	}, more...)...)
}
