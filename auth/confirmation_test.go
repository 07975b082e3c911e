package auth_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// pocket is where most people read their mail.
var pocket = auth.Client{IP: netip.MustParseAddr("198.51.100.20"), UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1.15"}

func verifyFirst(c *auth.Config) { c.SignUp = auth.VerifyFirst }

// link is the token of the newest link to confirm the address of an account.
func (p *post) link(t *testing.T, name string) string {
	t.Helper()
	return p.mail.link(t, authmail.Verify, name+"@example.org")
}

// invite signs name up where accounts are made by their link.
func (p *post) invite(t *testing.T, name, pass string) {
	t.Helper()
	_, err := p.Register(t.Context(), home, auth.Registration{Username: name, Email: name + "@example.org", Password: pass})
	is(t, err, nil)
}

// asks wants a ConfirmationError.
func asks(t *testing.T, err error, want auth.ConfirmationError) {
	t.Helper()
	got, ok := errors.AsType[*auth.ConfirmationError](err)
	if !ok || *got != want || field(err, "password") != string(input.Required) {
		t.Errorf("error = %v (%+v), want the password to be asked for, of %+v", err, got, want)
	}
}

// Somebody who reads the mail on a phone confirms there by the password of the sign-up, and
// nothing ends on the computer.
func TestT10_ThePasswordConfirmsOnAnotherDevice(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db)
		in := p.register(t, "ada")
		elsewhere := p.mustSignIn(t, "ada", password)
		factor(t, p.world, in.User.ID, "totp")
		token, sent := p.link(t, "ada"), p.mail.count()

		asks(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{})), auth.ConfirmationError{Username: "ada"})
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})), auth.ErrInvalidCredentials)
		if p.alive(t, in.Token).User.EmailVerified {
			t.Error("a wrong password proves the address")
		}
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})), nil)
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})), auth.ErrInvalidToken)

		if !p.alive(t, in.Token).User.EmailVerified {
			t.Error("the address is not proved")
		}
		p.alive(t, elsewhere.Token)
		p.mustSignIn(t, "ada", password)
		if list, err := db.Auth().Factors.Factors(t.Context(), in.User.ID); err != nil || len(list) != 1 {
			t.Errorf("%d factors (%v), want the one of before", len(list), err)
		}
		if n := p.mail.count() - sent; n != 0 {
			t.Errorf("%d messages were sent, want none", n)
		}
		if countKind(p.events(t, in.User.ID), authevent.EmailVerified) != 1 || p.notices.count(authevent.EmailVerified) != 1 {
			t.Error("the proof is not told once")
		}
	})
}

// The password of the sign-up makes the account on any device, where accounts are made by
// the link.
func TestT10_ThePasswordMakesTheAccountWhereItIsVerifiedFirst(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, verifyFirst)
		p.invite(t, "ada", password)
		token := p.link(t, "ada")
		asks(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{})), auth.ConfirmationError{Username: "ada", Invited: true})
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})), auth.ErrInvalidCredentials)
		if _, err := db.Users().ByUsername(t.Context(), "ada"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a wrong password makes the account (%v)", err)
		}
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})), nil)
		if in := p.mustSignIn(t, "ada", password); !in.User.EmailVerified {
			t.Error("the address is not proved")
		}
	})
}

// A stranger registers the address of its owner, who clicks: the stranger's password opens
// nothing, whatever the owner answers.
func TestT09_AStrangersPasswordNeverOpensWhatTheOwnerConfirms(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		for mode, change := range map[string]func(*auth.Config){"open": unlimitedMail, "verify first": verifyFirst} {
			for answer, how := range map[string]auth.Confirmation{
				"nothing": {}, "a guess": {Password: "the guess of an owner"}, "not mine": {Answer: auth.NotMine}, "forgotten": {Answer: auth.Forgotten},
			} {
				p := openPost(t, db, unlimitedMail, limitsOff, change)
				name := "owner" + mode[:1] + answer[:1] + answer[len(answer)-1:]
				p.invite(t, name, other) // the stranger
				err := errOf(p.Verify(t.Context(), pocket, auth.Identity{}, p.link(t, name), how))
				if how.Answer == "" {
					if err == nil {
						t.Errorf("%s, %s: the address is confirmed", mode, answer)
					}
				} else if err != nil {
					t.Errorf("%s, %s: %v", mode, answer, err)
				}
				u, err := db.Users().ByEmail(t.Context(), name+"@example.org")
				if err == nil && u.EmailVerified {
					_, err := p.signIn(t, name, other)
					is(t, err, auth.ErrInvalidCredentials)
				}
				made := mode == "open" || how.Answer == auth.Forgotten
				if there := err == nil; there != made {
					t.Errorf("%s, %s: an account is there: %v, %v", mode, answer, there, err)
				}
				if told := len(p.mail.to(authmail.TakenOver, name+"@example.org")); (told == 1) != (how.Answer != "" && made) {
					t.Errorf("%s, %s: %d messages that the account is the reader's", mode, answer, told)
				}
				if asked := len(p.mail.to(authmail.Reset, name+"@example.org")); asked != 0 {
					t.Errorf("%s, %s: a message says that somebody asked for a new password", mode, answer)
				}
			}
		}
	})
}

// "I did not sign up" ends an invitation: its link, and the stranger's password with it, is
// good for nothing any more.
func TestT09_NotMineEndsAnInvitation(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, verifyFirst)
		p.invite(t, "ada", other)
		token := p.link(t, "ada")
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Answer: auth.NotMine})), nil)
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})), auth.ErrInvalidToken)
		if _, err := db.Users().ByEmail(t.Context(), "ada@example.org"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("there is an account (%v)", err)
		}
	})
}

// "I forgot it" makes the invited account without a password, and the message brings the
// link that sets one.
func TestT09_ForgottenMakesTheInvitedAccountWithoutThePassword(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, verifyFirst)
		p.invite(t, "ada", other)
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, p.link(t, "ada"), auth.Confirmation{Answer: auth.Forgotten})), nil)
		_, err := p.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
		m := p.mail.last(t, authmail.TakenOver, "ada@example.org")
		if m.Account != "ada" || m.Detail["emptied"] == "true" {
			t.Errorf("the message is %+v", m)
		}
		is(t, p.Reset(t.Context(), pocket, tokenIn(t, m.Link), newer), nil)
		p.mustSignIn(t, "ada", newer)
	})
}

func TestT09_WrongPasswordsOfAConfirmationAreLimited(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		for mode, change := range map[string]func(*auth.Config){"open": unlimitedMail, "verifyfirst": verifyFirst} {
			p := openPost(t, db, change)
			p.invite(t, mode, password)
			token := p.link(t, mode)
			p.hasher.reset()
			var refused int
			for _, err := range conform.Together(40, func(i int) error {
				from := pocket
				from.IP = netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}) // no two of one network
				return errOf(p.Verify(t.Context(), from, auth.Identity{}, token, auth.Confirmation{Password: other}))
			}) {
				if errors.Is(err, limit.ErrExceeded) {
					refused++
				} else {
					is(t, err, auth.ErrInvalidCredentials)
				}
			}
			if n := p.hasher.matches.Load(); n != auth.ConfirmationTries || refused != 40-auth.ConfirmationTries {
				t.Errorf("%s: %d passwords were looked at and %d refused, want %d and the rest", mode, n, refused, auth.ConfirmationTries)
			}
			// The right one neither, as long as the link lives; what needs no password works.
			limited(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})))
			is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Answer: auth.Forgotten})), nil)
		}
	})
}

// The network's limit counts wrong passwords of a confirmation with those of a sign-in.
func TestT09_WrongPasswordsOfAConfirmationCountForTheNetwork(t *testing.T) {
	p := openPost(t, memstore.New(), func(c *auth.Config) { c.Limits.Address = limit.Rule{Limit: 3, Window: 15 * time.Minute} })
	p.register(t, "ada")
	token := p.link(t, "ada")
	for range 3 {
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})), auth.ErrInvalidCredentials)
	}
	limited(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})))
	_, err := p.SignIn(t.Context(), pocket, auth.Credentials{Login: "ada", Password: password})
	limited(t, err)
}

// Of any number of confirmations at once, of whatever kind, one is made.
func TestT09_OneOfParallelConfirmationsIsMade(t *testing.T) {
	right, forgot, notMine := auth.Confirmation{Password: password}, auth.Confirmation{Answer: auth.Forgotten}, auth.Confirmation{Answer: auth.NotMine}
	onDatabases(t, func(t *testing.T, db database) {
		for mode, change := range map[string]func(*auth.Config){"open": unlimitedMail, "verifyfirst": verifyFirst} {
			for who, ways := range map[string][]auth.Confirmation{"all": {right, forgot, notMine}, "right": {right}, "answers": {forgot, notMine}} {
				p := openPost(t, db, limitsOff, unlimitedMail, change)
				name := mode + "-" + who
				p.invite(t, name, password)
				token := p.link(t, name)
				made := 0
				for i, err := range conform.Together(30, func(i int) error {
					return errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, ways[i%len(ways)]))
				}) {
					switch {
					case err == nil:
						made++
					case errors.Is(err, auth.ErrInvalidToken):
					case who == "all" && errors.Is(err, auth.ErrInvalidCredentials): // the account was taken over meanwhile
					default:
						t.Errorf("%s: confirmation %d: %v", name, i, err)
					}
				}
				if n := len(p.mail.to(authmail.TakenOver, name+"@example.org")); made != 1 || n > 1 {
					t.Errorf("%s: %d were made, and %d messages say that the account is the reader's", name, made, n)
				}
			}
		}
	})
}

// The present password counts, also when it is changed while it is verified.
func TestT10_ThePresentPasswordConfirms(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db)
		in := p.register(t, "ada")
		// As a host sets it: a change by its owner ends the links that are under way.
		set, err := p.hashers.Hash(t.Context(), newer)
		is(t, err, nil)
		p.setHash(t, in.User.ID, set)
		token := p.link(t, "ada")
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})), auth.ErrInvalidCredentials)

		back, err := p.hashers.Hash(t.Context(), other)
		is(t, err, nil)
		during := func() {
			p.hasher.before.Store(nil)
			p.setHash(t, in.User.ID, back)
		}
		p.hasher.before.Store(&during)
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: newer})), auth.ErrInvalidCredentials)
		if p.alive(t, in.Token).User.EmailVerified {
			t.Error("a password of before proves the address")
		}
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: other})), nil)
		p.alive(t, in.Token)
	})
}

// A hash that is out of date is made anew, as at a sign-in.
func TestT10_AConfirmationMakesAWeakHashAnew(t *testing.T) {
	p := openPost(t, memstore.New())
	in := p.register(t, "ada")
	weak, err := hash.Argon2id{Memory: 32, Time: 1, Threads: 1}.Hash(password)
	is(t, err, nil)
	p.setHash(t, in.User.ID, weak)
	is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, p.link(t, "ada"), auth.Confirmation{Password: password})), nil)
	if p.hash(t, in.User.ID) == weak {
		t.Error("the weak hash was kept")
	}
	p.mustSignIn(t, "ada", password)
}

func TestT09_AConfirmationIsAPasswordOrAnAnswer(t *testing.T) {
	p := openPost(t, memstore.New())
	p.register(t, "ada")
	token := p.link(t, "ada")
	for name, c := range map[string]struct {
		how  auth.Confirmation
		code input.Code
	}{
		"an unknown answer": {auth.Confirmation{Answer: "perhaps"}, input.NotAllowed},
		"both":              {auth.Confirmation{Password: password, Answer: auth.NotMine}, input.ReadOnly},
	} {
		if err := errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, c.how)); field(err, "answer") != string(c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Password: password})), nil)
	// Without a token that is good nobody is asked anything.
	is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{})), auth.ErrInvalidToken)
}
