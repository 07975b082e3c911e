package httpadapter_test

import (
	"context"
	"image/color"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/memblob"
)

// breached knows no password.
type breached struct{}

func (breached) Breached(context.Context, string) (bool, error) { return false, nil }

// vain is a field of Config that has no effect in some composition, and how it is set.
type vain struct {
	set func(*httpadapter.Config)
	// in is the composition, a key of compositions.
	in string
}

// compositions leave something out, over stores that can do everything.
var compositions = map[string]func(*httpadapter.Config){
	"beside an Authenticator": func(c *httpadapter.Config) { c.Authenticator = nobody{} },
	"without mail":            func(*httpadapter.Config) {},
	"with mail": func(c *httpadapter.Config) {
		c.Mail.Senders = map[authmail.Channel]notify.Sender{authmail.ByEmail: &mailedTo{}}
	},
	"without pictures": func(c *httpadapter.Config) { c.Blobs = nil },
	"without holds":    func(c *httpadapter.Config) { c.Stores.Holds = nil },
	"where users stay": func(c *httpadapter.Config) {
		c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), fixed{c.Stores.Users})
	},
	"where blobs can little": func(c *httpadapter.Config) { c.Blobs = memblob.New(memblob.Options{}) },
}

// rule is something that a limit can be.
var rule = limit.Rule{Limit: 1, Window: time.Hour}

// vainFields has every field of the policies: where it is refused, or why it always has
// an effect. The test below demands that it is complete.
var vainFields = map[string]any{
	"Name": "mail and capabilities tell it", "BaseURL": "required", "Keys": "required", "Stores": "required",
	"Blobs": "pictures are kept there", "Authenticator": "it signs people in", "Sections": "they are settings", "Contributors": "exports ask them",
	"Recorder": "every service tells it", "Now": "it is the clock", "Logger": "errors are written there",

	"HTTP.Base": "routes are below it", "HTTP.SharedBase": "Register looks at it", "HTTP.NoLegacy": "one of the two routes is always there",
	"HTTP.TrustedProxies": "every request has an address", "HTTP.TrustedOrigins": "every change is checked", "HTTP.Place": "events have places",
	"HTTP.RequestTimeout": "every request has one", "HTTP.BodyTimeout": "bodies are read",
	"HTTP.NoPages":      vain{func(c *httpadapter.Config) { c.HTTP.NoPages = true }, "without mail"},
	"HTTP.Cookie":       vain{func(c *httpadapter.Config) { c.HTTP.Cookie = "shop" }, "beside an Authenticator"},
	"HTTP.FormerCookie": vain{func(c *httpadapter.Config) { c.HTTP.FormerCookie = "shop" }, "beside an Authenticator"},
	"HTTP.Captcha":      vain{func(c *httpadapter.Config) { c.HTTP.Captcha = func(*http.Request, string) error { return nil } }, "beside an Authenticator"},

	"Profile.Reserved": "edits are checked", "Profile.Custom": "edits are checked", "Profile.ExportLimit": "there is always an export",
	"Profile.RenameLimit":   "names can always be changed",
	"Profile.NameHold":      vain{func(c *httpadapter.Config) { c.Profile.NameHold = time.Hour }, "without holds"},
	"Profile.DeletionGrace": vain{func(c *httpadapter.Config) { c.Profile.DeletionGrace = time.Hour }, "where users stay"},
	"Profile.DeletionLimit": vain{func(c *httpadapter.Config) { c.Profile.DeletionLimit = rule }, "where users stay"},

	"Activity.Retention": "there is always a feed",

	"Pictures.UploadLimit": vain{func(c *httpadapter.Config) { c.Pictures.UploadLimit = rule }, "without pictures"},
	"Pictures.Limits":      vain{func(c *httpadapter.Config) { c.Pictures.Limits.MaxBytes = 1000 }, "without pictures"},
	"Pictures.Decoders":    vain{func(c *httpadapter.Config) { c.Pictures.Decoders = []picture.Decoder{} }, "without pictures"},
	"Pictures.Background":  vain{func(c *httpadapter.Config) { c.Pictures.Background = color.White }, "without pictures"},
	"Pictures.Direct":      vain{func(c *httpadapter.Config) { c.Pictures.Direct = true }, "where blobs can little"},
	"Pictures.SignedFor":   vain{func(c *httpadapter.Config) { c.Pictures.SignedFor = time.Minute }, "where blobs can little"},

	"Mail.Senders": "people are sent letters",
	"Mail.Render": vain{func(c *httpadapter.Config) {
		c.Mail.Render = func(authmail.Message, string) (notify.Letter, error) { return notify.Letter{}, nil }
	}, "without mail"},
	"Mail.SendTimeout": vain{func(c *httpadapter.Config) { c.Mail.SendTimeout = time.Second }, "without mail"},
	"Mail.Attempts":    vain{func(c *httpadapter.Config) { c.Mail.Attempts = 1 }, "without mail"},
	"Mail.Poll":        vain{func(c *httpadapter.Config) { c.Mail.Poll = time.Second }, "without mail"},
	"Mail.Workers":     vain{func(c *httpadapter.Config) { c.Mail.Workers = 1 }, "without mail"},

	"Auth.SignUp":           vain{func(c *httpadapter.Config) { c.Auth.SignUp = auth.Closed }, "beside an Authenticator"},
	"Auth.Hashers":          vain{func(c *httpadapter.Config) { c.Auth.Hashers = hash.New(cheap) }, "beside an Authenticator"},
	"Auth.MinPassword":      vain{func(c *httpadapter.Config) { c.Auth.MinPassword = 20 }, "beside an Authenticator"},
	"Auth.ContextWords":     vain{func(c *httpadapter.Config) { c.Auth.ContextWords = []string{"word"} }, "beside an Authenticator"},
	"Auth.Breaches":         vain{func(c *httpadapter.Config) { c.Auth.Breaches = breached{} }, "beside an Authenticator"},
	"Auth.BreachesRequired": vain{func(c *httpadapter.Config) { c.Auth.BreachesRequired = true }, "without mail"}, // and without Breaches
	"Auth.Courier":          vain{func(c *httpadapter.Config) { c.Auth.Courier = &mailbox{} }, "beside an Authenticator"},
	"Auth.Links":            vain{func(c *httpadapter.Config) { c.Auth.Links = authmail.DefaultLinks("http://localhost") }, "without mail"},
	"Auth.Limits":           vain{func(c *httpadapter.Config) { c.Auth.Limits.Address = rule }, "beside an Authenticator"},
	"Auth.Session":          vain{func(c *httpadapter.Config) { c.Auth.Session.Idle = time.Hour }, "beside an Authenticator"},
	"Auth.SessionCache":     vain{func(c *httpadapter.Config) { c.Auth.SessionCache.TTL = time.Second }, "beside an Authenticator"},
	"Auth.Factors":          vain{func(c *httpadapter.Config) { c.Auth.Factors = []authfactor.Factor{} }, "beside an Authenticator"},
	"Auth.Passkeys":         vain{func(c *httpadapter.Config) { c.Auth.Passkeys = noPasskeys{} }, "beside an Authenticator"},
	"Auth.Codes":            vain{func(c *httpadapter.Config) { c.Auth.Codes.Alone = true }, "without mail"}, // and without Channels
	"Auth.Wait":             vain{func(c *httpadapter.Config) { c.Auth.Wait = 48 * time.Hour }, "without mail"},
	"Auth.ProofForEach":     vain{func(c *httpadapter.Config) { c.Auth.ProofForEach = true }, "beside an Authenticator"},
	"Auth.WithoutMail":      vain{func(c *httpadapter.Config) { c.Auth.WithoutMail = authrule.NoMailRefuse }, "with mail"},
	"Auth.UnknownAddresses": vain{func(c *httpadapter.Config) { c.Auth.UnknownAddresses = true }, "without mail"},
	"Auth.FactorRecovery":   vain{func(c *httpadapter.Config) { c.Auth.FactorRecovery.Wait = auth.RecoveryWait }, "without mail"},
}

type noPasskeys struct{ authfactor.Passkeys }

// Whatever is set in a Config has an effect, or New says that it has none and why.
func TestWhatHasNoEffectIsRefused(t *testing.T) {
	groups := map[string]bool{"Auth": true, "Profile": true, "Pictures": true, "Activity": true, "Mail": true, "HTTP": true}
	seen := 0
	for group := range reflect.TypeFor[httpadapter.Config]().Fields() {
		names := []string{group.Name}
		if groups[group.Name] {
			names = names[:0]
			for f := range group.Type.Fields() {
				names = append(names, group.Name+"."+f.Name)
			}
		}
		for _, name := range names {
			seen++
			v, ok := vainFields[name].(vain)
			if why, _ := vainFields[name].(string); !ok && why == "" {
				t.Errorf("nobody has said where Config.%s has no effect, or why it always has one", name)
			}
			if !ok {
				continue
			}
			c := wired(t)
			compositions[v.in](&c)
			if _, err := httpadapter.New(c); err != nil {
				t.Fatalf("%s: %v", v.in, err)
			}
			v.set(&c)
			_, field, _ := strings.Cut(name, ".")
			if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("Config.%s %s: %v; want an error that names it", name, v.in, err)
			}
		}
	}
	if seen != len(vainFields) {
		t.Errorf("Config has %d fields, and the list %d", seen, len(vainFields))
	}
}

// Every field of every policy that is for our sign-in is refused beside an
// Authenticator, whatever its kind, all at once.
func TestPoliciesOfOurSignInBesideAnAuthenticator(t *testing.T) {
	for name, field := range vainFields {
		v, ok := field.(vain)
		if !ok || !strings.HasPrefix(name, "Auth.") {
			continue
		}
		c := wired(t)
		c.Authenticator = nobody{}
		v.set(&c)
		if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStoresAreComplete(t *testing.T) {
	full := wired(t)
	for name, without := range map[string]func(*httpadapter.Stores){
		"Users":    func(s *httpadapter.Stores) { s.Users = nil },
		"Settings": func(s *httpadapter.Stores) { s.Settings = nil },
		"Limits":   func(s *httpadapter.Stores) { s.Limits = nil },
		"Tx":       func(s *httpadapter.Stores) { s.Tx = nil },
		"Ledger":   func(s *httpadapter.Stores) { s.Ledger = nil },
		"Auth":     func(s *httpadapter.Stores) { s.Auth = authstore.Stores{} },
		"lacks":    func(s *httpadapter.Stores) { s.Auth.Tickets = nil },
		"Activity": func(s *httpadapter.Stores) { s.Activity = nil },
	} {
		c := full
		without(&c.Stores)
		if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// nobodyAtAll is an Authenticator with a pointer for a receiver.
type nobodyAtAll struct{}

func (*nobodyAtAll) Authenticate(*http.Request) (httpadapter.Caller, error) {
	return httpadapter.Caller{}, auth.ErrUnauthenticated
}

// What New can know to fail with the first request is an error of New.
func TestNewRefusesWhatCannotWork(t *testing.T) {
	mail := func(channels ...authmail.Channel) notify.Policy {
		p := notify.Policy{Senders: map[authmail.Channel]notify.Sender{}}
		for _, channel := range channels {
			p.Senders[channel] = &mailedTo{}
		}
		return p
	}
	sms := []authmail.Channel{authmail.BySMS}
	for name, c := range map[string]struct {
		set   func(*httpadapter.Config)
		wants string
	}{
		"mail without e-mail":            {func(c *httpadapter.Config) { c.Mail = mail(authmail.BySMS) }, "Senders"},
		"a sender that is nil":           {func(c *httpadapter.Config) { c.Mail = mail(authmail.ByEmail); c.Mail.Senders[authmail.ByEmail] = nil }, "Senders"},
		"more workers than there may be": {func(c *httpadapter.Config) { c.Mail = mail(authmail.ByEmail); c.Mail.Workers = 65 }, "Workers"},
		"codes without their sender":     {func(c *httpadapter.Config) { c.Mail, c.Auth.Codes.Channels = mail(authmail.ByEmail), sms }, "sms"},
		"codes that nobody can enrol": {func(c *httpadapter.Config) {
			c.Mail, c.Auth.Codes.Channels, c.Auth.Factors = mail(authmail.ByEmail, authmail.BySMS), sms, []authfactor.Factor{}
		}, "Codes"},
		"two ways to send":             {func(c *httpadapter.Config) { c.Mail, c.Auth.Courier = mail(authmail.ByEmail), &mailbox{} }, "Courier"},
		"blobs that are a nil pointer": {func(c *httpadapter.Config) { c.Blobs = (*memblob.Store)(nil) }, "Config.Blobs"},
		"users that are one":           {func(c *httpadapter.Config) { c.Stores.Users = (*tracedUsers)(nil) }, "Config.Stores.Users"},
		"holds that are one":           {func(c *httpadapter.Config) { c.Stores.Holds = (*tracedHolds)(nil) }, "Config.Stores.Holds"},
		"passwords that are one":       {func(c *httpadapter.Config) { c.Stores.Auth.Passwords = (*passedHashes)(nil) }, "Config.Stores.Auth.Passwords"},
		"a courier that is one":        {func(c *httpadapter.Config) { c.Auth.Courier = (*notify.Notifier)(nil) }, "Config.Auth.Courier"},
		"a sign-in that is one":        {func(c *httpadapter.Config) { c.Authenticator = (*nobodyAtAll)(nil) }, "Config.Authenticator"},
		"a kind whose route is ours": {func(c *httpadapter.Config) {
			c.Mail, c.Auth.Codes.Channels, c.Auth.Factors = mail(authmail.ByEmail, authmail.BySMS), sms, []authfactor.Factor{called("phone")}
		}, "twice"},
		"other users beside an Authenticator": {func(c *httpadapter.Config) {
			c.Authenticator, c.Stores.Users = nobody{}, tracedUsers{c.Stores.Users}
		}, "Unwrap"},
		"our users with passwords apart": {func(c *httpadapter.Config) {
			c.Stores = httpadapter.StoresWithUsers(c.Stores.Tx.(httpadapter.Database), passedUsers{c.Stores.Users})
		}, "AuthApart"},
	} {
		good := wired(t)
		if _, err := httpadapter.New(good); err != nil {
			t.Fatal(err)
		}
		c.set(&good)
		if _, err := httpadapter.New(good); err == nil || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: %v; want an error that says %q", name, err, c.wants)
		}
	}
}

// called is a factor of that kind that nobody uses.
type called string

func (k called) Kind() string { return string(k) }

func (called) Enroll(context.Context, authstore.FactorRecord, profile.User) ([]byte, authfactor.Enrollment, error) {
	return nil, authfactor.Enrollment{}, nil
}

func (called) Verify(_ context.Context, r authstore.FactorRecord, _ string, _ time.Time) (authstore.FactorRecord, bool, error) {
	return r, false, auth.ErrInvalidCode
}
