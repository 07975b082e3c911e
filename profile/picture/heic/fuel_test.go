package heic

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile/picture"
)

// unpacked is the decoder as it is in the package.
func unpacked(t *testing.T) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(libheif))
	if err != nil {
		t.Fatal(err)
	}
	module, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// The decoder that we ship is understood to its last instruction: nothing falls
// back to the slow way. That the result still decodes, all other tests show.
func TestS60_DecoderCounts(t *testing.T) {
	module := unpacked(t)
	made, err := fuelled(module)
	if err != nil {
		t.Fatal(err)
	}
	// It has some thousand functions and loops.
	if n := bytes.Count(made, (&fuel{}).full([]byte{0x45, 0x04, 0x40})); n < 3000 {
		t.Errorf("%d places count", n)
	}
	if _, err := fuelled(made[:8]); err != nil {
		t.Errorf("an empty module: %v", err)
	}
	// Cut anywhere, it is an error, or sections are missing, but no panic.
	for n := 0; n < len(module); n += 1 + len(module)/200 {
		cut, err := fuelled(module[:n])
		if err != nil && !errors.Is(err, errWasm) || err == nil && len(cut) > len(made) {
			t.Errorf("%d of %d bytes: %v", n, len(module), err)
		}
	}
}

// branching calls itself twice, 100 deep, without a loop:
//
//	(func $f (param i32) (result i32)
//	  (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
//	  (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (…the same))))
var branching = func() []byte {
	call := []byte{0x20, 0, 0x41, 1, 0x6b, 0x10, 0}
	body := []byte{0, 0x20, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b}
	body = append(append(append(body, call...), call...), 0x6a, 0x0b)
	w := []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x13\x02\x60\x01\x7f\x01\x7f\x60\x09\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x01\x7f" +
		"\x03\x04\x03\x00\x00\x01" +
		"\x05\x03\x01\x00\x01" +
		"\x07\x1c\x03\x06memory\x02\x00\x06malloc\x00\x01\x06decode\x00\x02")
	code := append([]byte{3, byte(len(body))}, body...)
	code = append(code, 5, 0, 0x41, 0x80, 0x08, 0x0b)       // malloc: 1024
	code = append(code, 7, 0, 0x41, 0xe4, 0, 0x10, 0, 0x0b) // decode: f(100)
	return append(append(w, 10, byte(len(code))), code...)
}()

// Code without loops is stopped as well.
func TestS60_DecoderThatBranches(t *testing.T) {
	if _, err := fuelled(branching); err != nil {
		t.Fatal(err)
	}
	e := &engine{module: branching, patience: 50 * time.Millisecond}
	defer e.close()
	err := e.with(t.Context(), 1<<20, func(s *session) error {
		_, err := s.decode([]byte("any"), stream{width: 1, height: 1, chroma: 1})
		return err
	})
	var rejected *picture.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != picture.ReasonTime {
		t.Errorf("%v; want it to be stopped", err)
	}
}
