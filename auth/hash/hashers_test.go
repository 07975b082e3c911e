package hash_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/storage"
)

func TestS02_PasswordsAreVerifiedAsSent(t *testing.T) {
	h := hash.New(cheap, hash.Bcrypt{})
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
	weak, err := hash.Argon2id{Memory: 32, Time: 1}.Hash(password)
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
	h := hash.New(cheap, hash.Bcrypt{}, plain{})
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

func (plain) Match(encoded, p string) hash.Result {
	return hash.Result{Known: strings.HasPrefix(encoded, "plain:"), Match: encoded == "plain:"+p}
}

func TestS07_UnusableHashesNeverMatchAndCostOneHash(t *testing.T) {
	c := &counter{Hasher: cheap}
	h := hash.New(c, hash.Bcrypt{})
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
	h := hash.New(cheap)
	encoded, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	before := h.Stats().Hashes
	for name, p := range map[string]string{
		"1 MiB": strings.Repeat("x", 1<<20), "one byte too many": strings.Repeat("x", hash.MaxPasswordBytes+1),
		"empty": "", "NUL": password + "\x00", "not UTF-8": password + "\xff",
	} {
		if ok, _, err := h.Verify(t.Context(), encoded, p); ok || err != nil {
			t.Errorf("%s: Verify = %v, %v", name, ok, err)
		}
		if ok, _, err := h.Verify(t.Context(), "", p); ok || err != nil {
			t.Errorf("%s, for nobody: Verify = %v, %v", name, ok, err)
		}
		if _, err := h.Hash(t.Context(), p); field(err, "password") == "" {
			t.Errorf("%s: Hash = %v", name, err)
		}
	}
	if n := h.Stats().Hashes; n != before {
		t.Errorf("%d hash slots were used", n-before)
	}
	if _, err := h.Hash(t.Context(), strings.Repeat("x", hash.MaxPasswordBytes)); err != nil {
		t.Errorf("the longest password: %v", err)
	}
}

func TestR19_GateBoundsHashesAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := hash.NewGated(hash.Gate{Slots: 2, Waiting: 5}, s)
		results := make(chan error, 100)
		for range 100 {
			go func() {
				_, _, err := h.Verify(context.Background(), "x", password)
				results <- err
			}()
		}
		synctest.Wait()
		if got, want := h.Stats(), (hash.Stats{Hashes: 2, Refused: 93, Running: 2, Waiting: 5}); got != want {
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
		if got, want := h.Stats(), (hash.Stats{Hashes: 7, Refused: 93}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
	})
}

func TestR19_GateForgetsWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := hash.NewGated(hash.Gate{Slots: 1, Waiting: 1}, s)
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
		if got, want := h.Stats(), (hash.Stats{Hashes: 1, Running: 1}); got != want {
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
	h := hash.NewGated(hash.Gate{Slots: 1, Waiting: -1}, panics{cheap})
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

type panics struct{ hash.Hasher }

func (panics) Match(string, string) hash.Result { panic("a bug of the host's") }

func TestGateDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Hasher: cheap, release: make(chan struct{})}
		h := hash.New(s)
		slots := runtime.GOMAXPROCS(0)
		total := slots + 64*slots + 3
		results := make(chan error, total)
		for range total {
			go func() {
				_, _, err := h.Verify(context.Background(), "", password)
				results <- err
			}()
		}
		synctest.Wait()
		if got, want := h.Stats(), (hash.Stats{Hashes: uint64(slots), Refused: 3, Running: slots, Waiting: 64 * slots}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
		close(s.release)
		for range total {
			<-results
		}
	})
}

func TestNewReportsNil(t *testing.T) {
	for _, h := range []*hash.Hashers{hash.New(nil), hash.New(cheap, nil), {}} {
		if h.Check() == nil {
			t.Error("Check says nothing")
		}
		if _, err := h.Hash(t.Context(), password); err == nil {
			t.Error("Hash works")
		}
		if _, _, err := h.Verify(t.Context(), "", password); err == nil {
			t.Error("Verify works")
		}
	}
}
