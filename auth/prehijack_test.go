package auth_test

import (
	"errors"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// The five attacks of Sudhodanan and Paverd, "Pre-hijacked accounts" (2022):
// Eve signs up with Ada's address before Ada does, and leaves something behind.
// Ada gets the account by a link to her inbox: by the one that Eve's sign-up
// sent, where she cannot tell the password, or by one that she asked for, since she cannot
// sign up.
func TestS40P06P07_WhoeverProvesTheAddressHasTheAccountAlone(t *testing.T) {
	eve := auth.Client{IP: home.IP.Next()}
	takes := map[string]func(t *testing.T, p *post){
		"by the link of the sign-up": func(t *testing.T, p *post) {
			p.takesOver(t, auth.Identity{}, auth.NotMine)
		},
		"by the link of the sign-up, the password forgotten": func(t *testing.T, p *post) {
			p.takesOver(t, auth.Identity{}, auth.Forgotten)
		},
		"by the link of the sign-up, signed in elsewhere": func(t *testing.T, p *post) {
			p.takesOver(t, p.alive(t, p.register(t, "bob").Token), auth.NotMine)
		},
		"by a reset": func(t *testing.T, p *post) {
			if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
				t.Fatal(err)
			}
		},
	}
	attacks := map[string]func(t *testing.T, p *post, id auth.Identity) (after func(t *testing.T)){
		// Classic-federated merge: the password stays good.
		"1 the password": func(_ *testing.T, p *post, _ auth.Identity) func(*testing.T) {
			return func(t *testing.T) {
				_, err := p.signIn(t, "ada@example.org", password)
				is(t, err, auth.ErrInvalidCredentials)
			}
		},
		// Unexpired session identifier.
		"2 a session": func(t *testing.T, p *post, _ auth.Identity) func(*testing.T) {
			in, err := p.SignIn(t.Context(), eve, auth.Credentials{Login: "ada@example.org", Password: password, Remember: true})
			if err != nil {
				t.Fatal(err)
			}
			return func(t *testing.T) { p.dead(t, in.Token) }
		},
		// Trojan identifier: another way in, here a factor and a phone.
		"3 a factor and a phone": func(t *testing.T, p *post, id auth.Identity) func(*testing.T) {
			factor(t, p.world, id.User.ID, "passkey")
			phone := "+41440000000"
			if _, err := p.db.Users().Update(t.Context(), id.User.ID, profile.Patch{Phone: &phone}); err != nil {
				t.Fatal(err)
			}
			return func(t *testing.T) {
				list, err := p.db.Auth().Factors.Factors(t.Context(), id.User.ID)
				u, uerr := p.db.Users().User(t.Context(), id.User.ID)
				if err != nil || uerr != nil || len(list) != 0 || u.Phone != "" {
					t.Errorf("%d factors and the phone %q are left (%v, %v)", len(list), u.Phone, err, uerr)
				}
			}
		},
		// Unexpired e-mail change: the link to Eve's inbox is still good.
		"4 a change of the address": func(t *testing.T, p *post, id auth.Identity) func(*testing.T) {
			if err := p.BeginEmailChange(t.Context(), eve, id, "eve@example.com", 0); err != nil {
				t.Fatal(err)
			}
			token := p.mail.link(t, authmail.EmailChange, "eve@example.com")
			return func(t *testing.T) {
				is(t, p.ConfirmEmailChange(t.Context(), eve, token), auth.ErrInvalidToken)
				u, err := p.db.Users().User(t.Context(), id.User.ID)
				if err != nil || u.Email != "ada@example.org" || u.PendingEmail != "" || !u.EmailVerified {
					t.Errorf("the user is %+v (%v)", u, err)
				}
			}
		},
		// Non-verifying provider: what says that the address is Eve's is not
		// believed; here other links, which Eve may have read over a shoulder.
		"5 tickets of any purpose": func(t *testing.T, p *post, id auth.Identity) func(*testing.T) {
			now := p.clock.now()
			var hashes [][32]byte
			var list []authstore.Ticket
			for i, purpose := range []authstore.Purpose{auth.ForRecoveryCode, auth.ForPhone, auth.ForEmailUndo, auth.ForReport, "of a host"} {
				h := [32]byte{byte(i + 1)}
				hashes = append(hashes, h)
				list = append(list, authstore.Ticket{Hash: h, Purpose: purpose, CreatedAt: now})
			}
			if err := p.db.Auth().Tickets.AddTickets(t.Context(), id.User.ID, "", list); err != nil {
				t.Fatal(err)
			}
			return func(t *testing.T) {
				for i, h := range hashes {
					if _, err := p.db.Auth().Tickets.Ticket(t.Context(), list[i].Purpose, h, now); !errors.Is(err, storage.ErrNotFound) {
						t.Errorf("a ticket %s is left (%v)", list[i].Purpose, err)
					}
				}
			}
		},
	}
	for attack, leave := range attacks {
		for way, take := range takes {
			t.Run(attack+", "+way, func(t *testing.T) {
				p := openPost(t, memstore.New(), unlimitedMail)
				in, err := p.Register(t.Context(), eve, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
				if err != nil {
					t.Fatal(err)
				}
				after := leave(t, p, p.alive(t, in.Token))
				take(t, p)
				after(t)
				p.dead(t, in.Token)
				p.mustSignIn(t, "ada@example.org", newer)
			})
		}
	}
}

// takesOver has Ada follow the link of the sign-up without the password, and set one.
func (p *post) takesOver(t *testing.T, by auth.Identity, answer auth.ConfirmationAnswer) {
	t.Helper()
	is(t, errOf(p.Verify(t.Context(), home, by, p.mail.link(t, authmail.Verify, "ada@example.org"), auth.Confirmation{Answer: answer})), nil)
	is(t, p.Reset(t.Context(), home, p.mail.link(t, authmail.TakenOver, "ada@example.org"), newer), nil)
}

// In the mode VerifyFirst there is nothing before the proof that could be left
// behind, and who signed up first has no advantage.
func TestS40P06P07_VerifyFirstKeepsNothingOfAnEarlierSignUp(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail, func(c *auth.Config) { c.SignUp = auth.VerifyFirst })
		for name, pass := range map[string]string{"eve": other, "ada": password} {
			in, err := p.Register(t.Context(), home, auth.Registration{Username: name, Email: "ada@example.org", Password: pass})
			if err != nil || in.Token != "" || in.User.ID != "" {
				t.Fatalf("Register: %+v, %v", in, err)
			}
		}
		if _, err := db.Users().ByEmail(t.Context(), "ada@example.org"); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("before the proof there is an account (%v)", err)
		}
		var mine, hers string
		for _, m := range p.mail.to(authmail.Verify, "ada@example.org") {
			if m.Name == "ada" {
				mine = tokenIn(t, m.Link)
			} else {
				hers = tokenIn(t, m.Link)
			}
		}
		if err := errOf(p.Verify(t.Context(), home, auth.Identity{}, mine, auth.Confirmation{Password: password})); err != nil {
			t.Fatal(err)
		}
		is(t, errOf(p.Verify(t.Context(), home, auth.Identity{}, mine, auth.Confirmation{Password: password})), auth.ErrInvalidToken)
		is(t, errOf(p.Verify(t.Context(), home, auth.Identity{}, hers, auth.Confirmation{Password: other})), storage.ErrTaken)
		in := p.mustSignIn(t, "ada@example.org", password)
		if !in.User.EmailVerified || in.User.Username != "ada" || in.User.Role != "user" {
			t.Errorf("the user is %+v", in.User)
		}
		_, err := p.signIn(t, "ada@example.org", other)
		is(t, err, auth.ErrInvalidCredentials)
	})
}
