package auth_test

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/storage"
)

func TestS09P08_AllSpellingsShareOneCounter(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		in := w.register(t, "ada")
		id := w.alive(t, in.Token)
		w.hasher.reset()
		spellings := []string{"ada", "ADA", "ada@example.org", "Ada@EXAMPLE.org", " ada", "ada@example.org "}
		for i := range 8 {
			if _, err := w.signIn(t, spellings[i%len(spellings)], other); !errors.Is(err, auth.ErrInvalidCredentials) {
				t.Fatal(err)
			}
		}
		// Other ways to try a password are no way around (S05, P48).
		if _, err := w.Reauthenticate(t.Context(), home, id, other); !errors.Is(err, auth.ErrInvalidCredentials) {
			t.Fatal(err)
		}
		if _, err := w.ChangePassword(t.Context(), home, id, other, newer); !errors.Is(err, auth.ErrInvalidCredentials) {
			t.Fatal(err)
		}
		elsewhere := auth.Client{IP: netip.MustParseAddr("198.51.100.9")}
		for _, login := range spellings {
			_, err := w.SignIn(t.Context(), elsewhere, auth.Credentials{Login: login, Password: password})
			if wait := limited(t, err); wait > 15*time.Minute {
				t.Errorf("wait %v", wait)
			}
		}
		_, err := w.Reauthenticate(t.Context(), elsewhere, id, password)
		limited(t, err)
		_, err = w.ChangePassword(t.Context(), elsewhere, id, password, newer)
		limited(t, err)
		if n := w.hasher.matches.Load(); n != 10 {
			t.Errorf("%d passwords were verified, want 10", n)
		}
		w.alive(t, in.Token) // the session in use goes on

		// Not locked out for good, and a success clears the slate.
		w.clock.add(15 * time.Minute)
		w.mustSignIn(t, "ada", password)
		for range 10 {
			if _, err := w.signIn(t, "ada", other); !errors.Is(err, auth.ErrInvalidCredentials) {
				t.Fatal(err)
			}
		}
	})
}

func TestS09_WaitsGrow(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	for range 10 {
		_, err := w.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
	}
	var last time.Duration
	for range 4 {
		_, err := w.signIn(t, "ada", other)
		wait := limited(t, err)
		if wait <= last {
			t.Errorf("wait %v after %v", wait, last)
		}
		last = wait
		w.clock.add(wait - time.Second)
		_, err = w.signIn(t, "ada", password)
		limited(t, err)
		w.clock.add(time.Second)
		_, err = w.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
	}
}

// Logins that are nobody's are limited like those of an account, so the limit
// does not tell them apart.
func TestS09_UnknownLoginsAreLimitedAlike(t *testing.T) {
	w := open(t)
	for _, spellings := range [][]string{{"nobody", "NOBODY"}, {"nobody@example.org", "Nobody@EXAMPLE.org"}, {"@@@", " @@@"}} {
		for i := range 10 {
			_, err := w.signIn(t, spellings[i%2], other)
			is(t, err, auth.ErrInvalidCredentials)
		}
		for _, s := range spellings {
			_, err := w.signIn(t, s, other)
			limited(t, err)
		}
	}
	if s := w.log.String(); strings.Contains(strings.ToLower(s), "nobody") {
		t.Errorf("what was typed is in the log: %s", s)
	}
}

func TestR13_ParallelWrongPasswords(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		w.register(t, "ada")
		w.hasher.reset()
		var wg sync.WaitGroup
		errs := make([]error, 100)
		for i := range errs {
			wg.Go(func() {
				c := auth.Client{IP: netip.AddrFrom4([4]byte{10, 0, byte(i), 1})}
				login := []string{"ada", "ADA", "ada@example.org"}[i%3]
				_, errs[i] = w.SignIn(t.Context(), c, auth.Credentials{Login: login, Password: other})
			})
		}
		wg.Wait()
		wrong := 0
		for _, err := range errs {
			if errors.Is(err, auth.ErrInvalidCredentials) {
				wrong++
			} else if !errors.Is(err, limit.ErrExceeded) {
				t.Error(err)
			}
		}
		if n := w.hasher.matches.Load(); n != 10 || wrong != 10 {
			t.Errorf("%d passwords were verified and %d answered as wrong, want 10", n, wrong)
		}
		_, err := w.signIn(t, "ada", password)
		limited(t, err)
	})
}

func TestS09_PerAddress(t *testing.T) {
	w := open(t)
	id := w.alive(t, w.register(t, "ada").Token)
	try := func(ip string, i int) error {
		_, err := w.SignIn(t.Context(), auth.Client{IP: netip.MustParseAddr(ip)},
			auth.Credentials{Login: "user" + strconv.Itoa(i), Password: other})
		return err
	}
	right := func(ip string) error {
		_, err := w.SignIn(t.Context(), auth.Client{IP: netip.MustParseAddr(ip)}, auth.Credentials{Login: "ada", Password: password})
		return err
	}
	for _, net := range []struct {
		name    string
		in      []string // spellings and addresses of one network
		outside string
	}{
		{"IPv4", []string{"192.0.2.1", "::ffff:192.0.2.1"}, "192.0.2.2"},
		{"IPv6 /64", []string{"2001:db8::1", "2001:db8::ffff:2", "2001:db8::1%eth0"}, "2001:db8:0:1::1"},
	} {
		t.Run(net.name, func(t *testing.T) {
			for i := range 100 {
				if i%10 == 0 { // a success costs nothing
					if err := right(net.in[0]); err != nil {
						t.Fatal(err)
					}
				}
				is(t, try(net.in[i%len(net.in)], i), auth.ErrInvalidCredentials)
			}
			for _, ip := range net.in {
				limited(t, try(ip, 1000))
				limited(t, right(ip))
				_, err := w.Reauthenticate(t.Context(), auth.Client{IP: netip.MustParseAddr(ip)}, id, password)
				limited(t, err)
			}
			if err := right(net.outside); err != nil {
				t.Errorf("the next network: %v", err)
			}
			w.clock.add(15 * time.Minute)
			if err := right(net.in[0]); err != nil {
				t.Errorf("later: %v", err)
			}
		})
	}
}

// A try that the full gate turned away was not evaluated and is not counted.
func TestR19_BusyIsNotATry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		w := open(t, func(c *auth.Config) { c.Hashers = hash.NewGated(hash.Gate{Slots: 1, Waiting: -1}, s) })
		w.register(t, "ada")
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := w.signIn(t, "ada", other)
			is(t, err, auth.ErrInvalidCredentials)
		})
		synctest.Wait()
		for range 150 {
			_, err := w.signIn(t, "ada", other)
			is(t, err, storage.ErrUnavailable)
		}
		close(s.release)
		wg.Wait()
		for range 9 {
			_, err := w.signIn(t, "ada", other)
			is(t, err, auth.ErrInvalidCredentials)
		}
		_, err := w.signIn(t, "ada", other)
		limited(t, err)
	})
}
