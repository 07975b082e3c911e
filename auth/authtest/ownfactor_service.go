package authtest

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
)

// inService enrols the factor and signs in by it, as people do.
func inService(t *testing.T, f *ownFactor) {
	ctx, db := conform.Context(t), memstore.New()
	var now atomic.Pointer[time.Time]
	begin := f.now
	now.Store(&begin)
	svc, err := auth.New(auth.Config{
		Users: db.Users(), Stores: db.Auth(), Activity: db.Activity(), Tx: db, Policy: auth.Policy{Factors: []authfactor.Factor{f.Factor}, Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1})}, LimitStore: limit.Off{},
		Now: func() time.Time { return *now.Load() },
	})
	conform.Must(t, "auth.New", err)
	client, kind := auth.Client{IP: netip.MustParseAddr("192.0.2.1")}, f.Factor.Kind()
	in, err := svc.Register(ctx, client, auth.Registration{Username: "ada", Email: "ada@example.org", Password: Password})
	conform.Must(t, "Register", err)
	id, err := svc.Authenticate(ctx, in.Token)
	conform.Must(t, "Authenticate", err)

	show, err := svc.BeginFactor(ctx, client, id, kind, "")
	conform.Must(t, "BeginFactor", err)
	e := &enrolled{f: f, show: show}
	answer := func() auth.Answer {
		a := auth.Answer{Method: kind, Code: e.answer(t)}
		at := f.now
		now.Store(&at)
		return a
	}
	// half is a sign-in whose password was right.
	half := func() auth.HalfIdentity {
		t.Helper()
		in, err := svc.SignIn(ctx, client, auth.Credentials{Login: "ada", Password: Password})
		conform.Must(t, "SignIn", err)
		h, err := svc.AuthenticateHalf(ctx, in.Token)
		conform.Must(t, "AuthenticateHalf", err)
		return h
	}
	if _, err := svc.ConfirmFactor(ctx, client, id, auth.Answer{Method: kind, Code: "no answer"}); !errors.Is(err, authfactor.ErrInvalidCode) {
		t.Errorf("ConfirmFactor by a wrong answer: %v, want ErrInvalidCode", err)
	}
	first := answer()
	_, err = svc.ConfirmFactor(ctx, client, id, first)
	conform.Must(t, "ConfirmFactor", err)
	if _, err := svc.FinishSignIn(ctx, client, half(), first, false); !errors.Is(err, authfactor.ErrInvalidCode) {
		t.Errorf("the answer of the enrolment at sign-in: %v, want ErrInvalidCode", err)
	}

	second := answer()
	halves := make([]auth.HalfIdentity, 5)
	for i := range halves {
		halves[i] = half()
	}
	opened := 0
	for _, err := range conform.Together(50, func(i int) error {
		_, err := svc.FinishSignIn(ctx, client, halves[i%len(halves)], second, false)
		return err
	}) {
		switch {
		case err == nil:
			opened++
		case !errors.Is(err, authfactor.ErrInvalidCode) && !errors.Is(err, auth.ErrUnauthenticated):
			t.Errorf("a loser got %v", err)
		}
	}
	if opened != 1 {
		t.Errorf("R14: of 50 uses of one answer %d opened a session, want 1", opened)
	}
	if _, err := svc.FinishSignIn(ctx, client, half(), second, false); !errors.Is(err, authfactor.ErrInvalidCode) {
		t.Errorf("the answer once more: %v, want ErrInvalidCode", err)
	}
	if _, err := svc.FinishSignIn(ctx, client, half(), answer(), false); err != nil {
		t.Errorf("another answer: %v", err)
	}
}
