package httpadapter

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// Stores is everything that is kept in a database, one method a role;
// *sqlstore.DB has them all. A role that is nil unmounts its routes: without
// Auth no sign-in, without Activity no feed. Settings and Limits are required: they
// say who may see a profile, and how often something may be done.
type Stores interface {
	Users() profile.Store
	Limits() limit.Store
	Auth() auth.Stores
	Settings() settings.Store
	Activity() activity.Store
	Ledger() picture.Ledger
	Outbox() notify.OutboxStore
	storage.Transactor
}

// HoldStores is an optional method of Stores, which *sqlstore.DB has: it keeps
// user names and addresses that were given up. Without it they are free at once.
type HoldStores interface {
	Holds() profile.HoldStore
}

// Authenticator is a host's own sign-in. It takes over what our sign-in does: the
// routes under {base}/auth, the links in mail and the limits of signing in are gone.
// Every other rule is kept: fresh proofs, the limits of uploads, copies and
// deletions, the feed and Config.Recorder, privacy and the hiding of pictures, held
// names, the check of origins, disabled users, and the end of an account until App.Run
// has erased it, with what our sign-in may have left in the database. README.md has
// the table of who keeps what.
//
// It goes on naming users whose account will be erased: they are 401 everywhere but
// at POST {base}/profile/restore, which needs a fresh proof.
type Authenticator interface {
	// Authenticate says who sent r. A request without a valid identity is
	// auth.ErrUnauthenticated; any other error is the server's fault.
	Authenticate(r *http.Request) (Caller, error)
}

// Caller is the identity that an Authenticator found.
type Caller struct {
	// UserID is that of the user in Config.Users or Stores.Users. An ID that is not
	// there is nobody.
	UserID string
	// ProvedAt is when the person last proved who they are. Export, deletion and
	// restore ask for a proof that is profile.Fresh: of the last 10 minutes, and less
	// than 3 minutes ahead of this node's clock.
	ProvedAt time.Time
}

// Config is what New takes. Stores, Keys and BaseURL are required.
type Config struct {
	Stores Stores
	// Blobs keeps the pictures; nil unmounts the picture routes. To a
	// storage.DirectUploader browsers can send them themselves, by the routes
	// below {base}/profile/picture/direct, which are not there otherwise: the
	// store's own rules for other origins (CORS) must allow POST from the pages.
	Blobs storage.BlobStore
	// Keys seal cursors and whatever leaves the server to come back.
	Keys *keyring.Ring
	// BaseURL is the public origin, "https://example.org". The cookie's name
	// and its Secure attribute follow from its scheme, once.
	BaseURL string
	// Base is the path under which the routes live; "" is "/api".
	Base string
	// SharedBase leaves unknown paths under Base to the host's mux. Otherwise
	// Register claims them and they are 404 as the contract says.
	SharedBase bool
	// NoLegacy leaves out the root routes of the replaced application,
	// POST /upload-profile and GET /default-avatar.png.
	NoLegacy bool

	// Users overrides Stores.Users for a host with its own users table.
	Users profile.Store
	// Authenticator replaces our sign-in and sessions by the host's own and keeps
	// every other rule. What is for our sign-in alone is not used with it: Courier,
	// Links, SignUp, Hashers, Session, AuthLimits, Factors, Captcha, Passkeys, Codes,
	// FactorRecovery and what is said of passwords. A SessionCache is refused.
	Authenticator Authenticator

	// Mail is how people are reached; nil unmounts the routes that need it. With an
	// Authenticator it sends notices alone.
	Mail *Mail
	// Courier is in the place of Mail for a host that brings links and codes to people
	// by an outbox of its own. It works inside the transaction that makes them.
	Courier auth.Courier
	// Links are where links in mail lead; the zero value is auth.DefaultLinks of
	// BaseURL, small pages that are mounted at the root.
	Links auth.Links
	// NoPages leaves these pages out, for a host that has its own.
	NoPages bool
	// Recorder is told of every event of every package in the transaction of its
	// change, and can undo it. Failures that change nothing, such as a wrong password,
	// are in the feed only.
	Recorder activity.Recorder

	// SignUp is who may register; the zero value is everybody. auth.VerifyFirst
	// needs a Courier.
	SignUp auth.SignUpMode
	// Hashers, Session and AuthLimits default as in package auth.
	Hashers    *auth.Hashers
	Session    auth.SessionLimits
	AuthLimits auth.Limits
	// UploadLimit, ExportLimit and DeletionLimit are how often one user may do that;
	// the zero Rule is picture.DefaultUploadLimit, profile.DefaultExportLimit and
	// profile.DefaultDeletionLimit.
	UploadLimit, ExportLimit, DeletionLimit limit.Rule
	// DeletionGrace is how long the deletion of an account can be taken back: 0
	// is profile.DefaultDeletionGrace, negative not at all. Accounts can be deleted
	// when Users is a profile.DeletableStore; App.Run erases them.
	DeletionGrace time.Duration
	// Contributors keep what the host has of users. They forget it before this
	// library does, and add it to the copy that users can have of everything,
	// GET {base}/profile/export.
	Contributors []personal.Contributor
	// SessionCache, when not zero, lets signed-in GET and HEAD requests be
	// answered without the database for its TTL. This node's changes are seen at
	// once; another node's, the end of a session included, after the TTL. What
	// changes something, needs a fresh proof or a role always asks the database.
	SessionCache auth.SessionCache
	// Factors are the kinds of second factor; nil is authenticator apps
	// (auth/totp) under the host name of BaseURL, and an empty list is none. Each
	// has routes of its kind, {base}/auth/mfa/{kind}.
	Factors []auth.Factor
	// Captcha, if any, is asked whether a person sends r, before the work of a
	// "register", a "login" or a "forgot": by the token of a provider, say, that
	// the host's page puts into a header. It may let through who needs no question.
	// An error is 403 captcha_required, and one that matches storage.ErrUnavailable
	// 503; its text is for the log. The body of r is not Captcha's to read.
	Captcha func(r *http.Request, action string) error
	// Passkeys lets people sign in by passkeys, alone or as a second factor:
	// package auth/passkey has them. nil leaves their routes out.
	Passkeys auth.Passkeys
	// Codes are the channels by which codes are sent as a second factor, and by
	// which a phone number is proved; see auth.Codes for what they are worth. They
	// need a Courier that knows the channels.
	Codes []auth.Channel
	// CodesAlone lets a code be the only second factor that somebody has; without it
	// an app or a passkey has to be there first.
	CodesAlone bool
	// FactorRecovery is the way back, after a wait, for who lost every second factor
	// and the recovery codes; see there for what it costs. The zero value is none;
	// auth.RecoveryWait is the usual wait. It needs a Courier.
	FactorRecovery auth.FactorRecovery
	// LimitsOff lifts every rate limit, for load tests only.
	LimitsOff bool
	// MinPassword is the least length of a new password in code points; 0 is 15.
	MinPassword int
	// ContextWords, Breaches and BreachesRequired refuse new passwords as in
	// package auth. The host name of BaseURL is a context word by itself.
	ContextWords     []string
	Breaches         auth.BreachChecker
	BreachesRequired bool
	// ActivityRetention is how long events are kept; 0 is 400 days, and less
	// than 0 is for ever. App.Run removes older ones.
	ActivityRetention time.Duration
	// PictureLimits default as in package picture.
	PictureLimits picture.Limits
	// PictureDecoders take formats beside JPEG, PNG, GIF and WebP: HEIC with
	// package profile/picture/heic, BMP and TIFF with profile/picture/rare.
	PictureDecoders []picture.Decoder
	// PictureBackground, an opaque color, is what shows where a picture is
	// transparent; nil keeps the transparency, as PNG.
	PictureBackground color.Color
	// SignedPictures, from 10 s to 15 min, has GET {base}/pictures/{key} lead who
	// may see the picture to an address of the store's that is good for so long,
	// if Blobs is a storage.SignedURLer. It saves the host the bytes; but such an
	// address works for everybody who is given it, whatever the owner decides
	// before it ends, and the headers of the picture are the store's. 0, and a
	// store without such addresses (a disk, memory): the bytes come from the host,
	// which looks each time.
	SignedPictures time.Duration
	// Sections are the host's own settings, named "app.<namespace>".
	Sections []settings.Declaration
	// Custom are the host's own profile fields.
	Custom []profile.CustomField
	// Reserved are user names nobody may take; nil is profile.DefaultReserved.
	Reserved []string

	// NameHold is how long a user name that was given up, or whose account was
	// deleted, is kept from others, if Stores are HoldStores: 0 is
	// profile.DefaultNameHold, negative not at all.
	NameHold time.Duration

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Place says where an address is, as in "Bern" or "Bern, Switzerland", for
	// people to recognise in their sessions, their activity and in mail; "" is
	// unknown, and nil never asks. It is called while a transaction is open, so it
	// must answer from memory; a file such as those of MaxMind does. The address
	// is the client's own, as found by TrustedProxies, and is not kept.
	Place func(ip netip.Addr) string
	// TrustedOrigins are other origins whose pages may call with the cookie,
	// "https://app.example.org"; they get CORS headers.
	TrustedOrigins []string

	// RequestTimeout bounds the work on one request; 0 is 15 s. It ends the
	// request's context, which the stores of this module obey within half a
	// second whatever the database does, so that the answer comes within a second
	// of it. A handler is not left behind to answer sooner: a store of the host's
	// own that ignores its context holds up its own requests until it returns.
	RequestTimeout time.Duration
	// BodyTimeout bounds how long a body may take to arrive; 0 is 30 s.
	BodyTimeout time.Duration

	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record a request, and what went wrong with its request id,
	// without personal data. nil: errors and warnings go to slog.Default(), and there
	// are no records of requests.
	Logger *slog.Logger
}

// settled is a Config after defaults and checks.
type settled struct {
	Config
	secure   bool              // BaseURL is https
	names    []string          // ContextWords and those in BaseURL
	ownUsers bool              // Users is the host's own table
	records  bool              // each request gets a record
	limits   limit.Store       // that of Stores, or none with LimitsOff
	holds    profile.HoldStore // nil when Stores have none
}

// unlimited lets everything through and still forgets what was counted before.
type unlimited struct{ limit.Store }

func (unlimited) Take(context.Context, string, limit.Rule, time.Time) (bool, time.Duration, error) {
	return true, 0, nil
}

func (unlimited) Refund(context.Context, string) error { return nil }

func (c Config) settle() (settled, error) {
	s := settled{Config: c, ownUsers: c.Users != nil}
	if c.Stores == nil {
		return s, errors.New("httpadapter: Config.Stores is required")
	}
	if c.Mail != nil && c.Courier != nil {
		return s, errors.New("httpadapter: Config.Mail and Config.Courier are two ways to one thing: give one")
	}
	if c.Keys == nil {
		return s, errors.New("httpadapter: Config.Keys is required")
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return s, fmt.Errorf("httpadapter: Config.BaseURL must be an origin such as https://example.org")
	}
	s.secure = u.Scheme == "https"
	s.BaseURL = u.Scheme + "://" + u.Host
	s.names = append(strings.Split(u.Hostname(), "."), u.Hostname())
	s.names = append(s.names, c.ContextWords...)
	if s.Factors == nil {
		s.Factors = []auth.Factor{totp.New(c.Keys, totp.Options{Issuer: u.Hostname()})}
	}
	if s.Base == "" {
		s.Base = "/api"
	}
	s.Base = strings.TrimRight(s.Base, "/")
	if !strings.HasPrefix(s.Base, "/") || strings.ContainsAny(s.Base, "{} ?#%") {
		return s, errors.New("httpadapter: Config.Base must be a path such as /api")
	}
	if s.Users == nil {
		s.Users = c.Stores.Users()
	}
	if s.limits = c.Stores.Limits(); c.LimitsOff && s.limits != nil {
		s.limits = unlimited{s.limits}
	}
	if s.limits == nil {
		return s, errors.New("httpadapter: Stores.Limits is required: it says how often something may be done")
	}
	if stores, ok := c.Stores.(HoldStores); ok {
		s.holds = stores.Holds()
	}
	if s.Users == nil {
		return s, errors.New("httpadapter: Config.Users or Stores.Users is required")
	}
	if p := c.SignedPictures; p != 0 && (p < 10*time.Second || p > 15*time.Minute) {
		return s, errors.New("httpadapter: Config.SignedPictures must be 0 or from 10 s to 15 min")
	}
	for _, o := range c.TrustedOrigins {
		if ou, err := url.Parse(o); err != nil || ou.Scheme == "" || ou.Host == "" || o != ou.Scheme+"://"+ou.Host {
			return s, fmt.Errorf("httpadapter: Config.TrustedOrigins: %q is not an origin such as https://app.example.org", o)
		}
	}
	if s.Links == (auth.Links{}) {
		s.Links = auth.DefaultLinks(s.BaseURL)
	}
	if s.RequestTimeout <= 0 {
		s.RequestTimeout = 15 * time.Second
	}
	if s.BodyTimeout <= 0 {
		s.BodyTimeout = 30 * time.Second
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.records = c.Logger != nil
	s.Logger = logging.Or(c.Logger)
	return s, nil
}
