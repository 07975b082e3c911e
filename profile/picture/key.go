package picture

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/profile"
)

// Key is the key of the blob that holds p in the given size: the base, the
// size and the extension, "k3v9…-256.jpg". It is "" when p has no Base; p's
// Sizes say which exist.
func Key(p profile.Picture, size int) string {
	if p.Base == "" {
		return ""
	}
	return p.Base + "-" + strconv.Itoa(size) + "." + p.Ext
}

// keys are those of all sizes of p.
func keys(p profile.Picture) []string {
	var all []string
	for _, size := range p.Sizes {
		if k := Key(p, size); k != "" {
			all = append(all, k)
		}
	}
	return all
}

const (
	baseAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
	baseLength   = 26 // of 5 random bits each: 130
)

// newBase returns a name that cannot be guessed and tells nothing: neither
// whose the picture is nor what its file was called.
func newBase(random io.Reader) (string, error) {
	var b [baseLength]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("picture: random name: %w", err)
	}
	for i, v := range b {
		b[i] = baseAlphabet[v&31]
	}
	return string(b[:]), nil
}

// isBase reports whether s is one that newBase may have made.
func isBase(s string) bool {
	return len(s) == baseLength && strings.Trim(s, baseAlphabet) == ""
}

// isKey reports whether key is one that Key or BeginDirect may have made. A
// repair deletes no others, so that a bucket may hold more than pictures.
func isKey(key string) bool {
	if id, ok := strings.CutPrefix(key, directPrefix); ok {
		return isBase(id)
	}
	base, rest, ok := strings.Cut(key, "-")
	size, ext, dot := strings.Cut(rest, ".")
	if !ok || !dot || !isBase(base) || ext != "jpg" && ext != "png" {
		return false
	}
	n, err := strconv.Atoi(size)
	return err == nil && n > 0 && strconv.Itoa(n) == size
}
