package auth_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func TestS02_PasswordsAreVerifiedAsSent(t *testing.T) {
	h := auth.NewHashers(cheap, auth.Bcrypt{})
	base := strings.Repeat("aB3 éß😀", 20)
	for _, n := range []int{15, 64, 72, 73, 128, 1023} {
		p := strings.ToValidUTF8(base[:min(n, len(base))], "x")
		p += strings.Repeat("z", n-len(p))
		encoded, err := h.Hash(t.Context(), p)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		others := map[string]string{
			"a tail": p + "!", "a cut": p[:len(p)-1], "upper case": strings.ToUpper(p), "lower case": strings.ToLower(p),
			"a space before": " " + p, "a space after": p + " ", "a line end": p + "\n", "a NUL after": p + "\x00",
		}
		if ok, _, err := h.Verify(t.Context(), encoded, p); !ok || err != nil {
			t.Errorf("%d bytes: not its own password: %v", n, err)
		}
		for name, q := range others {
			if q == p {
				continue
			}
			if ok, _, err := h.Verify(t.Context(), encoded, q); ok || err != nil {
				t.Errorf("%d bytes, %s: ok %v, %v", n, name, ok, err)
			}
		}
	}
}

func TestS06_OldHashesAskToBeReplaced(t *testing.T) {
	weak, err := auth.Argon2id{Memory: 32, Time: 1}.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	own, err := cheap.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	old, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	h := auth.NewHashers(cheap, auth.Bcrypt{}, plain{})
	tests := []struct {
		name, encoded, password string
		ok, rehash              bool
	}{
		{"own", own, password, true, false},
		{"weak", weak, password, true, true},
		{"bcrypt", string(old), password, true, true},
		{"legacy, strong by its own measure", "plain:" + password, password, true, true},
		{"weak, wrong", weak, other, false, false},
		{"bcrypt, wrong", string(old), other, false, false},
		{"none", "", password, false, false},
		{"unknown form", "{SSHA}AAAA", password, false, false},
	}
	for _, tt := range tests {
		ok, rehash, err := h.Verify(t.Context(), tt.encoded, tt.password)
		if ok != tt.ok || rehash != tt.rehash || err != nil {
			t.Errorf("%s: %v, %v, %v", tt.name, ok, rehash, err)
		}
	}
}

// plain is a host's own form of old, which knows no weak hashes.
type plain struct{}

func (plain) Hash(p string) (string, error) { return "plain:" + p, nil }

func (plain) Match(encoded, p string) auth.MatchResult {
	return auth.MatchResult{Known: strings.HasPrefix(encoded, "plain:"), Match: encoded == "plain:"+p}
}

func TestS07_UnusableHashesNeverMatchAndCostOneHash(t *testing.T) {
	c := &counter{Hasher: cheap}
	h := auth.NewHashers(c, auth.Bcrypt{})
	c.reset()
	for i, encoded := range []string{"", "x", "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", "$2a$31$" + strings.Repeat("a", 53)} {
		for _, p := range []string{password, encoded} {
			if p == "" {
				continue
			}
			before := c.matches.Load()
			if ok, _, err := h.Verify(t.Context(), encoded, p); ok || err != nil {
				t.Errorf("%d: ok %v, %v", i, ok, err)
			}
			if n := c.matches.Load() - before; n != 1 {
				t.Errorf("%d: %d hashes, want 1", i, n)
			}
		}
	}
}

func TestS08_WhatNoAccountHasTakesNoSlot(t *testing.T) {
	h := auth.NewHashers(cheap)
	encoded, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	before := h.Stats().Hashes
	for name, p := range map[string]string{
		"1 MiB": strings.Repeat("x", 1<<20), "one byte too many": strings.Repeat("x", auth.MaxPasswordBytes+1),
		"empty": "", "NUL": password + "\x00", "not UTF-8": password + "\xff",
	} {
		if ok, _, err := h.Verify(t.Context(), encoded, p); ok || err != nil {
			t.Errorf("%s: Verify = %v, %v", name, ok, err)
		}
		if err := h.Dummy(t.Context(), p); err != nil {
			t.Errorf("%s: Dummy = %v", name, err)
		}
		if _, err := h.Hash(t.Context(), p); field(err, "password") == "" {
			t.Errorf("%s: Hash = %v", name, err)
		}
	}
	if n := h.Stats().Hashes; n != before {
		t.Errorf("%d hash slots were used", n-before)
	}
	if _, err := h.Hash(t.Context(), strings.Repeat("x", auth.MaxPasswordBytes)); err != nil {
		t.Errorf("the longest password: %v", err)
	}
}

// slow is a Hasher whose Match lasts until it is released.
type slow struct {
	auth.Hasher
	release      chan struct{}
	running, max atomic.Int64
}

func (s *slow) Match(string, string) auth.MatchResult {
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for m := s.max.Load(); n > m && !s.max.CompareAndSwap(m, n); m = s.max.Load() {
	}
	<-s.release
	return auth.MatchResult{Known: true}
}

func TestR19_GateBoundsHashesAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := auth.NewGatedHashers(auth.Gate{Slots: 2, Waiting: 5}, s)
		results := make(chan error, 100)
		for range 100 {
			go func() {
				_, _, err := h.Verify(context.Background(), "x", password)
				results <- err
			}()
		}
		synctest.Wait()
		if got, want := h.Stats(), (auth.HashStats{Hashes: 2, Refused: 93, Running: 2, Waiting: 5}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
		close(s.release)
		var done, busy int
		for range 100 {
			switch err := <-results; {
			case err == nil:
				done++
			case errors.Is(err, storage.ErrUnavailable):
				if u, ok := errors.AsType[*storage.UnavailableError](err); !ok || u.RetryAfter < time.Second {
					t.Errorf("no wait is told: %v", err)
				}
				busy++
			default:
				t.Error(err)
			}
		}
		if done != 7 || busy != 93 {
			t.Errorf("%d done, %d busy, want 7 and 93", done, busy)
		}
		if m := s.max.Load(); m != 2 {
			t.Errorf("%d ran at once, want 2", m)
		}
		if got, want := h.Stats(), (auth.HashStats{Hashes: 7, Refused: 93}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
	})
}

func TestR19_GateForgetsWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := auth.NewGatedHashers(auth.Gate{Slots: 1, Waiting: 1}, s)
		running := make(chan error, 1)
		go func() {
			_, _, err := h.Verify(context.Background(), "x", password)
			running <- err
		}()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := h.Verify(ctx, "x", password); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting past the deadline: %v", err)
		}
		if _, err := h.Hash(ctx, password); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an ended context: %v", err)
		}
		if got, want := h.Stats(), (auth.HashStats{Hashes: 1, Running: 1}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
		close(s.release)
		if err := <-running; err != nil {
			t.Error(err)
		}
		if _, _, err := h.Verify(t.Context(), "x", password); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestR44_PanickingHasherGivesItsSlotBack(t *testing.T) {
	h := auth.NewGatedHashers(auth.Gate{Slots: 1, Waiting: -1}, panics{cheap})
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _, _ = h.Verify(t.Context(), "x", password)
		}()
	}
	if n := h.Stats().Running; n != 0 {
		t.Errorf("%d slots are lost", n)
	}
}

type panics struct{ auth.Hasher }

func (panics) Match(string, string) auth.MatchResult { panic("a bug of the host's") }

func TestGateDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := auth.NewHashers(s)
		slots := runtime.GOMAXPROCS(0)
		total := slots + 64*slots + 3
		results := make(chan error, total)
		for range total {
			go func() { results <- h.Dummy(context.Background(), password) }()
		}
		synctest.Wait()
		if got, want := h.Stats(), (auth.HashStats{Hashes: uint64(slots), Refused: 3, Running: slots, Waiting: 64 * slots}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
		close(s.release)
		for range total {
			<-results
		}
	})
}

func TestNewHashersReportsNil(t *testing.T) {
	for _, h := range []*auth.Hashers{auth.NewHashers(nil), auth.NewHashers(cheap, nil)} {
		if _, err := h.Hash(t.Context(), password); err == nil {
			t.Error("Hash works")
		}
		if _, _, err := h.Verify(t.Context(), "", password); err == nil {
			t.Error("Verify works")
		}
	}
}

// Five hundred sign-ins at once cost the same, and hear the same, whether the
// accounts exist or not.
func TestR20_UnknownUsersCostWhatKnownOnesDo(t *testing.T) {
	type outcome struct {
		invalid, busy int
		most          int64 // hashes at once
		stats         auth.HashStats
	}
	run := func(prefix string) (o outcome) {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{Hasher: cheap, release: make(chan struct{})}
			hashers := auth.NewGatedHashers(auth.Gate{Slots: 2, Waiting: 20}, s)
			w := open(t, limitsOff, func(c *auth.Config) { c.Hashers = hashers })
			for i := range 500 {
				u := profile.User{Username: fmt.Sprint("known", i), Email: fmt.Sprintf("known%d@example.org", i)}
				u, err := w.db.Users().Create(t.Context(), u)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.db.Auth().Passwords.SetPassword(t.Context(), u.ID, "", "a hash"); err != nil {
					t.Fatal(err)
				}
			}
			errs := make(chan error, 500)
			for i := range 500 {
				go func() {
					_, err := w.SignIn(t.Context(), home, auth.Credentials{Login: fmt.Sprint(prefix, i), Password: other})
					errs <- err
				}()
			}
			synctest.Wait()
			close(s.release)
			for range 500 {
				switch err := <-errs; {
				case errors.Is(err, auth.ErrInvalidCredentials):
					o.invalid++
				case errors.Is(err, storage.ErrUnavailable):
					o.busy++
				default:
					t.Errorf("%s: %v", prefix, err)
				}
			}
			o.most, o.stats = s.max.Load(), hashers.Stats()
		})
		return o
	}
	known, unknown := run("known"), run("nobody")
	if known != unknown || known.invalid != 22 || known.busy != 478 || known.most != 2 {
		t.Errorf("known %+v, unknown %+v; want 22 refused, 478 told to wait, 2 hashes at once", known, unknown)
	}
}
