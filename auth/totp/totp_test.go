package totp

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/profile"
)

var _ authfactor.Factor = (*Factor)(nil)

func ring(t testing.TB) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func enroll(t testing.TB, f *Factor) (authstore.FactorRecord, authfactor.Enrollment) {
	t.Helper()
	r := authstore.FactorRecord{ID: "f1", UserID: "u1", Kind: Kind}
	data, show, err := f.Enroll(t.Context(), r, profile.User{ID: "u1", Username: "ada.lovelace"})
	if err != nil {
		t.Fatal(err)
	}
	r.Data = data
	return r, show
}

func TestR14S14_Conformance(t *testing.T) {
	authtest.RunFactor(t, func(t *testing.T) authtest.FactorHarness {
		return authtest.FactorHarness{
			Factor: New(ring(t), Options{Issuer: "Example"}),
			Answer: func(t *testing.T, show authfactor.Enrollment, _ int, now time.Time) string {
				seed, err := encoding.DecodeString(show.Secret)
				if err != nil {
					t.Fatal(err)
				}
				return hotp(seed, uint64(now.Unix()/period))
			},
			Step: period * time.Second,
		}
	})
}

// RFC 4226, appendix D.
func TestS17_HOTPVectors(t *testing.T) {
	seed := []byte("12345678901234567890")
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp(seed, uint64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

// RFC 6238, appendix B, SHA-1, of whose eight digits apps show the last six.
func TestS15_TOTPVectors(t *testing.T) {
	seed := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(seed, uint64(unix/period)); got != want[2:] {
			t.Errorf("at %d: %s, want %s", unix, got, want[2:])
		}
	}
}

// S15: a code is taken in its own step and, by default, one on either side.
func TestS15_Skew(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // the beginning of a step
	for skew, want := range map[int][2]int{0: {-30, 59}, 1: {-30, 59}, 5: {-30, 59}, -1: {0, 29}} {
		f := New(ring(t), Options{Skew: skew})
		r, show := enroll(t, f)
		seed, err := encoding.DecodeString(show.Secret)
		if err != nil {
			t.Fatal(err)
		}
		code := hotp(seed, uint64(now.Unix()/period))
		for s := -61; s <= 91; s++ {
			_, _, err := f.Verify(t.Context(), r, code, now.Add(time.Duration(s)*time.Second))
			if taken := err == nil; taken != (s >= want[0] && s <= want[1]) {
				t.Errorf("skew %d: %d s after the step began: %v", skew, s, err)
			}
		}
	}
}

// S14: the step of an accepted code only rises, whatever the code looks like.
func TestS14_StepsOnlyRise(t *testing.T) {
	f := New(ring(t), Options{})
	r, show := enroll(t, f)
	seed, _ := encoding.DecodeString(show.Secret)
	now := time.Date(2026, 3, 1, 12, 0, 5, 0, time.UTC)
	step := now.Unix() / period
	code := func(s int64) string { return hotp(seed, uint64(s)) }
	used, rises, err := f.Verify(t.Context(), r, code(step), now)
	if err != nil || !rises || used.Counter != step {
		t.Fatalf("counter %d, rises %v, %v; want step %d", used.Counter, rises, err, step)
	}
	for name, c := range map[string]string{
		"the same": code(step), "the one before": code(step - 1), "with spaces": code(step)[:3] + " " + code(step)[3:],
	} {
		if _, _, err := f.Verify(t.Context(), used, c, now); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("%s: %v; want ErrInvalidCode", name, err)
		}
	}
	later, _, err := f.Verify(t.Context(), used, code(step+1), now)
	if err != nil || later.Counter != step+1 {
		t.Errorf("the next one: %v", err)
	}
}

func TestS14_WhatIsNoCode(t *testing.T) {
	f := New(ring(t), Options{})
	r, _ := enroll(t, f)
	for _, c := range []string{"", "12345", "1234567", "12345a", "-12345", "+12345", "１２３４５６", "123456\n", "0x1234", strings.Repeat("1", 1000)} {
		if _, _, err := f.Verify(t.Context(), r, c, time.Now()); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func TestS17P45_SeedsAreSealedAndBound(t *testing.T) {
	keys := ring(t)
	f := New(keys, Options{})
	a, shown := enroll(t, f)
	b, other := enroll(t, f)
	seed, err := encoding.DecodeString(shown.Secret)
	if err != nil || len(seed) != 20 {
		t.Fatalf("a seed of %d bytes, %v", len(seed), err)
	}
	if shown.Secret == other.Secret || bytes.Equal(a.Data, b.Data) {
		t.Error("two seeds are equal")
	}
	for what, s := range map[string]string{"base32": shown.Secret, "bytes": string(seed), "hex": hex.EncodeToString(seed)} {
		if bytes.Contains(a.Data, []byte(s)) {
			t.Errorf("the record holds the seed as %s", what)
		}
	}
	now := time.Now()
	code := hotp(seed, uint64(now.Unix()/period))
	for name, moved := range map[string]authstore.FactorRecord{
		"another user": {ID: a.ID, UserID: "u2", Kind: Kind, Data: a.Data},
		"another id":   {ID: "f2", UserID: a.UserID, Kind: Kind, Data: a.Data},
	} {
		if _, _, err := f.Verify(t.Context(), moved, code, now); err == nil || errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("%s: %v; want an error of the record", name, err)
		}
	}
	if _, _, err := New(ring(t), Options{}).Verify(t.Context(), a, code, now); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("with other keys: %v; want ErrUnknownKey", err)
	}
	if _, _, err := f.Verify(t.Context(), a, code, now); err != nil {
		t.Error(err)
	}
}

// The codes of another implementation are taken: oathtool of the OATH Toolkit.
func TestS15_CodesOfOathtool(t *testing.T) {
	tool := needs(t, "oathtool", "oathtool")
	f := New(ring(t), Options{})
	for range 5 {
		r, show := enroll(t, f)
		now := time.Now()
		out, err := exec.Command(tool, "--totp", "-b", "-N", now.UTC().Format("2006-01-02 15:04:05 UTC"), show.Secret).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if _, _, err := f.Verify(t.Context(), r, strings.TrimSpace(string(out)), now); err != nil {
			t.Errorf("%s: %v", out, err)
		}
	}
}

// The picture is read by another program: zbarimg.
func TestS17_PictureIsReadable(t *testing.T) {
	tool := needs(t, "zbarimg", "zbar-tools")
	for _, issuer := range []string{"Example", "Ünïcode & more: Ltd", ""} {
		_, show := enroll(t, New(ring(t), Options{Issuer: issuer}))
		if _, err := png.Decode(bytes.NewReader(show.QR)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "qr.png")
		if err := os.WriteFile(file, show.QR, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "--quiet", "--raw", file).Output()
		if err != nil || strings.TrimSpace(string(out)) != show.URI {
			t.Errorf("read %q, %v; want %q", out, err, show.URI)
		}
	}
}

func TestURI(t *testing.T) {
	for issuer, want := range map[string]string{
		"Example":    "otpauth://totp/Example:ada?algorithm=SHA1&digits=6&issuer=Example&period=30&secret=ABC",
		"A & B: Ltd": "otpauth://totp/A%20&%20B%20%20Ltd:ada?algorithm=SHA1&digits=6&issuer=A%20%26%20B%20%20Ltd&period=30&secret=ABC",
		"":           "otpauth://totp/ada?algorithm=SHA1&digits=6&period=30&secret=ABC",
	} {
		if got := New(ring(t), Options{Issuer: issuer}).uri("ada", "ABC"); got != want {
			t.Errorf("%q: %s, want %s", issuer, got, want)
		}
	}
}

// needs is a program of the system, which CI has.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing (Debian: %s)", program, pkg)
	}
	t.Skipf("%s is missing (Debian: %s): not compared with it", program, pkg)
	return ""
}

func Example() {
	keys, _ := keyring.New(keyring.Generate())
	f := New(keys, Options{Issuer: "Example"})
	r := authstore.FactorRecord{ID: "1", UserID: "7", Kind: Kind}
	data, show, _ := f.Enroll(context.Background(), r, profile.User{ID: "7", Username: "ada"})
	r.Data = data
	fmt.Println(strings.HasPrefix(show.URI, "otpauth://totp/Example:ada?"), len(show.Secret))
	_, _, err := f.Verify(context.Background(), r, "no code", time.Now())
	fmt.Println(err)
	// Output:
	// true 32
	// invalid code
}

// FuzzR39_OTPAuth: whatever the names, the address is one that apps read back to
// the same seed and label (the key URI format), and the picture holds it.
func FuzzR39_OTPAuth(f *testing.F) {
	for _, s := range [][2]string{
		{"Example", "ada"}, {"Ex:ample", "a b"}, {"", "ada"}, {"ü & Söhne?secret=x", "a/b#c%00"}, {"\xff\n", "ada&issuer=evil"}, {"a+b", "%2e%2e"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, issuer, account string) {
		if len(issuer) > 100 || len(account) > 100 {
			return
		}
		_, show, err := New(ring(t), Options{Issuer: issuer}).Enroll(t.Context(), authstore.FactorRecord{ID: "1", UserID: "2"}, profile.User{Username: account})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(show.URI)
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
			t.Fatalf("%q: %v", show.URI, err)
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil || q.Get("secret") != show.Secret || len(q["secret"]) != 1 || len(q["issuer"]) > 1 {
			t.Errorf("%q: %v, %v", show.URI, q, err)
		}
		name := strings.ReplaceAll(issuer, ":", " ")
		if q.Get("issuer") != name || name == "" && u.Path != "/"+account || name != "" && u.Path != "/"+name+":"+account {
			t.Errorf("%q of %q and %q: label %q, issuer %q", show.URI, issuer, account, u.Path, q.Get("issuer"))
		}
		if len(show.QR) == 0 {
			t.Error("there is no picture")
		}
	})
}
