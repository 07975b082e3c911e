// Package knownpasswords knows the passwords that people choose most often, and
// that are therefore tried first:
//
//	if knownpasswords.Contains("trustno1") { … }
//
// It keeps 40 bits of the SHA-256 of each, in lower case, instead of the words:
// one in 90 million other passwords is taken for one of them. The 12,000 are
// those of 8 characters and more at the head of a list by frequency, which
// generate reads.
package knownpasswords

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
)

// size is how many bytes of a hash are kept.
const size = 5

//go:embed list.bin
var list string

// Contains reports whether password, in any case, is one of them.
func Contains(password string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(password)))
	key := sum[:size]
	n := len(list) / size
	i := sort.Search(n, func(i int) bool { return list[i*size:(i+1)*size] >= string(key) })
	return i < n && bytes.Equal([]byte(list[i*size:(i+1)*size]), key)
}

// Len is how many there are.
func Len() int { return len(list) / size }
