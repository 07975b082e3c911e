package httpadapter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// App is the mounted library: an http.Handler for its own routes, the
// middleware for the host's, and the services behind both.
type App struct {
	// The services, for calls without HTTP. One whose role is absent from
	// Config is nil.
	Profiles *profile.Service
	Pictures *picture.Service
	Settings *settings.Service
	Activity *activity.Log
	Auth     *auth.Service
	// Exporter hands out copies of everything that is kept of a user.
	Exporter *profile.Exporter
	// Deletions begins the end of accounts, and Eraser removes those whose time has
	// come, which Run does. Both are nil when Stores.Users is no
	// profile.DeletableStore.
	Deletions *profile.Deletions
	Eraser    *profile.Eraser
	// Notifier is made of Config.Mail; Run sends what waits in its outbox.
	Notifier *notify.Notifier

	cfg      settled
	routes   []route
	match    *matcher
	cors     *http.CrossOriginProtection
	openapi  []byte
	avatar   func() []byte
	recorder recorders
	kept     auth.Personal // without Stores when there are none
	workers  []func(context.Context) error

	capabilities []byte
	viewWriters  sync.Pool // of *viewWriter
}

// New builds an App. It starts nothing and calls no store.
func New(config Config) (*App, error) {
	cfg, err := config.settle()
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, avatar: sync.OnceValue(defaultAvatar)}
	a.recorder.host = cfg.Recorder
	if len(cfg.Mail.Senders) > 0 || cfg.Recorder != nil {
		a.cfg.Recorder = &a.recorder
	}
	for _, build := range []func() error{a.settings, a.mailer, a.profiles, a.activity, a.deletions, a.pictures, a.signIn, a.personal, a.origins} {
		if err := build(); err != nil {
			return nil, err
		}
	}
	if a.routes, err = a.table(); err != nil {
		return nil, err
	}
	if err := onceEach(a.routes); err != nil {
		return nil, err
	}
	a.match = newMatcher(a.routes)
	if a.openapi, err = a.openAPI(); err != nil {
		return nil, err
	}
	if a.capabilities, err = json.Marshal(a.Capabilities()); err != nil {
		return nil, err
	}
	a.tellHidden()
	return a, nil
}

func (a *App) settings() (err error) {
	sections := append([]settings.Declaration{
		profile.PrivacySection.Declare(),
		notify.PreferencesSection.Declare(),
		settings.AppearanceSection.Declare(),
		settings.LocaleSection.Declare(),
		settings.TimeZoneSection.Declare(),
	}, a.cfg.Sections...)
	s := a.cfg.Stores
	a.Settings, err = settings.New(settings.Config{Store: s.Settings, Sections: sections, Tx: s.Tx, Recorder: a.cfg.Recorder, Now: a.cfg.Now})
	return err
}

func (a *App) profiles() (err error) {
	s := a.cfg.Stores
	a.Profiles, err = profile.New(profile.Config{
		Policy: a.cfg.Profile, Store: s.Users, Settings: a.Settings, Holds: s.Holds, Tx: s.Tx,
		LimitStore: s.Limits, Recorder: a.cfg.Recorder, Now: a.cfg.Now,
	})
	return err
}

func (a *App) activity() (err error) {
	a.Activity, err = activity.New(activity.Config{
		Policy: a.cfg.Activity, Store: a.cfg.Stores.Activity, Keys: a.cfg.Keys, Now: a.cfg.Now,
	})
	return err
}

// deletions makes the Deletions, where users can be deleted.
func (a *App) deletions() (err error) {
	s := a.cfg.Stores
	users, ok := storage.As[profile.DeletableStore](s.Users)
	if !ok {
		return nil
	}
	a.Deletions, err = profile.NewDeletions(profile.DeletionsConfig{
		Policy: a.cfg.Profile, Users: users, Tx: s.Tx, LimitStore: s.Limits,
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return err
}

func (a *App) pictures() (err error) {
	s := a.cfg.Stores
	if a.cfg.Blobs == nil {
		return nil
	}
	a.Pictures, err = picture.New(picture.Config{
		Policy: a.cfg.Pictures, Users: s.Users, Ledger: s.Ledger, Blobs: a.cfg.Blobs, Tx: s.Tx, LimitStore: s.Limits,
		Profiles: a.Profiles, Deletions: a.Deletions, Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return err
}

func (a *App) signIn() (err error) {
	s := a.cfg.Stores
	if a.cfg.Authenticator != nil {
		return nil
	}
	a.Auth, err = auth.New(auth.Config{
		Policy: a.cfg.Auth, Users: s.Users, Stores: s.Auth, LimitStore: s.Limits, Activity: s.Activity, Tx: s.Tx, Holds: s.Holds,
		CheckUsername: a.Profiles.CheckUsername, Deletions: a.Deletions, Emptiers: a.emptiers(),
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return err
}

// emptiers are the services that keep something which is written in an account.
func (a *App) emptiers() []personal.Emptier {
	list := []personal.Emptier{a.Settings}
	if a.Pictures != nil {
		list = append(list, a.Pictures)
	}
	return list
}

// personal makes the Exporter, and the Eraser where users can be deleted, of all
// services and hosts that keep something of users.
func (a *App) personal() (err error) {
	s := a.cfg.Stores
	own := []personal.Contributor{a.Settings}
	if s.hasAuth() {
		// With a host's own sign-in too: ours may have left something.
		a.kept = auth.Personal{Stores: s.Auth, LimitStore: s.Limits}
		own = append(own, a.kept)
	}
	if a.Pictures != nil {
		own = append(own, a.Pictures)
	}
	own = append(own, a.Activity)
	a.Exporter, err = profile.NewExporter(profile.ExporterConfig{
		Policy: a.cfg.Profile, Users: s.Users, Tx: s.Tx, LimitStore: s.Limits,
		Contributors: slices.Concat(own, a.cfg.Contributors), Activity: s.Activity, ReadTime: a.cfg.HTTP.RequestTimeout,
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	users, ok := storage.As[profile.DeletableStore](s.Users)
	if err != nil || !ok {
		return err
	}
	a.Eraser, err = profile.NewEraser(profile.EraserConfig{
		Policy: a.cfg.Profile, Users: users, Tx: s.Tx, LimitStore: s.Limits, Contributors: slices.Concat(a.cfg.Contributors, own),
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger, Holds: s.Holds,
	})
	return err
}

func (a *App) origins() error {
	a.cors = http.NewCrossOriginProtection()
	for _, o := range a.cfg.HTTP.TrustedOrigins {
		if err := a.cors.AddTrustedOrigin(o); err != nil {
			return err
		}
	}
	return nil
}

// Mux is what Register needs of a mux; *http.ServeMux has it.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Register mounts the routes on mux: everything under Base (see
// HTTP.SharedBase), and at the root the two routes of the replaced application
// unless HTTP.NoLegacy, and with mail the pages /account/reset, verify, email, undo and
// not-me unless HTTP.NoPages.
func (a *App) Register(mux Mux) {
	seen := map[string]bool{}
	for _, rt := range a.routes {
		if !a.cfg.HTTP.SharedBase && !rt.root {
			continue // the subtree pattern below covers it
		}
		if !seen[rt.pattern] {
			seen[rt.pattern] = true
			mux.Handle(rt.pattern, a)
		}
	}
	if !a.cfg.HTTP.SharedBase {
		mux.Handle(a.cfg.HTTP.Base+"/", a)
	}
}

// Routes lists what is mounted, in the order of the contract.
func (a *App) Routes() []Route {
	out := make([]Route, len(a.routes))
	for i, rt := range a.routes {
		out[i] = Route{Method: rt.method, Pattern: rt.pattern, Class: rt.class}
	}
	return out
}

// cleanEvery is how often Run looks for what has expired.
const cleanEvery = 10 * time.Minute

// Run cleans up until its context ends: expired sessions and limits, events older than
// Config.Activity.Retention, holds that ended, accounts whose deletion is due, and
// pictures that nobody points to. It removes a few hundred rows at a time and leaves
// the database alone for as long as that took. Several nodes may run it at once.
//
// It also runs the Notifier, which sends what waits in the outbox. When the Notifier
// ends before its time, Run ends and returns the error; otherwise it returns the error
// of its context. A Courier or a Recorder of the host's own is the host's to run.
func (a *App) Run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var sending sync.WaitGroup
	defer sending.Wait()
	for _, run := range a.workers {
		sending.Go(func() {
			if err := run(ctx); ctx.Err() == nil {
				cancel(cmp.Or(err, errWorkerEnded))
			}
		})
	}
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		a.clean(ctx)
		select {
		case <-ctx.Done():
			if err := parent.Err(); err != nil {
				return err
			}
			return context.Cause(ctx) // a worker's
		case <-tick.C:
		}
	}
}

// errWorkerEnded is what Run returns when a worker ends without an error and unasked.
var errWorkerEnded = errors.New("httpadapter: what sends mail has ended")

// clean does one round; a part that fails is logged and tried again next time.
func (a *App) clean(ctx context.Context) {
	if a.cfg.Stores.hasAuth() {
		if err := a.kept.PurgeExpired(ctx, a.cfg.Now()); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning sessions failed", slog.Any("error", err))
		}
	}
	if err := limit.PurgeExpired(ctx, a.cfg.Stores.Limits, a.cfg.Now()); err != nil && ctx.Err() == nil {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning limits failed", slog.Any("error", err))
	}
	if err := a.Profiles.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "removing holds on names failed", slog.Any("error", err))
	}
	if _, err := a.Activity.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "removing old events failed", slog.Any("error", err))
	}
	if a.Eraser != nil { // before the purge, which then finds the pictures
		if _, err := a.Eraser.Erase(ctx); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "erasing accounts failed", slog.Any("error", err))
		}
	}
	if a.Pictures != nil {
		if _, err := a.Pictures.PurgeBlobs(ctx, picture.DefaultPendingAge); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "purging pictures failed", slog.Any("error", err))
		}
	}
}
