// Package softkey is a passkey in software, for tests: it answers the options of
// WebAuthn as a browser with an authenticator does, and can be told to lie.
//
//	key := softkey.New("http://localhost:3000")
//	made := key.Create(options)   // PublicKeyCredentialCreationOptionsJSON
//	answer := key.Get(options)    // PublicKeyCredentialRequestOptionsJSON
package softkey

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// Flags of authenticator data (WebAuthn Level 3, 6.1).
const (
	Present  = 1 << 0
	Verified = 1 << 2
	Eligible = 1 << 3
	BackedUp = 1 << 4
	attested = 1 << 6
)

// Key is one passkey. Its fields may be changed between two answers.
type Key struct {
	Origin string
	// RPID is the relying party's that it signs for; "" is what the options say.
	RPID  string
	Flags byte
	// Count is the next signature's; 0 is that of a passkey that does not count.
	Count uint32
	ID    []byte
	// Handle is the user's, as it was told at Create.
	Handle []byte
	// Lie, when set, changes an answer before it is signed and sent.
	Lie func(*Answer)

	private *ecdsa.PrivateKey
}

// Answer is what is about to be sent.
type Answer struct {
	Client  map[string]any // clientDataJSON
	Data    []byte         // authenticator data
	ID      []byte
	Handle  []byte
	Type    string
	COSE    []byte
	Forge   bool // sign with another key
	Mangled bool // send no JSON
}

// New returns a passkey that was not registered yet, of a browser at that origin.
func New(origin string) *Key {
	k := &Key{Origin: origin, Flags: Present | Verified, ID: make([]byte, 32)}
	rand.Read(k.ID)
	var err error
	if k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		panic(err)
	}
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// cose is the public key (RFC 9052): EC2, ES256, P-256, x, y.
func (k *Key) cose() []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	out := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33]...)
	return append(append(out, 0x22, 0x58, 32), point[33:]...)
}

func (k *Key) data(o options, flags byte) []byte {
	hash := sha256.Sum256([]byte(cmp.Or(k.RPID, o.RP.ID, o.RPID)))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Count)
}

type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Exclude []struct {
		ID string `json:"id"`
	} `json:"excludeCredentials"`
}

func (k *Key) begin(raw []byte, kind string) (options, Answer) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		panic(err)
	}
	return o, Answer{
		Client: map[string]any{"type": kind, "challenge": o.Challenge, "origin": k.Origin, "crossOrigin": false},
		ID:     k.ID, Type: "public-key",
	}
}

// Create answers a registration.
func (k *Key) Create(raw []byte) []byte {
	o, a := k.begin(raw, "webauthn.create")
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		panic(err)
	}
	k.Handle, a.COSE = handle, k.cose()
	a.Data = k.data(o, k.Flags|attested)
	a.Data = append(a.Data, make([]byte, 16)...) // AAGUID
	if k.Lie != nil {
		k.Lie(&a)
	}
	if len(a.Data) == 37+16 {
		a.Data = append(binary.BigEndian.AppendUint16(a.Data, uint16(len(a.ID))), a.ID...)
		a.Data = append(a.Data, a.COSE...)
	}
	// {fmt: "none", attStmt: {}, authData: bytes}
	object := append([]byte{0xa3, 0x63}, "fmt"...)
	object = append(append(object, 0x64), "none"...)
	object = append(append(object, 0x67), "attStmt"...)
	object = append(append(object, 0xa0, 0x68), "authData"...)
	object = binary.BigEndian.AppendUint16(append(object, 0x59), uint16(len(a.Data)))
	object = append(object, a.Data...)
	if k.Count > 0 {
		k.Count++
	}
	return a.encode(map[string]any{"clientDataJSON": b64(a.client()), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// Get answers an assertion, with the handle as a discoverable passkey does.
func (k *Key) Get(raw []byte) []byte {
	o, a := k.begin(raw, "webauthn.get")
	a.Handle = k.Handle
	a.Data = k.data(o, k.Flags)
	if k.Lie != nil {
		k.Lie(&a)
	}
	private := k.private
	if a.Forge {
		private = New(k.Origin).private
	}
	hash := sha256.Sum256(a.client())
	sum := sha256.Sum256(append(append([]byte(nil), a.Data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	if err != nil {
		panic(err)
	}
	response := map[string]any{"clientDataJSON": b64(a.client()), "authenticatorData": b64(a.Data), "signature": b64(signature)}
	if a.Handle != nil {
		response["userHandle"] = b64(a.Handle)
	}
	if k.Count > 0 {
		k.Count++
	}
	return a.encode(response)
}

func (a *Answer) client() []byte {
	raw, err := json.Marshal(a.Client)
	if err != nil {
		panic(err)
	}
	return raw
}

func (a *Answer) encode(response map[string]any) []byte {
	if a.Mangled {
		return []byte(`{"id":`)
	}
	raw, err := json.Marshal(map[string]any{
		"id": b64(a.ID), "rawId": b64(a.ID), "type": a.Type, "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		panic(err)
	}
	return raw
}
