package profile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// KindUpdated is the event of a changed profile. Its detail "fields" names
// them, with commas between; values are not told.
const KindUpdated activity.Kind = "profile.updated"

// ErrEmailChangeUnavailable: the address cannot be changed, because nothing
// here can prove that the new one is the user's.
var ErrEmailChangeUnavailable = errors.New("profile: the e-mail address cannot be changed here")

// CustomField is a field of the host's own in the custom object.
type CustomField struct {
	// Name is letters, digits, '_' and '-', beginning with a letter.
	Name string
	// Check refuses values; nil takes any JSON. It gets what would be stored,
	// and returns an *input.InvalidError with fields relative to the value, or any
	// other error for a failure of the server.
	Check func(json.RawMessage) error
}

// Config is what New takes.
type Config struct {
	Policy

	// Store keeps the users; required.
	Store Store
	// Settings says who may see what; required, and must declare
	// PrivacySection.
	Settings *settings.Service
	// Recorder is told of KindUpdated in the transaction of the change, and can undo
	// it; nil for none. It needs Tx.
	Recorder activity.Recorder
	// Holds keeps a user name that is given up for its old owner, who may take it
	// back, for Policy.NameHold; nil frees it at once. It needs Tx, and both are of
	// Store's database. Give the same to auth.Config and EraserConfig.
	Holds HoldStore
	Tx    storage.Transactor
	// LimitStore has the counters of Policy.RenameLimit; nil is without a limit.
	LimitStore limit.Store
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service shows and changes profiles. It is safe for concurrent use.
type Service struct {
	store    Store
	settings *settings.Service
	reserved func(key string) bool
	custom   map[string]CustomField
	now      func() time.Time

	holds    HoldStore // nil when there is none
	tx       storage.Transactor
	recorder activity.Recorder // nil when there is none
	nameHold time.Duration     // not above 0: names are free at once

	limiter     limit.Limiter // without a Store there is no limit
	renameLimit limit.Rule

	differs sync.Pool // of *differ
}

// New returns a Service. It calls no store.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Settings == nil {
		return nil, errors.New("profile: Config.Store and Config.Settings are required")
	}
	if !c.Settings.Has(PrivacySection.Name) {
		return nil, errors.New("profile: Config.Settings must declare PrivacySection")
	}
	if (c.Holds != nil || c.Recorder != nil) && c.Tx == nil {
		return nil, errors.New("profile: Config.Holds and Config.Recorder need Config.Tx")
	}
	c.RenameLimit = c.RenameLimit.Or(DefaultRenameLimit)
	if err := c.RenameLimit.Check(); err != nil {
		return nil, fmt.Errorf("profile: Policy.RenameLimit: %w", err)
	}
	if c.Reserved == nil {
		c.Reserved = DefaultReserved
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{
		store: c.Store, settings: c.Settings, now: c.Now,
		reserved: reservedSet(c.Reserved), custom: map[string]CustomField{},
		holds: c.Holds, tx: c.Tx, recorder: c.Recorder, nameHold: cmp.Or(c.NameHold, DefaultNameHold),
		limiter: limit.Limiter{Store: c.LimitStore, Now: c.Now}, renameLimit: c.RenameLimit,
	}
	for _, f := range c.Custom {
		if !customName(f.Name) {
			return nil, fmt.Errorf("profile: %q cannot name a custom field", f.Name)
		}
		if _, twice := s.custom[f.Name]; twice {
			return nil, fmt.Errorf("profile: custom field %q is declared twice", f.Name)
		}
		s.custom[f.Name] = f
	}
	return s, nil
}

// ObservePrivacy adds o to those who act when somebody's privacy changes; see
// settings.Observe.
func (s *Service) ObservePrivacy(o settings.Observer[Privacy]) error {
	return settings.Observe(s.settings, PrivacySection, o)
}

// CheckUsername says whether somebody may choose this name here: CheckUsername
// with the Reserved of Config. Whether it is free the Store decides.
func (s *Service) CheckUsername(name string) error { return CheckUsername(name, s.reserved) }

// User returns the user with that ID, else storage.ErrNotFound.
func (s *Service) User(ctx context.Context, id string) (User, error) { return s.store.User(ctx, id) }

func customName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}
