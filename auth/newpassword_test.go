package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

func codeOf(t *testing.T, err error) input.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	invalid, ok := errors.AsType[*input.InvalidError](err)
	if !ok || len(invalid.Fields) != 1 || invalid.Fields[0].Field != "password" {
		t.Fatalf("%v; want one error of the field", err)
	}
	return invalid.Fields[0].Code
}

func TestS04_CommonAndPersonalPasswords(t *testing.T) {
	s := &Service{minPassword: 8, contextWords: []string{"Example Shop"}}
	words := []string{"ada.lovelace", "countess@analytical-engine.example.org", "Augusta Ada King"}
	for password, want := range map[string]input.Code{
		"trustno1": input.Common, "TrustNo1": input.Common, "password": input.Common, "1234567890": input.Common,
		"ada.lovelace": input.Personal, "ADA.LOVELACE1815": input.Personal, "augusta12345": input.Personal,
		"countess2026": input.Personal, "analytical-engine": input.Personal, "exampleshop!": input.Personal, "example-shop!": input.Personal,
		"king and countess": input.Personal, "ada": "too_short", "kxjqpvwz": "",
		"ada.lovelace wrote the first program": "", "four words of dice": "", "aaaaaaaaaaaaaaaaaaaa": "",
	} {
		if got := codeOf(t, s.checkNamed("password", password, words...)); got != want {
			t.Errorf("%q: code %q, want %q", password, got, want)
		}
	}
}

// S03: there is no rule of composition, and every password of the length is taken
// that is in no list.
func TestS03_NoComposition(t *testing.T) {
	s := &Service{minPassword: defaultMinPassword}
	for _, p := range []string{"abcdefghijklmnopqrst", strings.Repeat("x", 15), strings.Repeat("7", 15), strings.Repeat("😀", 16), strings.Repeat(" ", 20)} {
		if err := s.checkNamed("password", p, "ada", "ada@example.org"); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

type breaches func(ctx context.Context, password string) (bool, error)

func (b breaches) Breached(ctx context.Context, password string) (bool, error) {
	return b(ctx, password)
}

func TestS04_BreachedPasswords(t *testing.T) {
	down := errors.New("no answer")
	const known = "correct horse battery staple"
	check := breaches(func(ctx context.Context, password string) (bool, error) {
		if password == "outage outage outage" {
			return false, down
		}
		return password == known, ctx.Err()
	})
	var log strings.Builder
	s := &Service{minPassword: 15, breaches: check, logger: slog.New(slog.NewTextHandler(&log, nil))}
	if got := codeOf(t, s.unbreached(t.Context(), "password", known)); got != input.Breached {
		t.Errorf("a breached password: %q", got)
	}
	if err := s.unbreached(t.Context(), "password", "another horse battery staple"); err != nil {
		t.Error(err)
	}
	if log.Len() != 0 {
		t.Errorf("logged %s", log.String())
	}
	if err := s.unbreached(t.Context(), "password", "outage outage outage"); err != nil {
		t.Errorf("an outage: %v; want the password taken", err)
	}
	if !strings.Contains(log.String(), "no answer") || strings.Contains(log.String(), "outage") {
		t.Errorf("logged %q; want the failure without the password", log.String())
	}
	s.breachesRequired = true
	if err := s.unbreached(t.Context(), "password", "outage outage outage"); !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, down) {
		t.Errorf("an outage where the answer is required: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.unbreached(ctx, "password", "something else entirely"); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a caller who left: %v", err)
	}
}
