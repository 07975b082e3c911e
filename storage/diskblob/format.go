package diskblob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// tempDir begins with a dot, as no blob's folder does.
const tempDir = ".tmp"

// fileName is where the blob of a valid key is. Slashes of the key become '+',
// which no key has, so that "a" and "a/b" do not need a file and a folder of
// one name, and no folder is ever left empty.
func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:1]) + "/" + strings.ReplaceAll(key, "/", "+")
}

func keyOf(base string) string { return strings.ReplaceAll(base, "+", "/") }

func dirOf(name string) string {
	dir, _, _ := strings.Cut(name, "/")
	return dir
}

// trailer follows the body of a blob in its file: this as JSON, the length of
// the JSON as 4 bytes big endian, and magic. It is at the end so that the file
// is still a picture to other programs, and so that a file cut short by a
// crash is known as such.
type trailer struct {
	Key          string `json:"key"`
	Size         int64  `json:"size"` // of the body, in bytes
	ContentType  string `json:"contentType"`
	CacheControl string `json:"cacheControl,omitempty"`
}

const (
	magic      = "pkblob1\n"
	fixedTail  = 4 + len(magic)
	maxTrailer = 64 << 10
)

// errDamaged: the file is not one that Put made.
var errDamaged = errors.New("not a whole blob file")

func (t trailer) encode() []byte {
	tail, _ := json.Marshal(t) // a struct of strings and a number: cannot fail
	tail = binary.BigEndian.AppendUint32(tail, uint32(len(tail)))
	return append(tail, magic...)
}

// readTrailer returns the trailer of a file of size bytes, and the length of
// the body.
func readTrailer(f io.ReaderAt, size int64) (trailer, int64, error) {
	var t trailer
	// One read gets all of a usual trailer.
	buf := make([]byte, min(size, 512))
	if err := readAt(f, buf, size-int64(len(buf))); err != nil {
		return t, 0, err
	}
	if len(buf) < fixedTail || !bytes.HasSuffix(buf, []byte(magic)) {
		return t, 0, errDamaged
	}
	n := int64(binary.BigEndian.Uint32(buf[len(buf)-fixedTail:]))
	body := size - int64(fixedTail) - n
	if n > maxTrailer || body < 0 {
		return t, 0, errDamaged
	}
	text := buf[:len(buf)-fixedTail]
	if int64(len(text)) < n {
		text = make([]byte, n)
		if err := readAt(f, text, body); err != nil {
			return t, 0, err
		}
	}
	if err := json.Unmarshal(text[int64(len(text))-n:], &t); err != nil || t.Size != body {
		return t, 0, errDamaged
	}
	return t, body, nil
}

func readAt(f io.ReaderAt, buf []byte, off int64) error {
	n, err := f.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	return err
}
