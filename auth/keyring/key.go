package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Key is one secret with a name. The name travels with what the key sealed.
type Key struct {
	ID     string
	Secret [32]byte
}

// maxID bounds a key's ID, in bytes.
const maxID = 32

// Generate returns a new key with a random name.
func Generate() Key {
	k := Key{ID: "k" + strings.ToLower(rand.Text()[:8])}
	rand.Read(k.Secret[:])
	return k
}

// Encode returns the key in the form that Parse reads, "id:base64". It is the
// secret itself: write it where only the server can read it.
func (k Key) Encode() string {
	return k.ID + ":" + base64.StdEncoding.EncodeToString(k.Secret[:])
}

// String names the key and leaves out its secret.
func (k Key) String() string { return "keyring.Key(" + k.ID + ")" }

// Format prints String under every verb: %#v or %x would show the secret.
func (k Key) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) }

// MarshalText always fails, so that no key ends up in a JSON document or a log
// by way of a struct that holds it. Use Encode.
func (k Key) MarshalText() ([]byte, error) {
	return nil, errors.New("keyring: a key is not marshalled; see Encode")
}

// Parse reads a ring from "id:base64,id:base64", as Encode writes keys; spaces
// around a key are ignored. Each secret is exactly 32 bytes. Errors name a key
// by its place, never by its text.
func Parse(s string) (*Ring, error) {
	if strings.TrimSpace(s) == "" {
		return nil, errors.New("keyring: no key")
	}
	var keys []Key
	for i, part := range strings.Split(s, ",") {
		id, text, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok {
			return nil, fmt.Errorf("keyring: key %d is not of the form id:base64", i+1)
		}
		secret, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(secret) != 32 {
			return nil, fmt.Errorf("keyring: key %d is not 32 bytes in base64", i+1)
		}
		keys = append(keys, Key{ID: id, Secret: [32]byte(secret)})
	}
	return New(keys...)
}

func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
