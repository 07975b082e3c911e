package keyring_test

import (
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/keyring"
)

func ring(t *testing.T, keys ...keyring.Key) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestS70_RotationKeepsWhatWasSealed(t *testing.T) {
	k1, k2 := keyring.Generate(), keyring.Generate()
	old, both, only2 := ring(t, k1), ring(t, k2, k1), ring(t, k2)
	sealed, err := old.Seal("p", []byte("plain"), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := both.Open("p", sealed, []byte("a")); err != nil || string(got) != "plain" {
		t.Errorf("after rotation: %q, %v", got, err)
	}
	if _, err := only2.Open("p", sealed, []byte("a")); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("after dropping the key: %v", err)
	}
	fresh, err := both.Seal("p", []byte("plain"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := only2.Open("p", fresh, nil); err != nil {
		t.Errorf("the first key does not seal: %v", err)
	}
	mac := old.MAC("p", []byte("m"))
	if !verifies(both, "p", []byte("m"), mac) || verifies(only2, "p", []byte("m"), mac) {
		t.Error("Verify does not follow the keys of the ring")
	}
}

func TestS52_SealedIsBound(t *testing.T) {
	k := keyring.Generate()
	r := ring(t, k)
	sealed, err := r.Seal("p", []byte("plain"), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 + len(k.ID) + 24 + len("plain") + 16; len(sealed) != want {
		t.Errorf("%d bytes, want %d", len(sealed), want)
	}
	again, _ := r.Seal("p", []byte("plain"), []byte("a"))
	if bytes.Equal(sealed, again) {
		t.Error("sealing twice gives the same bytes")
	}
	for i := range sealed { // every byte counts
		forged := bytes.Clone(sealed)
		forged[i] ^= 1
		if _, err := r.Open("p", forged, []byte("a")); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
	for n := range sealed {
		if _, err := r.Open("p", sealed[:n], []byte("a")); !errors.Is(err, keyring.ErrSealed) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for name, open := range map[string]func() ([]byte, error){
		"longer":           func() ([]byte, error) { return r.Open("p", append(bytes.Clone(sealed), 0), []byte("a")) },
		"other purpose":    func() ([]byte, error) { return r.Open("q", sealed, []byte("a")) },
		"other additional": func() ([]byte, error) { return r.Open("p", sealed, []byte("b")) },
		"no additional":    func() ([]byte, error) { return r.Open("p", sealed, nil) },
		"same id, other secret": func() ([]byte, error) {
			return ring(t, keyring.Key{ID: k.ID, Secret: keyring.Generate().Secret}).Open("p", sealed, []byte("a"))
		},
	} {
		if _, err := open(); !errors.Is(err, keyring.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMACIsBound(t *testing.T) {
	r := ring(t, keyring.Generate(), keyring.Generate())
	mac := r.MAC("p", []byte("m"))
	if len(mac) != 32 || !verifies(r, "p", []byte("m"), mac) {
		t.Fatal("a right MAC is refused")
	}
	if verifies(r, "q", []byte("m"), mac) || verifies(r, "p", []byte("n"), mac) || verifies(r, "p", []byte("m"), mac[:31]) ||
		verifies(r, "p", []byte("m"), nil) || verifies(r, "p", []byte("m"), append(mac, 0)) {
		t.Error("a wrong MAC is accepted")
	}
}

func TestParse(t *testing.T) {
	k1, k2 := keyring.Generate(), keyring.Generate()
	r, err := keyring.Parse(" " + k2.Encode() + " , " + k1.Encode() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := ring(t, k1).Seal("p", nil, nil)
	if _, err := r.Open("p", sealed, nil); err != nil {
		t.Error(err)
	}
	const good = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	for name, s := range map[string]string{
		"empty":           "",
		"spaces":          "  ",
		"no id":           good,
		"empty id":        ":" + good,
		"odd id":          "a b:" + good,
		"long id":         strings.Repeat("a", 33) + ":" + good,
		"short secret":    "a:AQEBAQ==",
		"long secret":     "a:AQEB" + good,
		"not base64":      "a:" + strings.Repeat("!", 44),
		"loose base64":    "a:" + good[:42] + "F=", // bits beyond the end
		"zero secret":     "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"same id":         "a:" + good + ",a:" + good[:4] + "AQEB" + good[8:],
		"same secret":     "a:" + good + ",b:" + good,
		"trailing comma":  "a:" + good + ",",
		"secret as an id": good + ":" + good,
	} {
		if _, err := keyring.Parse(s); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), good[:20]) {
			t.Errorf("%s: the error holds a secret: %v", name, err)
		}
	}
	if _, err := keyring.New(); err == nil {
		t.Error("a ring without keys")
	}
}

func TestS66_KeysDoNotPrint(t *testing.T) {
	k := keyring.Generate()
	r := ring(t, k)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+" "+verb+"\n", k, &k, r, struct{ K keyring.Key }{k})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", k, "ring", r)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", k, "ring", r)
	if _, err := json.Marshal(k); err == nil {
		t.Error("a key becomes JSON")
	}
	//lint:ignore SA9005 that nothing of it becomes JSON is what is tested
	if js, err := json.Marshal(r); err == nil && len(js) > 2 {
		t.Errorf("a ring becomes %s", js)
	}
	text := out.String()
	secret := k.Encode()[len(k.ID)+1:]
	for _, leak := range []string{
		secret, fmt.Sprintf("%x", k.Secret[:8]), fmt.Sprintf("%X", k.Secret[:8]),
		strings.Trim(fmt.Sprint(k.Secret[:4]), "[]"), fmt.Sprintf("%#v", k.Secret[:4])[8:20],
	} {
		if strings.Contains(text, leak) {
			t.Errorf("%q is in the output", leak)
		}
	}
	if !strings.Contains(text, k.ID) {
		t.Error("the name of the key is not in the output")
	}
}

func FuzzOpen(f *testing.F) {
	r, err := keyring.Parse("k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		f.Fatal(err)
	}
	sealed, _ := r.Seal("p", []byte("x"), nil)
	f.Add(sealed)
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, err := r.Open("q", data, nil)
		if err == nil || plain != nil {
			t.Fatal("opened what was never sealed")
		}
	})
}

func Example() {
	// In a server: keyring.Parse(os.Getenv("SECRET_KEYS")).
	ring, err := keyring.Parse("k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=,k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := ring.Seal("greeting", []byte("hello"), []byte("user 7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := ring.Open("greeting", sealed, []byte("user 7"))
	fmt.Println(string(plain), err)
	_, err = ring.Open("greeting", sealed, []byte("user 8"))
	fmt.Println(err)
	fmt.Println(ring)
	// Output:
	// hello <nil>
	// keyring: not something that this ring sealed for this purpose
	// keyring.Ring(k2 k1)
}

// verifies reports whether mac is one that a key of r makes.
func verifies(r *keyring.Ring, purpose string, msg, mac []byte) bool {
	return slices.ContainsFunc(r.MACs(purpose, msg), func(own []byte) bool { return hmac.Equal(own, mac) })
}
