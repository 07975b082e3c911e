package httpadapter

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
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
	// UserID is that of a user in Stores.Users. An ID that is not there is nobody.
	UserID string
	// ProvedAt is when the person last proved who they are. Export, deletion and
	// restore ask for a proof that is profile.Fresh: of the last 10 minutes, and less
	// than 3 minutes ahead of this node's clock.
	ProvedAt time.Time
}

// Config is what New takes. BaseURL, Keys and Stores are required, and so is a way to
// sign in: Stores.Auth or an Authenticator. The policies are those of the packages that
// keep them, and their zero values are a good start. New refuses a setting that can have
// no effect beside the rest of a Config; App.Features says what is on and off, and why.
type Config struct {
	// Name is by which people know the service, in letters and in the answer of
	// {base}/capabilities; "" is "your account" there and the host name of BaseURL here.
	Name string
	// BaseURL is the public origin, "https://example.org". The prefix of the cookie's
	// name (see HTTP.Cookie) and its Secure attribute follow from its scheme, once.
	BaseURL string
	// Keys seal cursors and whatever leaves the server to come back.
	Keys *keyring.Ring
	// Stores keep everything but the pictures: StoresOf(db).
	Stores Stores
	// Blobs keeps the pictures; nil unmounts the picture routes. It needs Stores.Ledger.
	Blobs storage.BlobStore

	// Authenticator replaces our sign-in and sessions by the host's own and keeps
	// every other rule. What is for our sign-in alone is an error of New beside it.
	Authenticator Authenticator
	// Auth is about signing up and in. Beside the defaults of its package, nil Factors
	// are authenticator apps (auth/totp) under the host name of BaseURL and an empty
	// list is none, Links are authmail.DefaultLinks of BaseURL, Codes.Keys are Keys, and
	// the host name of BaseURL is a context word by itself. A Courier of its own is in
	// the place of Mail.
	Auth auth.Policy
	// Profile is about profiles and the end of accounts, which App.Run erases.
	Profile profile.Policy
	// Pictures is about pictures.
	Pictures picture.Policy
	// Activity is about the feed, of which App.Run removes what is older.
	Activity activity.Policy
	// Mail is how people are reached: by links and codes that they asked for, and by
	// notices of what happened to their account. Without Senders the routes that need
	// mail are not mounted. New makes a notify.Notifier of it, over Stores.Outbox, and
	// App.Run sends what waits there. Beside an Authenticator it sends notices alone.
	Mail notify.Policy
	// HTTP is about requests and routes.
	HTTP HTTP

	// Sections are the host's own settings, named "app.<namespace>".
	Sections []settings.Declaration
	// Contributors keep what the host has of users. They forget it before this
	// library does, and add it to the copy that users can have of everything,
	// GET {base}/profile/export.
	Contributors []personal.Contributor
	// Recorder is told of every event of every package in the transaction of its
	// change, and can undo it. Failures that change nothing, such as a wrong password,
	// are in the feed only.
	Recorder activity.Recorder

	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record a request, and what went wrong with its request id,
	// without personal data. nil: errors and warnings go to slog.Default(), and there
	// are no records of requests.
	Logger *slog.Logger
}

// HTTP is what a host decides about requests and routes. The zero value is a good
// start for a server without proxies before it.
type HTTP struct {
	// Base is the path under which the routes live; "" is "/api".
	Base string
	// SharedBase leaves unknown paths under Base to the host's mux. Otherwise
	// Register claims them and they are 404 as the contract says.
	SharedBase bool
	// NoLegacy leaves out the root routes of the replaced application,
	// POST /upload-profile and GET /default-avatar.png.
	NoLegacy bool
	// NoPages leaves out the small pages at the root to which authmail.DefaultLinks lead,
	// for a host that has its own.
	NoPages bool
	// Cookie is the name of the session's cookie; "" is "profilekit". The cookies of an
	// unfinished sign-in and of a trusted device have it too, with "-half" and "-device"
	// at the end. Two apps on one origin need two names, also on two ports of a host.
	// Over https "__Host-" is put before it. New refuses a name that is no token of RFC
	// 6265, is longer than 64 bytes, begins with "__", or ends in "-half" or "-device".
	Cookie string
	// FormerCookie is the Cookie of before a change, "profilekit" if there was none: whoever
	// is signed in stays so. A cookie of that name counts where there is none of the new
	// name, and is replaced by the next answer that sets or clears it. Remove FormerCookie
	// when the last session of before has ended: after the longest of
	// Auth.Session's Absolute, RememberAbsolute and Device, 90 days by default.
	FormerCookie string
	// Captcha, if any, is asked whether a person sends r, before the work of a
	// "register", a "login" or a "forgot": by the token of a provider, say, that
	// the host's page puts into a header. It may let through who needs no question.
	// An error is 403 captcha_required, and one that matches storage.ErrUnavailable
	// 503; its text is for the log. The body of r is not Captcha's to read.
	Captcha func(r *http.Request, action string) error
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// TrustedOrigins are other origins whose pages may call with the cookie,
	// "https://app.example.org"; they get CORS headers.
	TrustedOrigins []string
	// Place says where an address is, as in "Bern" or "Bern, Switzerland", for
	// people to recognise in their sessions, their activity and in mail; "" is
	// unknown, and nil never asks. It is called while a transaction is open, so it
	// must answer from memory; a file such as those of MaxMind does. The address
	// is the client's own, as found by TrustedProxies, and is not kept.
	Place func(ip netip.Addr) string
	// RequestTimeout bounds the work on one request; 0 is 15 s. It ends the
	// request's context, which the stores of this module obey within half a
	// second whatever the database does, so that the answer comes within a second
	// of it. A handler is not left behind to answer sooner: a store of the host's
	// own that ignores its context holds up its own requests until it returns.
	RequestTimeout time.Duration
	// BodyTimeout bounds how long a body may take to arrive; 0 is 30 s.
	BodyTimeout time.Duration
}

// settled is a Config after defaults and checks.
type settled struct {
	Config
	secure  bool // BaseURL is https
	records bool // each request gets a record
}

func (c Config) settle() (settled, error) {
	s := settled{Config: c}
	if field := nilPointer("Config", reflect.ValueOf(c)); field != "" {
		return s, fmt.Errorf("httpadapter: %s is a nil pointer: leave it out, or give one", field)
	}
	if err := c.Stores.check(); err != nil {
		return s, err
	}
	if c.Keys == nil {
		return s, errors.New("httpadapter: Config.Keys is required")
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return s, errors.New("httpadapter: Config.BaseURL must be an origin such as https://example.org")
	}
	if c.Authenticator == nil && !c.Stores.hasAuth() {
		return s, errors.New("httpadapter: nobody can sign in: give Stores.Auth or an Authenticator")
	}
	if err := c.effective(); err != nil {
		return s, err
	}
	s.secure = u.Scheme == "https"
	s.BaseURL = u.Scheme + "://" + u.Host
	if c.Authenticator == nil {
		s.Auth = authDefaults(s.Config, u)
	}
	if err := s.HTTP.settle(); err != nil {
		return s, err
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.records = c.Logger != nil
	s.Logger = logging.Or(c.Logger)
	return s, nil
}

// authDefaults is what our sign-in gets from the rest of c.
func authDefaults(c Config, base *url.URL) auth.Policy {
	p := c.Auth
	p.ContextWords = slices.Concat(strings.Split(base.Hostname(), "."), []string{base.Hostname()}, p.ContextWords)
	if p.Factors == nil {
		p.Factors = []authfactor.Factor{totp.New(c.Keys, totp.Options{Issuer: base.Hostname()})}
	}
	if p.Links == (authmail.Links{}) {
		p.Links = authmail.DefaultLinks(c.BaseURL)
	}
	if len(p.Codes.Channels) > 0 && p.Codes.Keys == nil {
		p.Codes.Keys = c.Keys
	}
	return p
}

// settle fills in the defaults of h and checks the rest.
func (h *HTTP) settle() error {
	if h.Base == "" {
		h.Base = "/api"
	}
	h.Base = strings.TrimRight(h.Base, "/")
	if !strings.HasPrefix(h.Base, "/") || strings.ContainsAny(h.Base, "{} ?#%") {
		return errors.New("httpadapter: Config.HTTP.Base must be a path such as /api")
	}
	for _, o := range h.TrustedOrigins {
		if ou, err := url.Parse(o); err != nil || ou.Scheme == "" || ou.Host == "" || o != ou.Scheme+"://"+ou.Host {
			return fmt.Errorf("httpadapter: Config.HTTP.TrustedOrigins: %q is not an origin such as https://app.example.org", o)
		}
	}
	if err := h.settleCookies(); err != nil {
		return err
	}
	if h.RequestTimeout <= 0 {
		h.RequestTimeout = 15 * time.Second
	}
	if h.BodyTimeout <= 0 {
		h.BodyTimeout = 30 * time.Second
	}
	return nil
}
