package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	bigendian "encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
)

// The steps of the command keys, with restarts between them as an operator does
// them: the session and the seed of the app outlive the key they were made with,
// which cannot be dropped too early.
func TestR41_TheCommandKeys(t *testing.T) {
	for name, env := range databases {
		t.Run(name, func(t *testing.T) {
			env := env(t)
			data, addr := t.TempDir(), freePort(t)
			keys := func(ok bool, args ...string) string {
				t.Helper()
				cmd := exec.Command(binary, append([]string{"-data", data, "keys"}, args...)...)
				cmd.Env = append(os.Environ(), env...)
				out, err := cmd.CombinedOutput()
				if (err == nil) != ok {
					t.Fatalf("keys %v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			p := start(t, addr, data, env...)
			b := newBrowser(t, p)
			b.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, password), 201)
			confirm := mails(t, data, "ada@example.org", "Confirm your e-mail address", 1)[0]
			b.send("POST", "/api/auth/email/verify", fmt.Sprintf(`{"token":%q}`, token(t, confirm)), 204)
			secret, _ := b.send("POST", "/api/auth/mfa/totp", `{}`, 200)["secret"].(string)
			step := time.Now().Unix() / 30
			b.send("POST", "/api/auth/mfa/totp/confirm", fmt.Sprintf(`{"code":%q}`, code(t, secret, step)), 200)
			restart := func() {
				t.Helper()
				p.stop()
				p = start(t, addr, data, env...)
				if got := b.get("/api/profile")["username"]; got != "ada" {
					t.Errorf("after a restart the session is %v's", got)
				}
			}
			old := strings.Fields(keys(true))[0]
			if got := keys(true, "list"); !strings.Contains(got, old+"  seals and opens; sealed 1 second factors") {
				t.Errorf("the list is %q", got)
			}
			keys(true, "add")
			ring, err := os.ReadFile(filepath.Join(data, "secret-keys"))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := keyring.Parse(strings.TrimSpace(string(ring)))
			if err != nil || len(parsed.IDs()) != 2 || parsed.IDs()[0] != old {
				t.Fatalf("the keys are %v, %v", parsed, err)
			}
			if info, err := os.Stat(filepath.Join(data, "secret-keys")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v", info.Mode(), err)
			}
			restart()
			keys(true, "use", parsed.IDs()[1])
			restart()
			if got := keys(false, "drop", old); !strings.Contains(got, "still needed by 1 second factors") {
				t.Errorf("too early: %q", got)
			}
			keys(false, "drop", parsed.IDs()[1])
			keys(false, "drop", "none")
			keys(false, "drop")
			keys(false, "turn")
			if got := keys(true, "reseal"); !strings.Contains(got, "1 factors looked at, 1 sealed anew") {
				t.Errorf("reseal: %q", got)
			}
			for range 200 { // until the letters of the sign-up are sent
				if strings.Contains(keys(true), old+"  opens; sealed 0 second factors and 0 letters") {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			keys(true, "drop", old)
			restart()
			elsewhere := newBrowser(t, p)
			elsewhere.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password), 200)
			elsewhere.send("POST", "/api/auth/mfa", fmt.Sprintf(`{"method":"totp","code":%q}`, code(t, secret, step+1)), 200)
			if strings.Contains(keys(true), old) {
				t.Error("the old key is still there")
			}
			p.stop()
		})
	}
}

// With SECRET_KEYS its next value is printed, and the data folder has none.
func TestTheCommandKeysWithTheEnvironment(t *testing.T) {
	data, key := t.TempDir(), keyring.Generate()
	cmd := exec.Command(binary, "-data", data, "keys", "add")
	cmd.Env = append(os.Environ(), "SECRET_KEYS="+key.Encode())
	out, err := cmd.Output()
	value, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "SECRET_KEYS=")
	if err != nil || !ok {
		t.Fatalf("keys add: %v, %q", err, out)
	}
	ring, err := keyring.Parse(value)
	if err != nil || len(ring.IDs()) != 2 || ring.IDs()[0] != key.ID {
		t.Errorf("%v, %v", ring, err)
	}
	if _, err := os.Stat(filepath.Join(data, "secret-keys")); !os.IsNotExist(err) {
		t.Errorf("the file secret-keys: %v", err)
	}
}

// code is that of an authenticator app (RFC 6238).
func code(t *testing.T, secret string, step int64) string {
	t.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, seed)
	mac.Write(bigendian.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", bigendian.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}
