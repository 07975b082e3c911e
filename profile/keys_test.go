package profile_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
)

// problems is "path code" of each refused field.
func problems(err error) []string {
	var invalid *input.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	var out []string
	for _, f := range invalid.Fields {
		out = append(out, f.Field+" "+string(f.Code))
	}
	return out
}

func TestS41_SpellingsOfOneEmail(t *testing.T) {
	for want, spellings := range map[string][]string{
		"ann.lee@xn--bcher-kva.example": {
			"ann.lee@bücher.example",
			"Ann.Lee@bücher.example",
			"ANN.LEE@BÜCHER.EXAMPLE",
			"ann.lee@xn--bcher-kva.example",
			"ann.lee@XN--BCHER-KVA.example",
			"ann.lee@Xn--Bcher-Kva.Example",
			"ann.lee@bu\u0308cher.example",                // u and a combining diaeresis
			"ann.lee@bücher\u3002example",                 // an ideographic full stop is a dot
			"ann.lee@\uff42\uff55\u0308\uff43her.example", // full-width letters
		},
		"ann@kelvin.example":        {"ann@kelvin.example", "ANN@KELVIN.EXAMPLE", "ann@\u212aelvin.example"}, // the Kelvin sign is a k to DNS
		"a@example.org":             {"a@example.org", "A@Example.Org"},
		"a+tag@example.org":         {"a+tag@example.org", "A+TAG@EXAMPLE.ORG"},
		"!#$%&'*+-/=?^_`{|}~@a.org": {"!#$%&'*+-/=?^_`{|}~@a.org"},
		"jürgen@example.org":        {"jürgen@example.org", "jürgen@EXAMPLE.ORG"},
		"jÜrgen@example.org":        {"jÜrgen@example.org", "JÜRGEN@EXAMPLE.ORG"}, // no folding outside ASCII
		"用户@xn--fsqu00a.xn--fiqs8s": {"用户@例子.中国"},
		"a@xn--fa-hia.example":      {"a@faß.example"},
	} {
		for _, s := range spellings {
			if got, err := profile.EmailKey(s); got != want || err != nil {
				t.Errorf("%q: %q, %v, want %q", s, got, err, want)
			}
		}
	}
}

func TestS41P55_DifferentEmailsHaveDifferentKeys(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{
		"ann@example.org", "ann+x@example.org", "a.nn@example.org", "ann@example.com", "ann@mail.example.org",
		"аnn@example.org", // a Cyrillic а
		"ann@exаmple.org", // in the domain
		"ınn@example.org", "inn@example.org",
	} {
		key, err := profile.EmailKey(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if other, twice := seen[key]; twice {
			t.Errorf("%s and %s have one key", s, other)
		}
		seen[key] = s
	}
}

func TestS41P41_RefusedEmails(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, c := range map[string]struct{ email, code string }{
		"empty":                    {"", "required"},
		"space before":             {" ann@example.org", "invalid_email"},
		"space after":              {"ann@example.org ", "invalid_email"},
		"line end":                 {"ann@example.org\r\n", "invalid_email"},
		"header":                   {"ann@example.org\r\nBcc: x@example.org", "invalid_email"},
		"NUL":                      {"ann\x00@example.org", "invalid_email"},
		"tab":                      {"ann\t@example.org", "invalid_email"},
		"name":                     {"Ann <ann@example.org>", "invalid_email"},
		"brackets":                 {"<ann@example.org>", "invalid_email"},
		"comment":                  {"ann@example.org (work)", "invalid_email"},
		"comment inside":           {"ann(x)@example.org", "invalid_email"},
		"quoted":                   {`"ann lee"@example.org`, "invalid_email"},
		"quoted needlessly":        {`"ann"@example.org`, "invalid_email"},
		"two":                      {"ann@example.org,bob@example.org", "invalid_email"},
		"semicolon":                {"ann@example.org;bob@example.org", "invalid_email"},
		"group":                    {"friends:ann@example.org;", "invalid_email"},
		"two ats":                  {"ann@b@example.org", "invalid_email"},
		"no at":                    {"ann.example.org", "invalid_email"},
		"no local part":            {"@example.org", "invalid_email"},
		"no domain":                {"ann@", "invalid_email"},
		"leading dot":              {".ann@example.org", "invalid_email"},
		"trailing dot":             {"ann.@example.org", "invalid_email"},
		"two dots":                 {"a..nn@example.org", "invalid_email"},
		"IPv4 literal":             {"ann@[127.0.0.1]", "invalid_email_domain"},
		"IPv6 literal":             {"ann@[IPv6:::1]", "invalid_email"},
		"bare IPv4":                {"ann@127.0.0.1", "invalid_email_domain"},
		"number at the end":        {"ann@example.1", "invalid_email_domain"},
		"single label":             {"ann@localhost", "invalid_email_domain"},
		"root dot":                 {"ann@example.org.", "invalid_email"},
		"dot first":                {"ann@.org", "invalid_email"},
		"hyphen first":             {"ann@-example.org", "invalid_email_domain"},
		"hyphen last":              {"ann@example-.org", "invalid_email_domain"},
		"underscore":               {"ann@ex_ample.org", "invalid_email_domain"},
		"A-label of ASCII":         {"ann@xn--example-.org", "invalid_email_domain"},
		"A-label of nothing":       {"ann@xn--.org", "invalid_email_domain"},
		"A-label not decoded":      {"ann@xn--a.org", "invalid_email_domain"},
		"A-label of a capital":     {"ann@xn--bcher-2pa.example", "invalid_email_domain"}, // bÜcher, which encodes otherwise
		"A-label of a long s":      {"ann@xn--am-4va.example", "invalid_email_domain"},
		"A-label of a soft hyphen": {"ann@xn--ab-5da.example", "invalid_email_domain"},
		"zero width":               {"a\u200bnn@example.org", "invalid_email"},
		"bidi":                     {"a\u202enn@example.org", "invalid_email"},
		"soft hyphen":              {"a\u00adnn@example.org", "invalid_email"},
		"no-break space":           {"a\u00a0nn@example.org", "invalid_email"},
		"Kelvin sign":              {"\u212aelvin@example.org", "invalid_email"},
		"long s":                   {"\u017fam@example.org", "invalid_email"},
		"full-width":               {"\uff41nn@example.org", "invalid_email"},
		"decomposed":               {"ju\u0308rgen@example.org", "invalid_email"},
		"bad UTF-8":                {"ann\xff@example.org", "invalid_email"},
		"emoji":                    {"😀@example.org", "invalid_email"},
		"percent":                  {"ann%00@exa mple.org", "invalid_email"},
		"101 characters":           {"ann@" + long(63) + "." + long(29) + ".org", "too_long"},
		"local of 65":              {long(65) + "@example.org", "invalid_email"},
		"label of 64":              {"ann@" + long(64) + ".org", "invalid_email_domain"},
		"megabyte":                 {long(1<<20) + "@example.org", "too_long"},
		"megabyte of ats":          {strings.Repeat("@", 1<<20), "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			key, err := profile.EmailKey(c.email)
			if d := time.Since(start); d > 50*time.Millisecond {
				t.Errorf("took %v", d)
			}
			if got := problems(err); key != "" || len(got) != 1 || got[0] != "email "+c.code {
				t.Errorf("%q, %v, want %s", key, err, c.code)
			}
			if err := profile.CheckEmail(c.email); err == nil {
				t.Error("CheckEmail accepts it")
			}
			if err != nil && len(c.email) > 3 && strings.Contains(err.Error(), c.email) {
				t.Error("the error repeats the address")
			}
		})
	}
	if err := profile.CheckEmail("ann@" + long(63) + "." + long(28) + ".org"); err != nil {
		t.Errorf("100 characters: %v", err)
	}
	if err := profile.CheckEmail(long(64) + "@example.org"); err != nil {
		t.Errorf("a local part of 64: %v", err)
	}
}

func TestS41_UsernameKeys(t *testing.T) {
	for in, want := range map[string]string{
		"Ann": "ann", "ANN_Lee.9-x": "ann_lee.9-x", "ann": "ann",
		"\u212aate": "\u212aate", // the Kelvin sign is no k
		"Jürgen":    "jürgen", "JÜRGEN": "jÜrgen", "İpek": "İpek", "ıpek": "ıpek",
		"an old name": "an old name", "x": "x", // an adopted row's
		strings.Repeat("ü", 50): strings.Repeat("ü", 50),
	} {
		if got, err := profile.UsernameKey(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, code := range map[string]string{
		"": "required", strings.Repeat("ü", 51): "too_long", strings.Repeat("a", 1<<20): "too_long",
		"a\x00b": "invalid_characters", "a\nb": "invalid_characters", "a\xffb": "invalid_characters", "a\u0085b": "invalid_characters",
	} {
		if got, err := profile.UsernameKey(in); got != "" || len(problems(err)) != 1 || problems(err)[0] != "username "+code {
			t.Errorf("%.20q: %q, %v", in, got, err)
		}
	}
}

func TestS41_CheckUsername(t *testing.T) {
	reserved := func(key string) bool { return key == "admin" }
	for _, good := range []string{"ann", "A.B", "a-_.9", "007", strings.Repeat("a", 50), "administrator"} {
		if err := profile.CheckUsername(good, reserved); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for in, code := range map[string]string{
		"": "required", "ab": "too_short", strings.Repeat("a", 51): "too_long",
		" ann": "invalid_characters", "ann ": "invalid_characters", "a nn": "invalid_characters", "ann@example.org": "invalid_characters", "ann\x00": "invalid_characters", "ann\n": "invalid_characters",
		"änn": "invalid_characters", "аnn": "invalid_characters", "\u212aate": "invalid_characters", "ａｎｎ": "invalid_characters", "an\u200bn": "invalid_characters", "an\u202en": "invalid_characters",
		"a/b": "invalid_characters", "..%2f": "invalid_characters", "a?b": "invalid_characters", "<b>": "invalid_characters", "😀😀😀": "invalid_characters", "an\xff": "invalid_characters",
		"admin": "reserved", "ADMIN": "reserved", "aDmIn": "reserved",
	} {
		if got := problems(profile.CheckUsername(in, reserved)); len(got) != 1 || got[0] != "username "+code {
			t.Errorf("%.20q: %q, want %s", in, got, code)
		}
	}
	if err := profile.CheckUsername("admin", nil); err != nil {
		t.Errorf("nothing is reserved: %v", err)
	}
	for _, name := range profile.DefaultReserved {
		if key, err := profile.UsernameKey(name); err != nil || key != name {
			t.Errorf("the reserved name %q is not its own key", name)
		}
	}
}

// FuzzR39_EmailKey: no panic; a key is its own key, ASCII outside the local
// part, and never too long.
func FuzzR39_EmailKey(f *testing.F) {
	for _, s := range []string{
		"Ann@Example.org", "a@bücher.example", "a@xn--bcher-kva.example", "jürgen@例子.中国", `"a"@b.c`, "a@[::1]", "a@b。c", "\u212a@\u212a.org",
		"a@xn--zca.org", "a@ß.org", "a@ſ.org",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		start := time.Now()
		key, err := profile.EmailKey(s)
		if d := time.Since(start); d > time.Second {
			t.Fatalf("took %v", d)
		}
		if err != nil {
			if len(problems(err)) != 1 || key != "" {
				t.Fatalf("%q, %v", key, err)
			}
			return
		}
		at := strings.LastIndexByte(key, '@')
		if len(key) > 254 || at < 1 || !utf8.ValidString(key) || strings.ContainsAny(key, " \"(),:;<>[\\]\x00\r\n") {
			t.Fatalf("%q has the key %q", s, key)
		}
		for _, c := range []byte(key[at:]) {
			if c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
				t.Fatalf("%q has the key %q", s, key)
			}
		}
		if utf8.RuneCountInString(key) <= profile.MaxEmail {
			if again, err := profile.EmailKey(key); again != key || err != nil {
				t.Fatalf("%q has the key %q, which has the key %q, %v", s, key, again, err)
			}
		}
		if up, err := profile.EmailKey(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r - 32
			}
			return r
		}, s)); up != key || err != nil {
			t.Fatalf("%q has the key %q, in capitals %q, %v", s, key, up, err)
		}
	})
}
