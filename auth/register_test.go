package auth_test

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func TestRegisterMakesAccountAndSession(t *testing.T) {
	w := open(t)
	in, err := w.Register(t.Context(), home, auth.Registration{Username: "Ada", Email: "Ada@Example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if in.User.ID == "" || in.User.Username != "Ada" || in.User.Email != "Ada@Example.org" || in.User.Role != "user" ||
		in.User.EmailVerified || in.User.Disabled {
		t.Errorf("user = %+v", in.User)
	}
	id := w.alive(t, in.Token)
	if id.User.ID != in.User.ID || id.Session.ID != in.Session.ID || id.Session.Level != authstore.LevelFull {
		t.Errorf("identity = %+v", id)
	}
	if !strings.HasPrefix(w.hash(t, in.User.ID), "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash = %s", w.hash(t, in.User.ID))
	}
	ev := w.events(t, in.User.ID)
	if len(ev) != 1 || ev[0].Kind != authevent.Registered || ev[0].Source.IP != "203.0.113.0/24" || ev[0].Source.Device == "" {
		t.Errorf("events = %+v", ev)
	}
	w.mustSignIn(t, "ada", password)
	w.mustSignIn(t, "ADA@example.ORG", password)
}

func TestRegisterNamesEveryWrongField(t *testing.T) {
	w := open(t)
	_, err := w.Register(t.Context(), home, auth.Registration{Username: "a b", Email: "nobody", Password: "short"})
	for _, f := range []string{"username", "email", "password"} {
		if field(err, f) == "" {
			t.Errorf("%s is not named: %v", f, err)
		}
	}
	_, err = w.Register(t.Context(), home, auth.Registration{Username: "Admin", Email: "a@example.org", Password: password})
	if field(err, "username") == "" || field(err, "email") != "" {
		t.Errorf("a reserved name: %v", err)
	}
	if n := w.hashers.Stats().Hashes; n != 0 {
		t.Errorf("%d hashes for nothing", n)
	}
}

func TestS01_LengthIsCountedInCodePoints(t *testing.T) {
	for _, tt := range []struct {
		min int
		p   string
		ok  bool
	}{
		{0, strings.Repeat("x", 14), false},
		{0, strings.Repeat("x", 15), true},
		{0, strings.Repeat("😀", 14), false},
		{0, strings.Repeat("😀", 16), true},
		{8, strings.Repeat("x", 7), false},
		{8, strings.Repeat("x", 8), true},
		{0, strings.Repeat("q", hash.MaxPasswordBytes), true},
		{0, strings.Repeat("q", hash.MaxPasswordBytes+1), false},
	} {
		w := open(t, func(c *auth.Config) { c.MinPassword = tt.min })
		_, err := w.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "a@example.org", Password: tt.p})
		if (err == nil) != tt.ok || (!tt.ok && field(err, "password") == "") {
			t.Errorf("least %d, %d bytes: %v", tt.min, len(tt.p), err)
		}
	}
}

func TestS03_NoRulesOfComposition(t *testing.T) {
	w := open(t)
	for i, p := range []string{strings.Repeat("ab", 10), "               ", "ααααααααααααααα", "\tline\nend and more"} {
		name := "user" + string(rune('a'+i))
		if _, err := w.Register(t.Context(), home, auth.Registration{Username: name, Email: name + "@example.org", Password: p}); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestP18_ClosedSignUp(t *testing.T) {
	w := open(t, func(c *auth.Config) { c.SignUp = auth.Closed })
	_, err := w.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "a@example.org", Password: password})
	is(t, err, auth.ErrSignUpClosed)
	if _, err := w.db.Users().ByUsername(t.Context(), "ada"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the user is there: %v", err)
	}
}

func TestS41_TakenNamesInAnySpelling(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	for _, tt := range []struct{ username, email, field string }{
		{"ADA", "b@example.org", "username"},
		{"bob", "ADA@Example.ORG", "email"},
	} {
		_, err := w.Register(t.Context(), home, auth.Registration{Username: tt.username, Email: tt.email, Password: password})
		if e, ok := errors.AsType[*storage.TakenError](err); !ok || e.Field != tt.field {
			t.Errorf("%s, %s: %v", tt.username, tt.email, err)
		}
	}
}

func TestR10_ParallelSignUpsMakeOneAccount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, limitsOff)
		var wg sync.WaitGroup
		errs := make([]error, 30)
		for i := range errs {
			wg.Go(func() {
				email := []string{"ada@example.org", "ADA@example.org", "Ada@EXAMPLE.org"}[i%3]
				_, errs[i] = w.Register(t.Context(), home, auth.Registration{Username: "ada" + strconv.Itoa(i), Email: email, Password: password})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, storage.ErrTaken) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d accounts, want 1", won)
		}
	})
}

func TestS09_SignUpsPerAddress(t *testing.T) {
	w := open(t)
	reg := func(ip string, i int) error {
		name := "user" + string(rune('a'+i))
		_, err := w.Register(t.Context(), auth.Client{IP: netip.MustParseAddr(ip)},
			auth.Registration{Username: name, Email: name + "@example.org", Password: password})
		return err
	}
	// Taken names are answers about accounts, so they count like any other.
	for i := range 20 {
		if err := reg("2001:db8::"+string(rune('a'+i%6)), i/2); err != nil && !errors.Is(err, storage.ErrTaken) {
			t.Fatal(err)
		}
	}
	before := w.hashers.Stats().Hashes
	if wait := limited(t, reg("2001:db8::ffff:1", 21)); wait > time.Hour {
		t.Errorf("wait %v", wait)
	}
	if w.hashers.Stats().Hashes != before {
		t.Error("a refused sign-up was hashed")
	}
	if err := reg("2001:db8:0:1::1", 22); err != nil {
		t.Errorf("the next /64: %v", err)
	}
	w.clock.add(time.Hour)
	if err := reg("2001:db8::1", 23); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// Whatever fails in the middle of a sign-up, nothing of it stays.
func TestRegisterIsAllOrNothing(t *testing.T) {
	w := open(t)
	down := &downSessions{SessionStore: w.db.Auth().Sessions, create: true}
	w2 := open(t, func(c *auth.Config) {
		c.Users, c.Activity, c.Tx = w.db.Users(), w.db.Activity(), w.db
		c.Stores = withSessions(w.db.Auth(), down)
	})
	_, err := w2.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
	is(t, err, errDown)
	if _, err := w.db.Users().ByUsername(t.Context(), "ada"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the user stayed: %v", err)
	}
	w.register(t, "ada")
}

func TestS42_NothingButTheThreeFieldsIsTaken(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	u, err := w.db.Users().User(t.Context(), in.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := profile.User{
		ID: u.ID, Username: "ada", Email: "ada@example.org", Role: "user",
		Version: u.Version, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
	if u.ID != want.ID || u.Role != want.Role || u.EmailVerified || u.Disabled || u.Phone != "" || u.Custom != nil {
		t.Errorf("user = %+v", u)
	}
}

// Without randomness there is no token, and so no account and no session.
func TestS28_NoRandomnessNoSession(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	for _, left := range []string{"", "31 bytes are one less than needed"[:31], strings.Repeat("x", 40)} {
		n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.Rand = strings.NewReader(left) })
		if in, err := n.signIn(t, "ada", password); err == nil || in.Token != "" {
			t.Errorf("sign in with %d random bytes: %v", len(left), err)
		}
		n = w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.Rand = strings.NewReader(left) })
		if _, err := n.Register(t.Context(), home, auth.Registration{Username: "bob", Email: "bob@example.org", Password: password}); err == nil {
			t.Errorf("register with %d random bytes", len(left))
		}
	}
	if _, err := w.db.Users().ByUsername(t.Context(), "bob"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the user is there: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := func() auth.Config {
		w := open(t)
		return auth.Config{Users: w.db.Users(), Stores: w.db.Auth(), LimitStore: w.db.Limits(), Activity: w.db.Activity(), Tx: w.db, Policy: auth.Policy{Hashers: w.hashers}}
	}
	if _, err := auth.New(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*auth.Config){
		"no users":          func(c *auth.Config) { c.Users = nil },
		"no stores":         func(c *auth.Config) { c.Stores = authstore.Stores{} },
		"no activity":       func(c *auth.Config) { c.Activity = activity.Store(nil) },
		"no transactor":     func(c *auth.Config) { c.Tx = nil },
		"short passwords":   func(c *auth.Config) { c.MinPassword = 7 },
		"endless passwords": func(c *auth.Config) { c.MinPassword = 257 },
		"sign-up mode":      func(c *auth.Config) { c.SignUp = "sometimes" },
		"a limit of none":   func(c *auth.Config) { c.Limits.Account = limit.Rule{Limit: 0, Window: time.Hour} },
		"negative idle":     func(c *auth.Config) { c.Session.Idle = -time.Hour },
		"broken hashers":    func(c *auth.Config) { c.Hashers = hash.New(nil) },
	} {
		c := good()
		change(&c)
		if s, err := auth.New(c); err == nil || s != nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}
