package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// SignUpMode is who may make an account.
type SignUpMode string

const (
	// Open: everybody, and the account is usable at once. Whether a name or an
	// address is taken is then told, within the limit of sign-ups.
	Open SignUpMode = "open"
	// VerifyFirst: everybody, by a link to the address. Nothing is there before
	// it is followed, and nobody is told whether an address is taken.
	VerifyFirst SignUpMode = "verify-first"
	// Closed: nobody; Register is ErrSignUpClosed.
	Closed SignUpMode = "closed"
)

// Policy is what a host decides about signing up and in. The zero value is a good
// start: everybody may sign up, and there are no mails, passkeys or second factors.
type Policy struct {
	// SignUp is Open when empty.
	SignUp SignUpMode
	// Hashers is nil for new hashes by hash.Argon2id{}, and old ones by hash.Bcrypt{} too.
	Hashers *hash.Hashers
	// MinPassword is the least length of new passwords in code points, from 8; 0 is 15, as
	// NIST SP 800-63B-4 asks. Below 15 is for hosts that ask everybody for a second factor.
	MinPassword int
	// ContextWords are names that no new password may consist of, beside those of
	// the account: of the service, the company, the site.
	ContextWords []string
	// Breaches refuses new passwords that are known from a breach; nil asks nobody.
	// When it fails the password is taken and a record written; with BreachesRequired
	// nobody signs up or changes a password before it answers again.
	Breaches         BreachChecker
	BreachesRequired bool
	// Courier brings links and codes to people; nil leaves out what needs one,
	// which is then ErrNoCourier. It works inside the transaction that makes them.
	Courier authmail.Courier
	// Links are where links in mail lead. They are required with a Courier.
	Links authmail.Links
	// Limits are how often one may try, and Session is how long sessions live.
	Limits  authlimit.Tries
	Session authlimit.Sessions
	// SessionCache is off when zero; see there for what it costs other nodes.
	SessionCache SessionCache

	// Factors are the kinds of second factor that users may enrol; auth/totp has one. A
	// kind that is left out later still counts for those who have it: they need another
	// one, or a recovery code.
	Factors []authfactor.Factor
	// Passkeys lets people sign in by passkeys, alone or as a second factor, and needs
	// Stores.Handles; nil is without. Those whose passkey is their only factor need a
	// recovery code when it is left out later.
	Passkeys authfactor.Passkeys

	// Codes are second factors by text message or e-mail; the zero value is none.
	Codes Codes

	// FactorRecovery is the way back for a person who lost every factor; the zero
	// value is none. It needs a Courier.
	FactorRecovery FactorRecovery

	// Wait is how long somebody waits who cannot prove the mailbox, see package authrule:
	// 7 days when 0, at least 24 hours.
	Wait time.Duration
	// ProofForEach asks for a proof anew after each change that package authrule governs.
	ProofForEach bool
	// WithoutMail is the state of accounts without a factor when there is no Courier, or with
	// UnknownAddresses, Users without EmailVerified: NoMailPassword of authrule when "".
	WithoutMail      authrule.State
	UnknownAddresses bool
}

// Config is what New needs. Users, Stores, LimitStore, Activity and Tx are required and,
// for changes to be whole, of one database.
type Config struct {
	Policy

	Users    profile.Store
	Stores   authstore.Stores
	Activity activity.Store
	Tx       storage.Transactor
	// LimitStore counts tries. limit.Off{} lifts every Rule of Policy.Limits, the 5 answers
	// to a code and the 10 passwords of a confirmation, which is for load tests only.
	LimitStore limit.Store

	// Holds keeps an address that is changed for the account while that can be undone,
	// and says which names and addresses are kept for others; nil frees them at once.
	// It is of the database of Tx; give the same to profile.Config.
	Holds profile.HoldStore
	// CheckUsername says which names may be registered; its error should be an
	// *input.InvalidError of field "username". nil is profile.CheckUsername with
	// profile.DefaultReserved.
	CheckUsername func(string) error
	// Deletions begins the end of accounts; New has the Service end the sessions, the
	// trusted devices and what was begun of an account with it. nil is for hosts whose
	// accounts are not deleted by their users; Restore is then ErrUnauthenticated.
	Deletions *profile.Deletions
	// Emptiers remove what was written in an account that goes to the owner of its
	// address: the settings.Service and the picture.Service.
	Emptiers []personal.Emptier
	// Recorder is told of events in the transaction of their change, but not of
	// failures, which change nothing and are in the feed; nil for none.
	Recorder activity.Recorder

	// Now is the clock, nil for time.Now. It is the only one: clocks of databases do
	// not matter. Those of two nodes may differ by 3 minutes. What was refused because
	// its time was over stays refused when a clock is set right.
	Now func() time.Time
	// Rand is the source of tokens and ids, nil for crypto/rand. A source that can be
	// guessed gives every account away.
	Rand io.Reader
	// Logger gets one record for each thing that happened; nil is for
	// warnings and errors only, which go to slog.Default().
	Logger *slog.Logger
}

// Service signs people up, in and out. It is safe for concurrent use, keeps
// nothing in memory but its SessionCache and starts no goroutine: any number of
// nodes may share the stores.
type Service struct {
	policy Policy // as it was given

	users      profile.Store
	passwords  authstore.PasswordStore
	sessions   authstore.SessionStore
	joined     authstore.SessionUserStore // nil when sessions and users are read apart
	limitStore limit.Store
	tickets    authstore.TicketStore
	factors    authstore.FactorStore
	handles    authstore.HandleStore // nil only when there are no passkeys
	activity   activity.Store
	tx         storage.Transactor
	holds      profile.HoldStore // nil when there is none

	hashers       *hash.Hashers
	signUp        SignUpMode
	checkUsername func(string) error
	minPassword   int
	contextWords  []string
	breaches      BreachChecker
	limits        authlimit.Tries
	lifetime      lifetime
	kept          Personal
	deletions     *profile.Deletions // nil when there are none
	emptiers      []personal.Emptier

	breachesRequired bool
	kinds            map[string]authfactor.Factor
	passkeys         authfactor.Passkeys // nil when there are none
	codes            Codes
	recovery         FactorRecovery // without Wait when there is none

	courier  authmail.Courier // nil when there is none
	links    authmail.Links
	recorder activity.Recorder // nil when there is none

	cache   *cache // nil when off
	watched []authstore.Watched

	clock  func() time.Time
	random io.Reader
	logger *slog.Logger
}

// New returns a Service, or what is wrong with c.
func New(c Config) (*Service, error) {
	switch {
	case c.Users == nil:
		return nil, errors.New("auth: Config.Users is missing")
	case c.Activity == nil:
		return nil, errors.New("auth: Config.Activity is missing")
	case c.LimitStore == nil:
		return nil, errors.New("auth: Config.LimitStore is missing")
	case c.Tx == nil:
		return nil, errors.New("auth: Config.Tx is missing")
	}
	if err := c.Stores.Check(c.Users); err != nil {
		return nil, err
	}
	if c.Passkeys != nil && c.Stores.Handles == nil {
		return nil, errors.New("auth: Policy.Passkeys needs Config.Stores.Handles, an authstore.HandleStore, which keeps the names that authenticators know users by")
	}
	s := &Service{
		policy:        c.Policy,
		users:         c.Users,
		passwords:     c.Stores.Passwords,
		sessions:      c.Stores.Sessions,
		limitStore:    c.LimitStore,
		tickets:       c.Stores.Tickets,
		factors:       c.Stores.Factors,
		handles:       c.Stores.Handles,
		activity:      c.Activity,
		tx:            c.Tx,
		holds:         c.Holds,
		hashers:       c.Hashers,
		signUp:        c.SignUp,
		checkUsername: c.CheckUsername,
		minPassword:   c.MinPassword,
		contextWords:  slices.Clone(c.ContextWords),
		breaches:      c.Breaches,
		limits:        c.Limits.OrDefaults(),
		lifetime:      lifetime{c.Session.OrDefaults()},
		kept:          Personal{Stores: c.Stores, LimitStore: c.LimitStore},
		deletions:     c.Deletions,
		emptiers:      slices.Clone(c.Emptiers),
		clock:         c.Now,
		random:        c.Rand,
		logger:        c.Logger,

		breachesRequired: c.BreachesRequired,
		passkeys:         c.Passkeys,
		codes:            c.Codes,
		recovery:         c.FactorRecovery,

		courier:  c.Courier,
		links:    c.Links,
		recorder: c.Recorder,
	}
	s.joined, _, _ = c.Stores.Joined(c.Users)
	if s.hashers == nil {
		s.hashers = hash.New(hash.Argon2id{}, hash.Bcrypt{})
	}
	if s.signUp == "" {
		s.signUp = Open
	}
	if s.checkUsername == nil {
		s.checkUsername = defaultUsernames()
	}
	if s.minPassword == 0 {
		s.minPassword = defaultMinPassword
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	s.logger = logging.Or(s.logger)
	if err := c.Codes.check(c.Courier); err != nil {
		return nil, err
	}
	if err := c.FactorRecovery.check(c.Courier, c.Links); err != nil {
		return nil, err
	}
	if err := s.factorsBy(c.Factors); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.ruleBy(); err != nil {
		return nil, err
	}
	if err := s.watchBy(c); err != nil {
		return nil, err
	}
	if s.deletions != nil {
		s.deletions.Observe(profile.DeletionObserver{In: s.endForDeletion})
	}
	return s, nil
}

func (s *Service) check() error {
	if err := s.hashers.Check(); err != nil {
		return err
	}
	switch {
	case s.signUp != Open && s.signUp != VerifyFirst && s.signUp != Closed:
		return fmt.Errorf("auth: Config.SignUp %q is neither %q, %q nor %q", s.signUp, Open, VerifyFirst, Closed)
	case s.signUp == VerifyFirst && s.courier == nil:
		return fmt.Errorf("auth: Config.SignUp %q needs a Courier", s.signUp)
	case s.minPassword < leastMinPassword || s.minPassword > hash.MaxPasswordBytes/4:
		return fmt.Errorf("auth: Config.MinPassword must be from %d to %d", leastMinPassword, hash.MaxPasswordBytes/4)
	}
	if s.courier != nil {
		if err := s.links.Check(); err != nil {
			return err
		}
	}
	return errors.Join(s.limits.Check(), s.lifetime.Check())
}

// Policy is what s was made with, with the defaults where fields were zero.
func (s *Service) Policy() Policy {
	p := s.policy
	p.SignUp, p.Hashers, p.MinPassword, p.Limits, p.Session = s.signUp, s.hashers, s.minPassword, s.limits, s.lifetime.Sessions
	p.ContextWords = slices.Clone(p.ContextWords)
	p.Factors = slices.Clone(p.Factors)
	p.Codes.Channels = slices.Clone(p.Codes.Channels)
	if p.SessionCache.on() {
		p.SessionCache = p.SessionCache.withDefaults()
	}
	return p
}

// now is the time in the precision that every store keeps.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
