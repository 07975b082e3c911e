package httpadapter

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
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
	// come, which Run does. Both are nil when Config.Users cannot delete.
	Deletions *profile.Deletions
	Eraser    *profile.Eraser
	// Notifier is made of Config.Mail; Run sends what waits in its outbox.
	Notifier *notify.Notifier

	cfg      settled
	users    profile.Store
	routes   []route
	match    *matcher
	cors     *http.CrossOriginProtection
	openapi  []byte
	signed   storage.SignedURLer // nil: pictures are served from here
	avatar   func() []byte
	recorder recorders
	kept     auth.Personal // without Stores when there are none
}

// New builds an App. It starts nothing and calls no store.
func New(config Config) (*App, error) {
	cfg, err := config.settle()
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, users: cfg.Users, avatar: sync.OnceValue(defaultAvatar)}

	a.recorder.host = cfg.Recorder
	if a.cfg.Mail != nil || cfg.Recorder != nil {
		a.cfg.Recorder, cfg.Recorder = &a.recorder, &a.recorder
	}
	sections := append([]settings.Declaration{
		profile.PrivacySection.Declare(),
		notify.PreferencesSection.Declare(),
		settings.AppearanceSection.Declare(),
		settings.LocaleSection.Declare(),
		settings.TimeZoneSection.Declare(),
	}, cfg.Sections...)
	store := cfg.Stores.Settings()
	if store == nil {
		return nil, errors.New("httpadapter: Stores.Settings is required: it says who may see a profile")
	}
	if a.Settings, err = settings.New(settings.Config{Store: store, Sections: sections, Tx: cfg.Stores, Recorder: cfg.Recorder, Now: cfg.Now}); err != nil {
		return nil, err
	}
	if err := a.mailer(); err != nil {
		return nil, err
	}
	cfg.Courier = a.cfg.Courier
	a.Profiles, err = profile.New(profile.Config{
		Store: a.users, Settings: a.Settings, Reserved: cfg.Reserved, Custom: cfg.Custom, Now: cfg.Now,
		Holds: cfg.holds, Tx: cfg.Stores, Recorder: cfg.Recorder, NameHold: cfg.NameHold,
	})
	if err != nil {
		return nil, err
	}
	if s := cfg.Stores.Activity(); s != nil {
		if a.Activity, err = activity.New(activity.Config{
			Store: s, Keys: cfg.Keys, Retention: cfg.ActivityRetention, Now: cfg.Now,
		}); err != nil {
			return nil, err
		}
	}
	if signed, ok := cfg.Blobs.(storage.SignedURLer); ok && cfg.SignedPictures > 0 {
		a.signed = signed
	}
	if err := a.deletions(); err != nil {
		return nil, err
	}
	if ledger := cfg.Stores.Ledger(); ledger != nil && cfg.Blobs != nil {
		a.Pictures, err = picture.New(picture.Config{
			Users: a.users, Ledger: ledger, Blobs: cfg.Blobs, Tx: cfg.Stores, LimitStore: cfg.limits,
			UploadLimit: cfg.UploadLimit, Limits: cfg.PictureLimits, Decoders: cfg.PictureDecoders, Background: cfg.PictureBackground,
			Profiles: a.Profiles, Deletions: a.Deletions, Recorder: cfg.Recorder, Now: cfg.Now, Logger: cfg.Logger,
		})
		if err != nil {
			return nil, err
		}
	}
	if s := cfg.Stores.Auth(); s != nil && cfg.Authenticator == nil {
		a.Auth, err = auth.New(auth.Config{
			Users: a.users, Stores: s, LimitStore: cfg.limits, Activity: cfg.Stores.Activity(), Tx: cfg.Stores, Holds: cfg.holds,
			Hashers: cfg.Hashers, SignUp: cfg.SignUp, MinPassword: cfg.MinPassword,
			ContextWords: cfg.names, Breaches: cfg.Breaches, BreachesRequired: cfg.BreachesRequired,
			CheckUsername: a.Profiles.CheckUsername,
			SeparateUsers: cfg.ownUsers, Factors: cfg.Factors, Passkeys: cfg.Passkeys,
			Codes:   auth.Codes{Channels: cfg.Codes, Keys: cfg.Keys, Alone: cfg.CodesAlone},
			Courier: cfg.Courier, Links: cfg.Links, Recorder: cfg.Recorder,
			Deletions: a.Deletions, FactorRecovery: cfg.FactorRecovery,
			Session: cfg.Session, SessionCache: cfg.SessionCache, Limits: cfg.AuthLimits,
			Now: cfg.Now, Logger: cfg.Logger,
		})
		if err != nil {
			return nil, err
		}
	}
	if a.Auth == nil && cfg.Authenticator == nil {
		return nil, errors.New("httpadapter: nobody can sign in: give Stores.Auth or an Authenticator")
	}

	if cfg.Authenticator != nil && cfg.SessionCache != (auth.SessionCache{}) {
		return nil, errors.New("httpadapter: Config.SessionCache is for our sessions, not for an Authenticator's")
	}

	if err := a.personal(); err != nil {
		return nil, err
	}
	a.cors = http.NewCrossOriginProtection()
	for _, o := range cfg.TrustedOrigins {
		if err := a.cors.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
	}
	if a.routes, err = a.table(); err != nil {
		return nil, err
	}
	a.match = newMatcher(a.routes)
	if a.openapi, err = a.openAPI(); err != nil {
		return nil, err
	}
	return a, nil
}

// deletions makes the Deletions, where users can be deleted.
func (a *App) deletions() (err error) {
	users, ok := a.users.(profile.DeletableStore)
	if !ok {
		return nil
	}
	a.Deletions, err = profile.NewDeletions(profile.DeletionsConfig{
		Users: users, Tx: a.cfg.Stores, LimitStore: a.cfg.limits, Limit: a.cfg.DeletionLimit, Grace: a.cfg.DeletionGrace,
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return err
}

// personal makes the Exporter, and the Eraser where users can be deleted, of all
// who keep something of users.
func (a *App) personal() (err error) {
	own := []personal.Contributor{a.Settings}
	if s := a.cfg.Stores.Auth(); s != nil {
		if apart, ok := s.(auth.SeparateStores); ok && a.cfg.ownUsers {
			s = apart.Separate()
		}
		// With a host's own sign-in too: ours may have left something.
		a.kept = auth.Personal{Stores: s, LimitStore: a.cfg.limits}
		own = append(own, a.kept)
	}
	if a.Pictures != nil {
		own = append(own, a.Pictures)
	}
	if a.Activity != nil {
		own = append(own, a.Activity)
	}
	a.Exporter, err = profile.NewExporter(profile.ExporterConfig{
		Users: a.users, Tx: a.cfg.Stores, LimitStore: a.cfg.limits, Limit: a.cfg.ExportLimit,
		Contributors: slices.Concat(own, a.cfg.Contributors), Activity: a.cfg.Stores.Activity(), ReadTime: a.cfg.RequestTimeout,
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	users, ok := a.users.(profile.DeletableStore)
	if err != nil || !ok {
		return err
	}
	a.Eraser, err = profile.NewEraser(profile.EraserConfig{
		Users: users, Tx: a.cfg.Stores, LimitStore: a.cfg.limits, Contributors: slices.Concat(a.cfg.Contributors, own),
		Recorder: a.cfg.Recorder, Now: a.cfg.Now, Logger: a.cfg.Logger, Holds: a.cfg.holds, NameHold: a.cfg.NameHold,
	})
	return err
}

// Mux is what Register needs of a mux; *http.ServeMux has it.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Register mounts the routes on mux: everything under Base (see
// Config.SharedBase), and at the root the two routes of the replaced
// application unless Config.NoLegacy, and with a Courier the pages /account/reset,
// verify, email, undo and not-me unless Config.NoPages.
func (a *App) Register(mux Mux) {
	seen := map[string]bool{}
	for _, rt := range a.routes {
		if !a.cfg.SharedBase && !rt.root {
			continue // the subtree pattern below covers it
		}
		if !seen[rt.pattern] {
			seen[rt.pattern] = true
			mux.Handle(rt.pattern, a)
		}
	}
	if !a.cfg.SharedBase {
		mux.Handle(a.cfg.Base+"/", a)
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
// Config.ActivityRetention, holds that ended, accounts whose deletion is due, and
// pictures that nobody points to. It removes a few hundred rows at a time and leaves
// the database alone for as long as that took. Several nodes may run it at once.
//
// It also sends what waits in the outbox: the Notifier of Config.Mail, and a Courier or
// a Recorder of the host that has a Run of its own. When one of these ends before
// that, Run ends and returns its error; otherwise it returns the error of its context.
func (a *App) Run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var mail sync.WaitGroup
	defer mail.Wait()
	for _, w := range a.workers() {
		mail.Go(func() {
			if err := w.Run(ctx); ctx.Err() == nil {
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
var errWorkerEnded = errors.New("httpadapter: a worker of Config.Courier or Config.Recorder ended")

// worker sends what was written down.
type worker interface {
	Run(ctx context.Context) error
}

// workers are those who send: the Notifier, and the host's Courier and Recorder as far
// as they are workers. One that is several of them is run once.
func (a *App) workers() (list []worker) {
	for _, candidate := range []any{a.cfg.Courier, a.cfg.Recorder, a.recorder.host} {
		w, ok := candidate.(worker)
		if !ok || slices.ContainsFunc(list, func(o worker) bool { return reflect.ValueOf(o).Comparable() && o == w }) {
			continue
		}
		list = append(list, w)
	}
	if a.Notifier != nil && a.cfg.Authenticator != nil { // it is no Courier then
		list = append(list, a.Notifier)
	}
	return list
}

// clean does one round; a part that fails is logged and tried again next time.
func (a *App) clean(ctx context.Context) {
	if a.kept.Stores != nil {
		if err := a.kept.PurgeExpired(ctx, a.cfg.Now()); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning sessions failed", slog.Any("error", err))
		}
	}
	if err := limit.PurgeExpired(ctx, a.cfg.limits, a.cfg.Now()); err != nil && ctx.Err() == nil {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning limits failed", slog.Any("error", err))
	}
	if err := a.Profiles.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "removing holds on names failed", slog.Any("error", err))
	}
	if a.Activity != nil {
		if _, err := a.Activity.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "removing old events failed", slog.Any("error", err))
		}
	}
	if a.Eraser != nil { // before the sweep, which then finds the pictures
		if _, err := a.Eraser.Erase(ctx); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "erasing accounts failed", slog.Any("error", err))
		}
	}
	if a.Pictures != nil {
		if _, err := a.Pictures.Sweep(ctx, picture.DefaultPendingAge); err != nil && ctx.Err() == nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "sweeping pictures failed", slog.Any("error", err))
		}
	}
}
