package services

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/personal"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const (
	password = "correct horse battery staple"
	origin   = "https://example.org"
)

var home = auth.Client{IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}

// database is what a host opens.
type database interface {
	storage.Transactor
	Users() profile.Store
	Auth() authstore.Stores
	Limits() limit.Store
	Settings() settings.Store
	Activity() activity.Store
	Ledger() picture.Ledger
	Holds() profile.HoldStore
}

// onDatabases runs a test on the model and on both databases.
func onDatabases(t *testing.T, run func(t *testing.T, db database)) {
	t.Run("memory", func(t *testing.T) { run(t, memstore.New()) })
	t.Run("SQLite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
		run(t, migrated(t, db, err))
	})
	t.Run("Postgres", func(t *testing.T) {
		dsn := pgtest.OpenFrom(t, "services", func(ctx context.Context, dsn string) error {
			db, err := postgres.Open(ctx, dsn, postgres.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			return db.Migrate(ctx, sqlstore.MigrateOptions{})
		})
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		run(t, migrated(t, db, err))
	})
}

func migrated(t *testing.T, db *sqlstore.DB, err error) *sqlstore.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return db
}

// cdn is a store with public addresses.
type cdn struct{ *memblob.Store }

func (cdn) PublicURL(key string) string { return "https://cdn.example.org/" + key }

// post is a Courier and a Recorder that keeps what it is given.
type post struct {
	mu       sync.Mutex
	messages []authmail.Message
	events   []activity.Event
	// deaf, if set, is what Record answers.
	deaf error
}

func (p *post) Deliver(_ context.Context, m authmail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
	return nil
}

func (p *post) Record(_ context.Context, events ...activity.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf != nil {
		return p.deaf
	}
	p.events = append(p.events, events...)
	return nil
}

func (p *post) told(kind activity.Kind) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// world is every service, composed by hand, with the defaults of each.
type world struct {
	t     *testing.T
	db    database
	blobs cdn
	post  *post
	log   *buffer

	mu  sync.Mutex
	now time.Time

	settings  *settings.Service
	profiles  *profile.Service
	activity  *activity.Log
	deletions *profile.Deletions
	pictures  *picture.Service
	auth      *auth.Service
	exporter  *profile.Exporter
	eraser    *profile.Eraser
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// must is for what the tests do not look at.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func newWorld(t *testing.T, db database) *world {
	t.Helper()
	w := &world{
		t: t, db: db, blobs: cdn{memblob.New(memblob.Options{})}, post: &post{}, log: &buffer{},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	keys, err := keyring.New(keyring.Generate())
	w.must(err)
	w.settings, err = settings.New(settings.Config{
		Store: db.Settings(), Tx: db, Recorder: w.post, Now: w.clock, Sections: []settings.Declaration{
			profile.PrivacySection.Declare(), notify.PreferencesSection.Declare(), settings.AppearanceSection.Declare(),
		},
	})
	w.must(err)
	w.profiles, err = profile.New(profile.Config{Store: db.Users(), Settings: w.settings, Holds: db.Holds(), Tx: db, Recorder: w.post, Now: w.clock})
	w.must(err)
	w.activity, err = activity.New(activity.Config{Store: db.Activity(), Keys: keys, Now: w.clock})
	w.must(err)
	users := db.Users().(profile.DeletableStore)
	w.deletions, err = profile.NewDeletions(profile.DeletionsConfig{
		Users: users, Tx: db, LimitStore: db.Limits(), Recorder: w.post, Now: w.clock, Logger: logger,
	})
	w.must(err)
	w.pictures, err = picture.New(picture.Config{
		Users: users, Ledger: db.Ledger(), Blobs: w.blobs, Tx: db, LimitStore: db.Limits(), Profiles: w.profiles, Deletions: w.deletions, Recorder: w.post,
		Now: w.clock, Logger: logger,
	})
	w.must(err)
	w.auth, err = auth.New(auth.Config{
		Users: users, Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Holds: db.Holds(), Deletions: w.deletions,
		Policy: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1}), Courier: w.post, Links: authmail.DefaultLinks(origin)}, CheckUsername: w.profiles.CheckUsername,
		Recorder: w.post, Now: w.clock, Logger: logger,
	})
	w.must(err)
	keep := []personal.Contributor{w.settings, w.auth, w.pictures, w.activity}
	w.exporter, err = profile.NewExporter(profile.ExporterConfig{
		Users: users, Tx: db, LimitStore: db.Limits(), Contributors: keep, Activity: db.Activity(), Recorder: w.post, Now: w.clock, Logger: logger,
	})
	w.must(err)
	w.eraser, err = profile.NewEraser(profile.EraserConfig{
		Users: users, Tx: db, LimitStore: db.Limits(), Contributors: keep, Recorder: w.post, Now: w.clock, Logger: logger, Holds: db.Holds(),
	})
	w.must(err)
	return w
}

// person is somebody with an account and a session.
type person struct {
	w     *world
	id    string
	token string
}

func (w *world) join(name string) *person {
	w.t.Helper()
	in, err := w.auth.Register(w.t.Context(), home, auth.Registration{Username: name, Email: name + "@example.org", Password: password})
	w.must(err)
	return &person{w, in.User.ID, in.Token}
}

// identity is the person as an adapter finds it in a request.
func (p *person) identity() auth.Identity {
	p.w.t.Helper()
	id, err := p.w.auth.Authenticate(p.w.t.Context(), p.token)
	p.w.must(err)
	return id
}

func (p *person) caller() profile.Caller { return p.identity().Caller() }

// prove makes the session fresh, under its new token.
func (p *person) prove() {
	p.w.t.Helper()
	proof, err := p.w.auth.Reauthenticate(p.w.t.Context(), home, p.identity(), password)
	p.w.must(err)
	p.token = proof.Token
}

func (p *person) put(seed uint32) error {
	_, err := p.w.pictures.Put(p.w.t.Context(), p.id, photo(seed), picture.PutOptions{})
	return err
}

func (p *person) export(out io.Writer) error {
	return p.w.exporter.Export(p.w.t.Context(), p.caller(), out)
}

func (p *person) user() profile.User {
	p.w.t.Helper()
	u, err := p.w.db.Users().User(p.w.t.Context(), p.id)
	p.w.must(err)
	return u
}

// kinds counts the events of the person's feed.
func (p *person) kinds() map[activity.Kind]int {
	p.w.t.Helper()
	n := map[activity.Kind]int{}
	for cursor := ""; ; {
		page, err := p.w.activity.Page(p.w.t.Context(), p.id, activity.PageRequest{Limit: activity.MaxLimit, Cursor: cursor})
		p.w.must(err)
		for _, e := range page.Items {
			n[e.Kind]++
		}
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

func photo(seed uint32) io.Reader {
	return bytes.NewReader(imagetest.JPEG(imagetest.Photo(24, 20, seed), 80))
}

func newMemory() database { return memstore.New() }
