package authtest

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/hash"
)

const (
	salt16 = "c2FsdHNhbHRzYWx0c2FsdA"
	hash32 = "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
)

// malformed are encodings that no hasher may know: not well formed in any
// format, or with parameters that would exhaust or crash the host. A wrong
// answer here is a way in, or a way to stop the service.
var malformed = map[string]string{
	"empty":                  "",
	"a space":                " ",
	"only dollars":           "$$$$$",
	"plain text":             Password,
	"no fields":              "$argon2id$",
	"no salt and hash":       "$argon2id$v=19$m=19456,t=2,p=1",
	"empty hash":             "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$",
	"empty salt":             "$argon2id$v=19$m=19456,t=2,p=1$$" + hash32,
	"empty salt and hash":    "$argon2id$v=19$m=19456,t=2,p=1$$",
	"one byte of hash":       "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$YQ",
	"4 GiB":                  "$argon2id$v=19$m=4194304,t=1,p=1$" + salt16 + "$" + hash32,
	"all memory":             "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt16 + "$" + hash32,
	"memory beyond 32 bits":  "$argon2id$v=19$m=4294986752,t=2,p=1$" + salt16 + "$" + hash32,
	"negative memory":        "$argon2id$v=19$m=-19456,t=2,p=1$" + salt16 + "$" + hash32,
	"no memory":              "$argon2id$v=19$m=0,t=2,p=1$" + salt16 + "$" + hash32,
	"no passes":              "$argon2id$v=19$m=19456,t=0,p=1$" + salt16 + "$" + hash32,
	"endless passes":         "$argon2id$v=19$m=19456,t=4294967295,p=1$" + salt16 + "$" + hash32,
	"no lanes":               "$argon2id$v=19$m=19456,t=2,p=0$" + salt16 + "$" + hash32,
	"lanes beyond 8 bits":    "$argon2id$v=19$m=19456,t=2,p=257$" + salt16 + "$" + hash32,
	"255 lanes":              "$argon2id$v=19$m=19456,t=2,p=255$" + salt16 + "$" + hash32,
	"parameters twice":       "$argon2id$v=19$m=19456,m=8,t=2,p=1$" + salt16 + "$" + hash32,
	"parameters missing":     "$argon2id$v=19$m=19456,p=1$" + salt16 + "$" + hash32,
	"hexadecimal memory":     "$argon2id$v=19$m=0x4c00,t=2,p=1$" + salt16 + "$" + hash32,
	"signed memory":          "$argon2id$v=19$m=+19456,t=2,p=1$" + salt16 + "$" + hash32,
	"spaces in parameters":   "$argon2id$v=19$m= 19456,t=2,p=1$" + salt16 + "$" + hash32,
	"unknown version":        "$argon2id$v=99$m=19456,t=2,p=1$" + salt16 + "$" + hash32,
	"unknown kind":           "$argon2xx$v=19$m=19456,t=2,p=1$" + salt16 + "$" + hash32,
	"not base64":             "$argon2id$v=19$m=19456,t=2,p=1$!!!!$" + hash32,
	"line end in base64":     "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + hash32[:20] + "\n" + hash32[20:],
	"one part more":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + hash32 + "$" + hash32,
	"text before":            "x$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + hash32,
	"NUL after":              "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + hash32 + "\x00",
	"a megabyte of hash":     "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + strings.Repeat("A", 1<<20),
	"a megabyte of salt":     "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 1<<20) + "$" + hash32,
	"a megabyte of dollars":  strings.Repeat("$", 1<<20),
	"bcrypt, prefix only":    "$2a$",
	"bcrypt, cost 31":        "$2a$31$" + strings.Repeat("a", 53),
	"bcrypt, cost 99":        "$2a$99$" + strings.Repeat("a", 53),
	"bcrypt, cost of text":   "$2a$xx$" + strings.Repeat("a", 53),
	"bcrypt, cut":            "$2a$10$" + strings.Repeat("a", 52),
	"bcrypt, too long":       "$2a$10$" + strings.Repeat("a", 54),
	"bcrypt, unknown letter": "$2q$10$" + strings.Repeat("a", 53),
	"scrypt, all memory":     "$scrypt$ln=63,r=8,p=1$" + salt16 + "$" + hash32,
	"lock marks of passwd":   "!",
	"no password of passwd":  "*",
}

func hostile(t *testing.T, h hash.Hasher) {
	for name, encoded := range malformed {
		t.Run(name, func(t *testing.T) {
			if r := cheap(t, h, encoded); r.Known || r.Match {
				t.Errorf("%+v, want neither known nor matching", r)
			}
			if match(t, h, encoded, "").Match {
				t.Error("the empty password matches")
			}
			if encoded != "" && match(t, h, encoded, encoded).Match {
				t.Error("the encoding itself matches as a password")
			}
		})
	}
}

// damaged changes a good encoding of Password. What is left may still be well
// formed, so it may be known, but it is of no password.
func damaged(t *testing.T, h hash.Hasher, encoded string) {
	last := strings.LastIndexAny(encoded, "$")
	for name, e := range map[string]string{
		"cut by one":         encoded[:len(encoded)-1],
		"cut by four":        encoded[:len(encoded)-4],
		"cut by half":        encoded[:len(encoded)/2],
		"cut to one":         encoded[:1],
		"without its hash":   encoded[:last+1],
		"without its dollar": encoded[1:],
		"twice":              encoded + encoded,
		"line end after":     encoded + "\n",
		"space before":       " " + encoded,
		"NUL after":          encoded + "\x00",
		"a part more":        encoded + "$",
		"text after":         encoded + "AAAA",
		"padded":             encoded + "=",
		"in capitals":        strings.ToUpper(encoded),
		"one letter changed": encoded[:len(encoded)-8] + flip(encoded[len(encoded)-8]) + encoded[len(encoded)-7:],
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []string{Password, ""} {
				if r := match(t, h, e, p); r.Match {
					t.Errorf("%+v for the password %q", r, p)
				}
			}
		})
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}
