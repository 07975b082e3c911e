package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// tokenBytes is the length of a session token before encoding: 256 random
// bits. ASVS 5.0, 7.2.3 asks for 128.
const tokenBytes = 32

// tokenLength is that in unpadded base64url.
const tokenLength = 43

// newToken returns a token and the hash that is kept of it. The hash needs no
// salt and no slowness: nobody guesses 256 bits.
func newToken(random io.Reader) (token string, hash [32]byte, err error) {
	var b [tokenBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", hash, fmt.Errorf("auth: random bytes: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, sha256.Sum256([]byte(token)), nil
}

// hashToken returns the hash of a token of the one form that newToken makes.
// Any other text, however near, is not a token.
func hashToken(token string) (hash [32]byte, ok bool) {
	if len(token) != tokenLength {
		return hash, false
	}
	var b [tokenBytes]byte
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(token))
	if err != nil || n != tokenBytes { // n is short when line ends were skipped
		return hash, false
	}
	return sha256.Sum256([]byte(token)), true
}

// newID returns 128 random bits as hex, the name of a session to its owner.
func newID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("auth: random bytes: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
