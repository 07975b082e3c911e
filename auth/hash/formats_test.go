package hash_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/auth/hash"
)

// Made by Django 3.2, passlib 1.7, OpenSSL and the reference Argon2, of
// authtest.Password; cheap parameters.
func TestS06_ImportedHashes(t *testing.T) {
	for name, h := range map[string]struct {
		hash.Hasher
		vectors []string
	}{
		"PBKDF2": {hash.PBKDF2{}, []string{
			"pbkdf2_sha256$1000$seasalt12$c2s3vsMu+P6Lt9ey6Ib6CknxZlYgXWh3xGq4njHMiAg=",
			"pbkdf2_sha1$1000$seasalt12$Av9Z1KR3Ait1Etse3JO4WLSYtCk=",
			"$pbkdf2-sha256$1000$YYyxthZCCMF4j5Gy9n4vhQ$0ZByAwz1O2i.hJap67a2o3fdtMg62gh/B7E5x.4/I84",
			"$pbkdf2-sha512$1000$kjKG8F4LIWSsFaL0PodQig$oK41qffLqANSck7yxB1jPf.QPzl54yFXhIJFhLRECk6hDsUyvTVT8Q2cW0IUQJ6crv3YzhnRFJlI9T4xci/gbg",
			"$pbkdf2$1000$aU0JYWxtLUXIOUeIkXIOoQ$6LVkrJjy121CN7U2lSNznqDcLXo",
		}},
		"Scrypt": {hash.Scrypt{}, []string{
			"$scrypt$ln=10,r=8,p=1$VColhFCKkVLqPYcwxnhP6Q$2hQ2zrbUxfUk3fa/+jELBLZs9/eRzx1eVZt9J0X96gM",
			"scrypt$1024$seasalt12$8$5$jbWmS5IRFtwVl72fhRe8RpsywL37heH5GYcmloDwoxiFmpkC8C83vjwEB5mzwfu5ss5pI4SebXvc5C2uEo8+zQ==",
		}},
		"Argon2": {hash.Argon2{}, []string{
			"$argon2i$v=19$m=256,t=3,p=2$c2FsdHNhbHRzYWx0$tOs3gv9bHKq87wkJInTOtP9F5WqCc73qL6VgwFrWwSc",
			"$argon2d$v=19$m=256,t=3,p=2$c2FsdHNhbHRzYWx0$F1R7zEnshtNY7JftX9bnyL6V09m07B/tJAB2hn0D9eI",
			"argon2$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$HL8ir8MkD8JbqepavAh4QBBtbyWz5XWF",
			"argon2$argon2id$v=19$m=512,t=2,p=8$dkhqcXFEWHNKRllWbTN1TjlyNGdubQ$qJ2hBXNJxJr847p63P5wBA",
		}},
		"Bcrypt": {hash.Bcrypt{}, []string{
			"bcrypt_sha256$$2b$05$dvRkNYaile/NoUk77ZlY.u01c2pEudfteSGnhj1Ge7tgP0mDO.z/6",
			"bcrypt$$2b$05$8r7Lx2/XY91EAqPnf.o9kOtiJAwzikpU704LsAbedX9rTuzJOzqia",
		}},
	} {
		t.Run(name, func(t *testing.T) { authtest.RunHasher(t, h.Hasher, h.vectors...) })
	}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of Firebase's own description of its scrypt.
func TestS06_FirebaseScrypt(t *testing.T) {
	f := hash.FirebaseScrypt{
		SignerKey:     decode(t, "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
		SaltSeparator: decode(t, "Bw=="),
		Rounds:        8, MemCost: 14,
	}
	const exported, salt = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", "42xEC+ixf3L2lw=="
	encoded, err := f.Encode(exported, salt)
	if err != nil {
		t.Fatal(err)
	}
	urlSafe, err := f.Encode(strings.NewReplacer("+", "-", "/", "_").Replace(exported), strings.ReplaceAll(salt, "+", "-"))
	if err != nil || urlSafe != encoded {
		t.Errorf("the other alphabet: %q, %v", urlSafe, err)
	}
	if r := f.Match(encoded, "user1password"); r != (hash.Result{Known: true, Match: true, Weak: true}) {
		t.Errorf("%+v; want a match", r)
	}
	for _, p := range []string{"", "user1password ", "user2password"} {
		if r := f.Match(encoded, p); r.Match || !r.Known {
			t.Errorf("%q: %+v", p, r)
		}
	}
	if (hash.FirebaseScrypt{}).Match(encoded, "user1password").Known {
		t.Error("known without the project's parameters")
	}
	for _, bad := range [][2]string{{"", salt}, {exported, ""}, {"***", salt}, {exported, "***"}, {exported[:40], salt}} {
		if s, err := f.Encode(bad[0], bad[1]); err == nil {
			t.Errorf("Encode(%q, %q) = %q", bad[0], bad[1], s)
		}
	}
}

// What a stored hash may ask for is bounded before anything is computed.
func TestS07_ImportedHashesAreBounded(t *testing.T) {
	const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, h := range map[string]hash.Hasher{
		"pbkdf2_sha256$1500001$salt$" + key + "=": hash.PBKDF2{}, "pbkdf2_sha256$0$salt$" + key + "=": hash.PBKDF2{},
		"pbkdf2_sha256$1000$$" + key + "=": hash.PBKDF2{}, "pbkdf2_sha256$1000$salt$" + key: hash.PBKDF2{},
		"$pbkdf2-sha256$01000$c2FsdA$" + key: hash.PBKDF2{}, "$pbkdf2-sha256$1000$c2Fs+A$" + key: hash.PBKDF2{},
		"$scrypt$ln=17,r=8,p=1$c2FsdA$" + key: hash.Scrypt{}, "$scrypt$ln=10,r=8,p=17$c2FsdA$" + key: hash.Scrypt{},
		"$scrypt$ln=10,r=0,p=1$c2FsdA$" + key: hash.Scrypt{}, "$scrypt$ln=63,r=1,p=1$c2FsdA$" + key: hash.Scrypt{},
		"$scrypt$ln=0,r=8,p=1$c2FsdA$" + key: hash.Scrypt{}, "scrypt$1000$salt$8$1$" + key + "=": hash.Scrypt{},
		"$argon2i$v=19$m=999999,t=1,p=1$c2FsdHNhbHQ$" + key: hash.Argon2{}, "$argon2d$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$" + key: hash.Argon2{},
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + key: hash.Argon2{}, // Argon2id's own
	} {
		if r := h.Match(name, authtest.Password); r != (hash.Result{}) {
			t.Errorf("%s: %+v; want unknown", name, r)
		}
	}
	if r := (hash.PBKDF2{MaxIterations: 2}).Match("pbkdf2_sha256$3$salt$"+key+"=", authtest.Password); r.Known {
		t.Error("more iterations than the host allows are known")
	}
}
