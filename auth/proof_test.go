package auth_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/softkey"
)

// wayToProve is one way in which a signed-in user proves the own identity.
type wayToProve struct {
	name string
	// method is that of Service which gives the Proof.
	method string
	// begin returns the token of a session of a new account, and the call that proves its
	// owner's identity once.
	begin func(t *testing.T, p *post, name string) (token string, prove func(auth.Identity) (auth.Proof, error))
	// password is the account's after the proof.
	password string
}

const passkeyOrigin = "https://example.org"

// create makes the passkey of key's browser for the session.
func (p *post) create(t *testing.T, token string, key *softkey.Key) auth.PasskeyAnswer {
	t.Helper()
	ch, err := p.BeginAddPasskey(t.Context(), p.alive(t, token))
	if err != nil {
		t.Fatal(err)
	}
	return auth.PasskeyAnswer{State: ch.State, Response: key.Create(ch.Options)}
}

// stale lets the proof of the session's sign-in get too old.
func (p *post) stale(t *testing.T, token string) {
	t.Helper()
	p.clock.add(11 * time.Minute)
	if p.Fresh(p.alive(t, token)) {
		t.Fatal("the session is still fresh after 11 minutes")
	}
}

func waysToProve() []wayToProve {
	answer := func(t *testing.T, p *post, a auth.Answer) func(auth.Identity) (auth.Proof, error) {
		return func(id auth.Identity) (auth.Proof, error) { return p.ReauthenticateWith(t.Context(), home, id, a) }
	}
	confirm := func(t *testing.T, p *post, a auth.Answer) func(auth.Identity) (auth.Proof, error) {
		return func(id auth.Identity) (auth.Proof, error) {
			done, err := p.ConfirmFactor(t.Context(), home, id, a)
			return done.Proof, err
		}
	}
	return []wayToProve{
		{"the password", "Reauthenticate", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			p.stale(t, token)
			return token, func(id auth.Identity) (auth.Proof, error) {
				return p.Reauthenticate(t.Context(), home, id, password)
			}
		}, password},
		{"a code of an app", "ReauthenticateWith", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			a, _, token := p.enrol(t, p.member(t, name).Token)
			p.stale(t, token)
			return token, answer(t, p, byTOTP(a.code(0)))
		}, password},
		{"a recovery code", "ReauthenticateWith", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			_, codes, token := p.enrol(t, p.member(t, name).Token)
			p.stale(t, token)
			return token, answer(t, p, auth.Answer{Method: "recovery_code", Code: codes[0]})
		}, password},
		{"a code that was sent", "ReauthenticateWith", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token, _ := p.withPhone(t, name)
			p.stale(t, token)
			is(t, p.SendCode(t.Context(), home, p.alive(t, token), "sms"), nil)
			return token, answer(t, p, bySMS(p.sent(t, authmail.Code, phone)))
		}, password},
		{"a passkey", "ReauthenticateWith", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token, key := p.member(t, name).Token, softkey.New(passkeyOrigin)
			done, err := p.AddPasskey(t.Context(), home, p.alive(t, token), p.create(t, token, key), "Phone")
			if err != nil {
				t.Fatal(err)
			}
			p.stale(t, done.Token)
			ch, err := p.BeginPasskeyProof(t.Context(), p.alive(t, done.Token))
			if err != nil {
				t.Fatal(err)
			}
			a := auth.Answer{Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: key.Get(ch.Options)}}
			return done.Token, answer(t, p, a)
		}, password},
		{"the mailbox", "ProveMailbox", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			is(t, p.SendMailCode(t.Context(), home, p.alive(t, token)), nil)
			code := p.mail.last(t, authmail.Proof, name+"@example.org").Code
			return token, func(id auth.Identity) (auth.Proof, error) { return p.ProveMailbox(t.Context(), home, id, code) }
		}, password},
		{"the link of the sign-up", "Verify", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token, link := p.register(t, name).Token, p.mail.link(t, authmail.Verify, name+"@example.org")
			return token, func(id auth.Identity) (auth.Proof, error) {
				return p.Verify(t.Context(), home, id, link, auth.Confirmation{})
			}
		}, password},
		{"adding an app", "ConfirmFactor", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			return token, confirm(t, p, byTOTP(p.beginTOTP(t, token).code(0)))
		}, password},
		{"adding a phone", "ConfirmFactor", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			is(t, p.BeginPhone(t.Context(), home, p.alive(t, token), phone), nil)
			return token, confirm(t, p, bySMS(p.sent(t, authmail.Phone, phone)))
		}, password},
		{"adding a passkey", "AddPasskey", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			made := p.create(t, token, softkey.New(passkeyOrigin))
			return token, func(id auth.Identity) (auth.Proof, error) {
				done, err := p.AddPasskey(t.Context(), home, id, made, "Phone")
				return done.Proof, err
			}
		}, password},
		{"changing the password", "ChangePassword", func(t *testing.T, p *post, name string) (string, func(auth.Identity) (auth.Proof, error)) {
			token := p.member(t, name).Token
			p.stale(t, token)
			return token, func(id auth.Identity) (auth.Proof, error) {
				return p.ChangePassword(t.Context(), home, id, password, newer)
			}
		}, newer},
	}
}

// openToProve is a service that has every way, and a cache of sessions.
func openToProve(t *testing.T, db database) *post {
	t.Helper()
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := passkey.New(ring, passkey.Options{Origin: passkeyOrigin, Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	app, _ := withTOTP(t)
	return openPost(t, db, app, withCodes(t), limitsOff, unlimitedMail, func(c *auth.Config) {
		c.Passkeys = keys
		c.SessionCache = auth.SessionCache{TTL: time.Second}
	})
}

// A thief of a token gains nothing when its owner proves who it is, by any way to prove it:
// the session goes on under a new token, which is fresh, and the stolen one is dead.
func TestT16_AProofChangesABearerToken(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openToProve(t, db)
		for i, way := range waysToProve() {
			t.Run(way.name, func(t *testing.T) {
				stolen, prove := way.begin(t, p, fmt.Sprintf("ada%d", i))
				thief := p.read(t, stolen) // and the cache knows it
				proof, err := prove(p.alive(t, stolen))
				if err != nil {
					t.Fatal(err)
				}
				p.dead(t, stolen)
				p.unread(t, stolen)
				is(t, errOf(p.ChangePassword(t.Context(), home, thief, way.password, other)), auth.ErrUnauthenticated) // it was under way

				id := p.alive(t, proof.Token)
				if id.Session.ID != thief.Session.ID || !id.Session.ExpiresAt.Equal(thief.Session.ExpiresAt) || id.Session.TokenHash != sha(proof.Token) {
					t.Errorf("the session is %+v, it was %+v", id.Session, thief.Session)
				}
				if !p.Fresh(id) || !p.Fresh(p.read(t, proof.Token)) || !id.Session.ProvedAt.Equal(p.clock.now()) {
					t.Errorf("after the proof the session was proved at %v, now is %v", id.Session.ProvedAt, p.clock.now())
				}
			})
		}
	})
}

// Every method that gives a Proof is among the ways above, so that one that is added
// cannot be forgotten.
func TestT16_EveryMethodThatProvesIsTried(t *testing.T) {
	var tried, proving []string
	for _, way := range waysToProve() {
		tried = append(tried, way.method)
	}
	service, proof := reflect.TypeFor[*auth.Service](), reflect.TypeFor[auth.Proof]()
	for i := range service.NumMethod() {
		m := service.Method(i)
		for j := range m.Type.NumOut() {
			if gives(m.Type.Out(j), proof) {
				proving = append(proving, m.Name)
			}
		}
	}
	slices.Sort(tried)
	if tried = slices.Compact(tried); !slices.Equal(tried, proving) {
		t.Errorf("the methods that give a Proof are %q, those that are tried %q", proving, tried)
	}
}

// gives reports whether a result is a value of that type or has a field of it.
func gives(result, want reflect.Type) bool {
	if result == want {
		return true
	}
	if result.Kind() != reflect.Struct {
		return false
	}
	for f := range result.Fields() {
		if f.Type == want {
			return true
		}
	}
	return false
}

// Of proofs at once in one session, on two nodes, one keeps the session. The others were
// made with a token that had been replaced.
func TestT16_OfParallelProofsOneKeepsTheSession(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := nodes(t, db, limitsOff)
		token := w[0].register(t, "ada").Token
		for range 5 {
			id := w[0].alive(t, token)
			proofs := make([]auth.Proof, 20)
			won := -1
			for i, err := range conform.Together(len(proofs), func(i int) (err error) {
				proofs[i], err = w[i%2].Reauthenticate(t.Context(), home, id, password)
				return err
			}) {
				switch {
				case err == nil && won >= 0:
					t.Errorf("the proofs %d and %d both got a token", won, i)
				case err == nil:
					won = i
				case !errors.Is(err, auth.ErrUnauthenticated) || proofs[i] != (auth.Proof{}):
					t.Errorf("a loser got %+v, %v", proofs[i], err)
				}
			}
			if won < 0 {
				t.Fatal("no proof got a token")
			}
			w[0].dead(t, token)
			token = proofs[won].Token
			if got := w[1].alive(t, token); got.Session.ID != id.Session.ID {
				t.Error("it is another session")
			}
		}
	})
}
