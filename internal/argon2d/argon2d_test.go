package argon2d

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
)

// RFC 9106, section 5.1.
func TestS06_Argon2dOfTheRFC(t *testing.T) {
	rep := func(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }
	got := derive(rep(1, 32), rep(2, 16), rep(3, 8), rep(4, 12), 3, 32, 4, 32)
	const want = "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"
	if hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
}

// Of the reference implementation's command (Debian's argon2 20171227).
func TestS06_Argon2dOfTheReference(t *testing.T) {
	for _, v := range []struct {
		time, memory uint32
		threads      uint8
		want         string
	}{
		{3, 256, 2, "F1R7zEnshtNY7JftX9bnyL6V09m07B/tJAB2hn0D9eI"},
		{1, 64, 1, "FELQwJK/amnE03c7Tf3tNlGz0GzPJT/+"},
	} {
		want, err := base64.RawStdEncoding.DecodeString(v.want)
		if err != nil {
			t.Fatal(err)
		}
		got := Key([]byte("correct horse battery staple"), []byte("saltsaltsalt"), v.time, v.memory, v.threads, uint32(len(want)))
		if !bytes.Equal(got, want) {
			t.Errorf("t=%d m=%d p=%d: %x, want %x", v.time, v.memory, v.threads, got, want)
		}
	}
}

func Example() {
	fmt.Printf("%x\n", Key([]byte("password"), []byte("saltsaltsalt"), 1, 64, 1, 8))
	// Output: 7ce45f7406a8ac9c
}
