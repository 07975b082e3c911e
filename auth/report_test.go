package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

func patchEmail(address string) profile.Patch { return profile.Patch{Email: &address} }

func TestReportEndsSessionsAndForcesAReset(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		id := p.proved(t, "ada")
		thief := p.mustSignIn(t, "ada", password)
		if err := p.BeginEmailChange(t.Context(), home, p.alive(t, thief.Token), "eve@example.com", 0); err != nil {
			t.Fatal(err)
		}
		change := p.mail.link(t, authmail.EmailChange, "eve@example.com")
		link, err := p.ReportLink(t.Context(), id.User.ID, id.User.Email)
		if err != nil {
			t.Fatal(err)
		}
		second, err := p.ReportLink(t.Context(), id.User.ID, id.User.Email)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Report(t.Context(), home, tokenIn(t, link)); err != nil {
			t.Fatal(err)
		}
		is(t, p.Report(t.Context(), home, tokenIn(t, link)), auth.ErrInvalidToken)
		p.dead(t, thief.Token)
		is(t, p.ConfirmEmailChange(t.Context(), home, change), auth.ErrInvalidToken)

		_, err = p.signIn(t, "ada", password)
		is(t, err, auth.ErrPasswordResetRequired)
		_, err = p.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
		if err := p.Report(t.Context(), home, tokenIn(t, second)); err != nil { // another mail
			t.Errorf("a second report: %v", err)
		}
		_, err = p.signIn(t, "ada", password)
		is(t, err, auth.ErrPasswordResetRequired)

		if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
			t.Fatal(err)
		}
		in := p.mustSignIn(t, "ada", newer)
		if in.User.PendingEmail != "" || countKind(p.events(t, id.User.ID), authevent.Reported) != 2 || p.notices.count(authevent.Reported) != 2 {
			t.Errorf("the reports are not told, or %q is pending", in.User.PendingEmail)
		}
	})
}

func TestReportLinksLiveAWeek(t *testing.T) {
	p := openPost(t, memstore.New())
	id := p.proved(t, "ada")
	link, err := p.ReportLink(t.Context(), id.User.ID, id.User.Email)
	if err != nil {
		t.Fatal(err)
	}
	p.clock.add(auth.ReportLife)
	is(t, p.Report(t.Context(), home, tokenIn(t, link)), auth.ErrInvalidToken)
	if _, err := open(t).ReportLink(t.Context(), id.User.ID, id.User.Email); !errors.Is(err, auth.ErrNoCourier) {
		t.Errorf("without links: %v", err)
	}
}

// Tries of somebody whose password must be reset tell nothing new and lock
// nobody out.
func TestS09P12_AResetAlwaysLetsTheOwnerIn(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	p.proved(t, "ada")
	for range 10 {
		_, err := p.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
	}
	_, err := p.signIn(t, "ada", password)
	limited(t, err)
	if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
		t.Fatal(err)
	}
	p.clock.add(time.Second)
	p.mustSignIn(t, "ada", newer)
}
