// Package passkey is authfactor.Passkeys: WebAuthn (Level 3, https://www.w3.org/TR/webauthn-3/)
// by the library go-webauthn, for sign-in by a passkey alone and as a second
// factor.
//
//	keys, err := passkey.New(ring, passkey.Options{Origin: "https://example.org", Name: "Example"})
//	svc, err := auth.New(auth.Config{ …, Policy: auth.Policy{Passkeys: keys} })
//	challenge, err := svc.BeginPasskey(ctx)                          // for navigator.credentials.get
//	in, err := svc.SignInWithPasskey(ctx, client, answer, remember)  // what it returned
//
// An authenticator knows a user by the handle that an authstore.HandleStore keeps.
// Passkeys are discoverable and the person is always verified (by a fingerprint,
// a PIN or the like), so that one is both factors. No attestation is asked for: it
// would tell apart people by their devices. A challenge is 256 random bits, sealed
// with what it is for, and works once within 5 minutes.
package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/profile"
)

const (
	purpose = "auth.passkey"
	lasts   = 5 * time.Minute
	// maxID bounds a credential's ID in bytes (WebAuthn Level 3, 5.8.3).
	maxID = 1023
)

// Options of New.
type Options struct {
	// Origin is where the pages are, "https://example.org"; required.
	Origin string
	// MoreOrigins are others whose pages may use the same passkeys.
	MoreOrigins []string
	// ID is the relying party's, the host name of Origin or a parent domain of it
	// that is no public suffix; "" is the host name. Passkeys work for that ID
	// alone: choose it once.
	ID string
	// Name is shown to people when they make one; "" is the ID.
	Name string
}

// Passkeys is authfactor.Passkeys. It is safe for concurrent use.
type Passkeys struct {
	keys *keyring.Ring
	web  *webauthn.WebAuthn
}

var _ authfactor.Passkeys = (*Passkeys)(nil)

// New returns the passkeys of an origin; keys seal the challenges.
func New(keys *keyring.Ring, o Options) (*Passkeys, error) {
	if keys == nil {
		return nil, errors.New("passkey: a key ring is required")
	}
	u, err := url.Parse(o.Origin)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("passkey: Options.Origin must be an origin such as https://example.org")
	}
	if o.ID == "" {
		o.ID = u.Hostname()
	}
	if o.Name == "" {
		o.Name = o.ID
	}
	limit := webauthn.TimeoutConfig{Timeout: lasts, TimeoutUVD: lasts}
	web, err := webauthn.New(&webauthn.Config{
		RPID: o.ID, RPDisplayName: o.Name, RPOrigins: append([]string{o.Origin}, o.MoreOrigins...),
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Password managers add outputs that nobody asked for. None is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return &Passkeys{keys: keys, web: web}, nil
}

// state is a challenge with what it is for.
type state struct {
	Session webauthn.SessionData `json:"w"`
	Until   time.Time            `json:"t"`
}

// about binds a sealed state to its ceremony.
func about(c authfactor.Ceremony) []byte {
	user := c.User.ID
	if c.Kind == authfactor.SigningIn {
		user = "" // nobody is known at its beginning
	}
	return []byte(string(c.Kind) + "\x00" + c.SessionID + "\x00" + user)
}

// Begin implements authfactor.Passkeys.
func (p *Passkeys) Begin(c authfactor.Ceremony, now time.Time) (authfactor.Challenge, error) {
	var options any
	var session *webauthn.SessionData
	// A sign-in has no use for a handle. A node of before handles were kept finishes one
	// that began here only if its state has the user's ID in this place.
	who := user{User: c.User, handle: []byte(c.User.ID)}
	var err error
	if who.credentials, err = credentials(c.Known); err != nil {
		return authfactor.Challenge{}, err
	}
	switch c.Kind {
	case authfactor.Registering:
		who.handle = c.Handle
		var made *protocol.CredentialCreation
		made, session, err = p.web.BeginRegistration(who, webauthn.WithCredentialParameters(algorithms),
			webauthn.WithExclusions(webauthn.Credentials(who.credentials).CredentialDescriptors()))
		if err == nil {
			options = made.Response
		}
	case authfactor.SigningIn:
		var made *protocol.CredentialAssertion
		made, session, err = p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err == nil {
			options = made.Response
		}
	case authfactor.Finishing, authfactor.Proving:
		var made *protocol.CredentialAssertion
		made, session, err = p.web.BeginLogin(who, webauthn.WithUserVerification(protocol.VerificationRequired))
		if err == nil {
			options = made.Response
		}
	default:
		err = fmt.Errorf("no ceremony %q", c.Kind)
	}
	if err != nil {
		return authfactor.Challenge{}, fmt.Errorf("passkey: %w", err)
	}
	out := authfactor.Challenge{ExpiresAt: now.Add(lasts)}
	if out.Options, err = json.Marshal(options); err != nil {
		return authfactor.Challenge{}, fmt.Errorf("passkey: options: %w", err)
	}
	plain, err := json.Marshal(state{Session: *session, Until: out.ExpiresAt})
	if err != nil {
		return authfactor.Challenge{}, fmt.Errorf("passkey: state: %w", err)
	}
	sealed, err := p.keys.Seal(purpose, plain, about(c))
	if err != nil {
		return authfactor.Challenge{}, fmt.Errorf("passkey: sealing: %w", err)
	}
	out.State = base64.RawURLEncoding.EncodeToString(sealed)
	return out, nil
}

// open reads a state of that ceremony.
func (p *Passkeys) open(c authfactor.Ceremony, text string) (s state, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return s, authfactor.ErrInvalidCode
	}
	plain, err := p.keys.Open(purpose, sealed, about(c))
	if err != nil {
		return s, authfactor.ErrInvalidCode
	}
	if err := json.Unmarshal(plain, &s); err != nil || len(s.Session.Challenge) < 22 { // of another version
		return s, authfactor.ErrInvalidCode
	}
	return s, nil
}

// Challenge implements authfactor.Passkeys.
func (p *Passkeys) Challenge(c authfactor.Ceremony, text string) (id [32]byte, until time.Time, err error) {
	s, err := p.open(c, text)
	if err != nil {
		return id, until, err
	}
	return sha256.Sum256([]byte(s.Session.Challenge)), s.Until, nil
}

// Credential implements authfactor.Passkeys.
func (p *Passkeys) Credential(response []byte) (string, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil || len(parsed.RawID) == 0 || len(parsed.RawID) > maxID {
		return "", authfactor.ErrInvalidCode
	}
	return lookup(parsed.RawID), nil
}

func lookup(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// Register implements authfactor.Passkeys.
func (p *Passkeys) Register(c authfactor.Ceremony, text string, response []byte) (authstore.FactorRecord, error) {
	s, err := p.open(c, text)
	if err != nil {
		return authstore.FactorRecord{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return authstore.FactorRecord{}, authfactor.ErrInvalidCode
	}
	// The state is sealed for this user, so that the handle in it is one of this user's.
	made, err := p.web.CreateCredential(user{User: c.User, handle: s.Session.UserID}, s.Session, parsed)
	if err != nil || len(made.ID) == 0 || len(made.ID) > maxID || !usable(made.PublicKey) {
		return authstore.FactorRecord{}, authfactor.ErrInvalidCode
	}
	r := authstore.FactorRecord{Lookup: lookup(made.ID), Counter: int64(made.Authenticator.SignCount)}
	if r.Data, err = encode(made); err != nil {
		return authstore.FactorRecord{}, err
	}
	if len(r.Data) > authstore.MaxData {
		return authstore.FactorRecord{}, authfactor.ErrInvalidCode
	}
	return r, nil
}

// algorithms are those asked for, the preferred first: what all authenticators
// have, and no key that is made in an unusual way.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// usable reports whether a key could verify anything. Without attestation nobody
// has used it yet, and its owner could be locked out.
func usable(key []byte) bool {
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return false
	}
	if ec, ok := parsed.(webauthncose.EC2PublicKeyData); ok {
		public, err := ec.ToECDSA()
		if err != nil {
			return false
		}
		_, err = public.ECDH() // is it on its curve?
		return err == nil
	}
	return true
}

// Assert implements authfactor.Passkeys.
func (p *Passkeys) Assert(c authfactor.Ceremony, text string, response []byte, r authstore.FactorRecord) (authstore.FactorRecord, bool, error) {
	s, err := p.open(c, text)
	if err != nil {
		return r, false, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return r, false, authfactor.ErrInvalidCode
	}
	known, err := credentials([]authstore.FactorRecord{r})
	if err != nil {
		return r, false, err
	}
	if c.User.ID == "" || r.UserID != c.User.ID || lookup(parsed.RawID) != r.Lookup {
		return r, false, authfactor.ErrInvalidCode
	}
	// The library names a change of the backup eligibility by the words of an error alone,
	// and among all others. So it is told what the answer says, verifies the rest, and the
	// comparison is made here.
	eligible := known[0].Flags.BackupEligible
	known[0].Flags.BackupEligible = parsed.Response.AuthenticatorData.Flags.HasBackupEligible()
	who := user{User: c.User, handle: named(c, parsed.Response.UserHandle), credentials: known}
	var made *webauthn.Credential
	if c.Kind == authfactor.SigningIn {
		made, err = p.web.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return who, nil }, s.Session, parsed)
	} else {
		// The list of the challenge may name passkeys that are gone by now, and the
		// state is sealed for this user, whichever handle is in it.
		s.Session.AllowedCredentialIDs, s.Session.UserID = [][]byte{known[0].ID}, who.handle
		made, err = p.web.ValidateLogin(who, s.Session, parsed)
	}
	if err != nil {
		return r, false, authfactor.ErrInvalidCode
	}
	if made.Flags.BackupEligible != eligible {
		return r, false, authfactor.ErrChangedPasskey
	}
	// A count that does not rise is a copy of the passkey, unless there is none.
	if made.Authenticator.CloneWarning {
		return r, false, authfactor.ErrCopiedPasskey
	}
	r.Counter = int64(made.Authenticator.SignCount)
	if r.Data, err = encode(made); err != nil {
		return r, false, err
	}
	return r, r.Counter > 0, nil
}

// named is the handle of c.User that an answer is held against which names handle: the one
// that is kept, if that is named, and else the one of passkeys of before, the user's ID.
// An answer that names neither is refused then, and one that names none is not.
func named(c authfactor.Ceremony, handle []byte) []byte {
	if len(c.Handle) > 0 && bytes.Equal(handle, c.Handle) {
		return c.Handle
	}
	return []byte(c.User.ID)
}

// kept is what a record's Data holds: no secret, and nothing of the device but
// what later uses are held against.
type kept struct {
	PublicKey  []byte                            `json:"publicKey"`
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"`
	Verified   bool                              `json:"uv,omitempty"`
	Eligible   bool                              `json:"be,omitempty"`
	BackedUp   bool                              `json:"bs,omitempty"`
}

func encode(c *webauthn.Credential) ([]byte, error) {
	data, err := json.Marshal(kept{
		PublicKey: c.PublicKey, Transports: c.Transport,
		Verified: c.Flags.UserVerified, Eligible: c.Flags.BackupEligible, BackedUp: c.Flags.BackupState,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: a record: %w", err)
	}
	return data, nil
}

// credentials are records as the library knows them.
func credentials(records []authstore.FactorRecord) ([]webauthn.Credential, error) {
	list := make([]webauthn.Credential, 0, len(records))
	for _, r := range records {
		id, err := base64.RawURLEncoding.DecodeString(r.Lookup)
		if err != nil {
			return nil, fmt.Errorf("passkey: record %s: %w", r.ID, err)
		}
		var k kept
		if err := json.Unmarshal(r.Data, &k); err != nil {
			return nil, fmt.Errorf("passkey: record %s is not one of this version", r.ID)
		}
		list = append(list, webauthn.Credential{
			ID: id, PublicKey: k.PublicKey, Transport: k.Transports,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: k.Verified, BackupEligible: k.Eligible, BackupState: k.BackedUp},
			Authenticator: webauthn.Authenticator{SignCount: uint32(r.Counter)},
		})
	}
	return list, nil
}

// user is a profile.User as the library knows one.
type user struct {
	profile.User
	handle      []byte
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.handle }
func (u user) WebAuthnName() string                       { return u.Username }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func (u user) WebAuthnDisplayName() string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return u.Username
}
