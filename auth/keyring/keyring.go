// Package keyring holds the server's secret keys under names, so that they can
// be rotated: the first key of a Ring seals and signs, every key of it opens
// and verifies. To rotate on several nodes without anybody noticing, put a new
// key at the end, so that all nodes open with it; then in front, so that they
// seal with it; then seal anew what is kept (auth.Service.Reseal); then drop the
// old one. Each step is a restart, one node after the other.
//
//	ring, err := keyring.Parse(os.Getenv("SECRET_KEYS")) // "k2:base64,k1:base64"
//	sealed, err := ring.Seal("activity.cursor", plain, []byte(userID))
//	plain, err = ring.Open("activity.cursor", sealed, []byte(userID))
//
// Each purpose gets its own subkey, so what was sealed for one purpose does not
// open for another. Keys never show in logs or errors.
package keyring

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

var (
	// ErrUnknownKey: it was sealed by a key that the ring does not hold (any more).
	// Open returns it as an *UnknownKeyError.
	ErrUnknownKey = errors.New("keyring: sealed by a key that is not in the ring")
	// ErrSealed: it is cut, changed, or was sealed for something else.
	ErrSealed = errors.New("keyring: not something that this ring sealed for this purpose")
)

// UnknownKeyError is an ErrUnknownKey that says which key it was.
type UnknownKeyError struct{ ID string }

func (e *UnknownKeyError) Error() string { return ErrUnknownKey.Error() + ": " + e.ID }
func (e *UnknownKeyError) Unwrap() error { return ErrUnknownKey }

// Ring is a list of keys. It is immutable and safe for concurrent use.
type Ring struct{ keys []Key }

// New returns a ring of keys, of which the first seals and signs. It is an
// error when there is none, when an ID is not 1 to 32 of ASCII letters, digits,
// '-' and '_', when two share an ID or a secret, or when a secret is all zero.
func New(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("keyring: no key")
	}
	for i, k := range keys {
		if !validID(k.ID) {
			return nil, fmt.Errorf("keyring: key %d: the id must be 1 to %d of letters, digits, '-' and '_'", i+1, maxID)
		}
		if k.Secret == ([32]byte{}) {
			return nil, fmt.Errorf("keyring: key %q has an empty secret", k.ID)
		}
		for _, other := range keys[:i] {
			if other.ID == k.ID {
				return nil, fmt.Errorf("keyring: two keys are named %q", k.ID)
			}
			// The same secret under a new name would be a rotation that changes nothing.
			if other.Secret == k.Secret {
				return nil, fmt.Errorf("keyring: %q and %q are the same key", other.ID, k.ID)
			}
		}
	}
	return &Ring{keys: append([]Key(nil), keys...)}, nil
}

// String names the keys, never their secrets.
func (r *Ring) String() string {
	var b bytes.Buffer
	b.WriteString("keyring.Ring(")
	for i, k := range r.keys {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(k.ID)
	}
	b.WriteByte(')')
	return b.String()
}

// Format prints String under every verb: %#v or %x would show the secrets.
func (r *Ring) Format(s fmt.State, _ rune) { fmt.Fprint(s, r.String()) }

// format is the first byte of everything sealed, so that a later form can be
// told apart.
const format = 1

// Seal encrypts and authenticates plaintext for purpose with
// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a subkey of the first
// key. additional is authenticated but not stored; Open needs the same. The
// result is 42 bytes and the length of the key's ID longer than plaintext.
func (r *Ring) Seal(purpose string, plaintext, additional []byte) ([]byte, error) {
	k := r.keys[0]
	sub, err := k.derive("seal", purpose)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(sub)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	header := append([]byte{format, byte(len(k.ID))}, k.ID...)
	out := make([]byte, 0, len(header)+aead.NonceSize()+len(plaintext)+aead.Overhead())
	out = append(out, header...)
	out = out[:len(header)+aead.NonceSize()]
	nonce := out[len(header):]
	rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return aead.Seal(out, nonce, plaintext, bind(header, additional)), nil
}

// Open returns what Seal was given. It is an *UnknownKeyError when the key is not
// in the ring and ErrSealed for everything else that is not exactly what Seal
// returned for that purpose and additional data.
func (r *Ring) Open(purpose string, sealed, additional []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != format {
		return nil, ErrSealed
	}
	n := 2 + int(sealed[1])
	if len(sealed) < n+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead || !validID(string(sealed[2:n])) {
		return nil, ErrSealed
	}
	for _, k := range r.keys {
		if k.ID != string(sealed[2:n]) {
			continue
		}
		sub, err := k.derive("seal", purpose)
		if err != nil {
			return nil, err
		}
		aead, err := chacha20poly1305.NewX(sub)
		if err != nil {
			return nil, fmt.Errorf("keyring: %w", err)
		}
		rest := sealed[n:]
		plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], bind(sealed[:n], additional))
		if err != nil {
			return nil, ErrSealed
		}
		return plain, nil
	}
	return nil, &UnknownKeyError{ID: string(sealed[2:n])}
}

// IDs names the keys, the one that seals first.
func (r *Ring) IDs() []string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.ID
	}
	return ids
}

// Keys returns the keys themselves, the one that seals first, for a program that
// rotates them.
func (r *Ring) Keys() []Key { return append([]Key(nil), r.keys...) }

// SealedBy returns the ID of the key that sealed it, also of one that is not in
// the ring, or ErrSealed. It does not look at what is inside.
func (r *Ring) SealedBy(sealed []byte) (id string, err error) {
	if len(sealed) < 2 || sealed[0] != format || len(sealed) < 2+int(sealed[1]) || !validID(string(sealed[2:2+int(sealed[1])])) {
		return "", ErrSealed
	}
	return string(sealed[2 : 2+int(sealed[1])]), nil
}

// Reseal seals anew, with the first key, what another one sealed; changed is
// false when the first one did. Errors are those of Open.
func (r *Ring) Reseal(purpose string, sealed, additional []byte) (out []byte, changed bool, err error) {
	plain, err := r.Open(purpose, sealed, additional)
	if err != nil {
		return nil, false, err
	}
	if id, err := r.SealedBy(sealed); err != nil || id == r.keys[0].ID {
		return sealed, false, err
	}
	out, err = r.Seal(purpose, plain, additional)
	return out, err == nil, err
}

// bind joins header and additional so that no other pair gives the same bytes.
func bind(header, additional []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(header)+len(additional)), uint32(len(header)))
	return append(append(b, header...), additional...)
}

// MAC signs msg for purpose: HMAC-SHA-256 under a subkey of the first key, 32
// bytes.
func (r *Ring) MAC(purpose string, msg []byte) []byte { return r.keys[0].mac(purpose, msg) }

// MACs are those of every key, the first key's first, for looking up what one of
// them was kept under.
func (r *Ring) MACs(purpose string, msg []byte) [][]byte {
	list := make([][]byte, len(r.keys))
	for i, k := range r.keys {
		list[i] = k.mac(purpose, msg)
	}
	return list
}

func (k Key) mac(purpose string, msg []byte) []byte {
	// The subkey is made with HMAC alone, as a key derivation in the manner of
	// NIST SP 800-108, because it cannot fail.
	sub := hmac.New(sha256.New, k.Secret[:])
	sub.Write([]byte("profilekit/1/mac/" + purpose))
	h := hmac.New(sha256.New, sub.Sum(nil))
	h.Write(msg)
	return h.Sum(nil)
}

// derive makes the subkey of a use and purpose with HKDF-SHA-256 (RFC 5869).
func (k Key) derive(use, purpose string) ([]byte, error) {
	sub, err := hkdf.Key(sha256.New, k.Secret[:], nil, "profilekit/1/"+use+"/"+purpose, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return sub, nil
}
