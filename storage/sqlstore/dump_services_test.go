package sqlstore_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/personal"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Everybody in a dump has these. Dumps that are committed hold them, so that they
// never change.
const (
	dumpOrigin     = "https://example.org"
	dumpPassphrase = "correct horse battery staple"
	dumpSeed       = "12345678901234567890" // of authenticator apps
)

var (
	dumpStart  = time.Date(2025, 11, 3, 9, 30, 0, 123456000, time.UTC)
	dumpKey    = keyring.Key{ID: "dumps", Secret: [32]byte([]byte("the key that sealed every dump's"))}
	dumpClient = auth.Client{
		IP:        netip.MustParseAddr("203.0.113.7"),
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	}
)

// The flavours of databases that are dumped.
const (
	plain    = "plain"    // made by Migrate
	adopted  = "adopted"  // the table users was there before, and was taken over
	separate = "separate" // the host has a table of users of its own
)

// dumpClock is a clock that goes on a little with each look at it.
type dumpClock struct {
	sync.Mutex
	at time.Time
}

func (c *dumpClock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(10 * time.Millisecond)
	return c.at
}

func (c *dumpClock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(d)
}

// openAt opens the database with that clock; it is closed with the test.
func (p place) openAt(t testing.TB, now func() time.Time) *sqlstore.DB {
	t.Helper()
	var db *sqlstore.DB
	var err error
	if p.postgres {
		db, err = postgres.Open(t.Context(), p.at, postgres.Options{Now: now})
	} else {
		db, err = sqlite.Open(t.Context(), p.at, sqlite.Options{Now: now})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// dumpProgram is a program with all services over a database that is dumped, or
// that a dump became.
type dumpProgram struct {
	t       *testing.T
	flavour string
	db      *sqlstore.DB
	clock   *dumpClock
	users   profile.DeletableStore
	auth    *auth.Service
	// authConfig made auth.
	authConfig auth.Config
	// deletions begins the end of accounts.
	deletions *profile.Deletions
	settings  *settings.Service
	profiles  *profile.Service
	pictures  *picture.Service
	notifier  *notify.Notifier
	blobs     *memblob.Store
	ring      *keyring.Ring
	passkeys  authfactor.Passkeys
	// phones are the numbers that enrol proves, and leaves pending.
	phones [2]string
	// told is the last message of each kind.
	told map[authmail.Kind]authmail.Message
	// sent counts the letters, of which last is one; while refused is set, none is
	// sent.
	sent    int
	last    notify.Letter
	refused error
	// repeats has a refusal repeat the address, as servers do.
	repeats bool
}

// dumpCourier remembers the messages that a notifier writes down.
type dumpCourier struct{ *dumpProgram }

func (c dumpCourier) Deliver(ctx context.Context, m authmail.Message) error {
	c.told[m.Kind] = m
	return c.notifier.Deliver(ctx, m)
}

// dumpMailer is the end of every letter.
type dumpMailer struct{ *dumpProgram }

func (m dumpMailer) Send(_ context.Context, letter notify.Letter) error {
	if m.refused == nil {
		m.sent++
		m.last = letter
	}
	if m.refused != nil && m.repeats {
		return &notify.PermanentError{Err: fmt.Errorf("550 5.1.1 <%s>: no such mailbox", strings.ToUpper(letter.To))}
	}
	return m.refused
}

func newDumpProgram(t *testing.T, db *sqlstore.DB, clock *dumpClock, flavour string) *dumpProgram {
	t.Helper()
	p := &dumpProgram{
		t: t, flavour: flavour, db: db, clock: clock, told: map[authmail.Kind]authmail.Message{},
		blobs: memblob.New(memblob.Options{}), phones: [2]string{"+420601123456", "+420601654321"},
	}
	if flavour == separate {
		p.users = people{db, clock.now}
	} else {
		p.users = db.Users().(profile.DeletableStore)
	}
	ring, err := keyring.New(dumpKey)
	p.must(err)
	p.ring = ring
	p.settings, err = settings.New(settings.Config{Store: db.Settings(), Now: clock.now, Sections: []settings.Declaration{
		settings.AppearanceSection.Declare(), settings.LocaleSection.Declare(), settings.TimeZoneSection.Declare(),
		profile.PrivacySection.Declare(), notify.PreferencesSection.Declare(),
	}})
	p.must(err)
	p.profiles, err = profile.New(profile.Config{
		Store: p.users, Settings: p.settings, Policy: profile.Policy{Custom: []profile.CustomField{{Name: "team"}}}, Holds: db.Holds(), Tx: db, Now: clock.now,
	})
	p.must(err)
	p.pictures, err = picture.New(picture.Config{Users: p.users, Ledger: db.Ledger(), Blobs: p.blobs, Tx: db, LimitStore: db.Limits(), Now: clock.now})
	p.must(err)
	p.notifier, err = notify.New(notify.Config{
		Store: db.Outbox(), Keys: ring, Users: p.users, Settings: p.settings, Service: "Example", Now: clock.now,
		Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: dumpMailer{p}, authmail.BySMS: dumpMailer{p}}},
		ReportLink: func(ctx context.Context, userID, to string) (string, error) {
			return p.auth.ReportLink(ctx, userID, to)
		},
	})
	p.must(err)
	p.passkeys, err = passkey.New(ring, passkey.Options{Origin: dumpOrigin, Name: "Example"})
	p.must(err)
	p.deletions, err = profile.NewDeletions(profile.DeletionsConfig{
		Users: p.users, Tx: db, LimitStore: db.Limits(), Recorder: p.notifier, Now: clock.now,
	})
	p.must(err)
	stores := db.Auth()
	if flavour == separate {
		stores = db.AuthApart()
	}
	p.authConfig = auth.Config{
		Users: p.users, Stores: stores, LimitStore: db.Limits(), Deletions: p.deletions, Activity: db.Activity(), Tx: db, Holds: db.Holds(),
		Policy:   auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}, hash.Bcrypt{}), Courier: dumpCourier{p}, Links: authmail.DefaultLinks(dumpOrigin), Factors: p.factors(), Passkeys: p.passkeys, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS}, Keys: ring}, FactorRecovery: auth.FactorRecovery{Wait: auth.RecoveryWait}},
		Emptiers: []personal.Emptier{p.settings, p.pictures},
		Recorder: p.notifier,
		Now:      clock.now,
	}
	p.auth, err = auth.New(p.authConfig)
	p.must(err)
	return p
}

// factors is the authenticator app that everybody has.
func (p *dumpProgram) factors() []authfactor.Factor {
	return []authfactor.Factor{totp.New(p.ring, totp.Options{Issuer: "Example", Rand: endless(dumpSeed)})}
}

func (p *dumpProgram) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// token is the secret of the last link of a kind.
func (p *dumpProgram) token(kind authmail.Kind) string {
	p.t.Helper()
	_, token, ok := strings.Cut(p.told[kind].Link, "token=")
	if !ok {
		p.t.Fatalf("no message %s with a link was sent", kind)
	}
	return token
}

// id is the person whom a token belongs to.
func (p *dumpProgram) id(token string) auth.Identity {
	p.t.Helper()
	id, err := p.auth.Authenticate(p.t.Context(), token)
	p.must(err)
	return id
}

// signIn signs in by name and the passphrase.
func (p *dumpProgram) signIn(name string, remember bool) auth.SignIn {
	p.t.Helper()
	in, err := p.auth.SignIn(p.t.Context(), dumpClient, auth.Credentials{Login: name, Password: dumpPassphrase, Remember: remember})
	if err != nil {
		p.t.Fatalf("the sign-in of %s: %v", name, err)
	}
	return in
}

// half is the person whose sign-in is not finished.
func (p *dumpProgram) half(in auth.SignIn) auth.HalfIdentity {
	p.t.Helper()
	half, err := p.auth.AuthenticateHalf(p.t.Context(), in.Token)
	p.must(err)
	return half
}

// app answers with the code of everybody's authenticator app (RFC 6238).
func (p *dumpProgram) app() auth.Answer {
	mac := hmac.New(sha1.New, []byte(dumpSeed))
	_ = binary.Write(mac, binary.BigEndian, p.clock.now().Unix()/30)
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return auth.Answer{Method: totp.Kind, Code: fmt.Sprintf("%06d", n%1_000_000)}
}

// endless repeats a text for ever.
type endless string

func (e endless) Read(b []byte) (int, error) {
	return copy(b, bytes.Repeat([]byte(e), len(b)/len(e)+1)), nil
}
