package hash

import (
	"encoding/hex"
	"runtime"
	"strings"
	"testing"
)

// The strings of the reference implementation's own tests (version 0x13).
var referenceVectors = []struct{ encoded, password, key string }{
	{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password",
		"9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
	},
	{
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password",
		"6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
	},
	{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password",
		"09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
	},
	{
		"$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg", "password",
		"f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
	},
}

func TestS06_Argon2idReferenceVectors(t *testing.T) {
	for _, v := range referenceVectors {
		h, ok := parsePHC(v.encoded, Argon2id{}.params())
		if !ok {
			t.Errorf("%s is not read", v.encoded)
			continue
		}
		if got := hex.EncodeToString(h.key); got != v.key {
			t.Errorf("%s: key %s, want %s", v.encoded, got, v.key)
		}
		if h.String() != v.encoded {
			t.Errorf("written again: %s, want %s", h, v.encoded)
		}
		if r := (Argon2id{}).Match(v.encoded, v.password); !r.Known || !r.Match {
			t.Errorf("%s: %+v, want a match", v.encoded, r)
		}
		if r := (Argon2id{}).Match(v.encoded, v.password+"x"); r.Match {
			t.Errorf("%s matches another password", v.encoded)
		}
	}
}

func TestS06_Argon2idHashForm(t *testing.T) {
	first, err := Argon2id{}.Hash("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	second, err := Argon2id{}.Hash("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{first, second} {
		rest, ok := strings.CutPrefix(s, "$argon2id$v=19$m=19456,t=2,p=1$")
		salt, key, cut := strings.Cut(rest, "$")
		if !ok || !cut || len(salt) != 22 || len(key) != 43 || strings.ContainsAny(rest, "=-_") {
			t.Errorf("form of %s", s)
		}
		if r := (Argon2id{}).Match(s, "correct horse battery staple"); r != (Result{Known: true, Match: true}) {
			t.Errorf("own hash: %+v", r)
		}
	}
	if first == second {
		t.Error("two hashes share a salt")
	}
}

func TestS06_Argon2idWeak(t *testing.T) {
	const salt, key = "c29tZXNhbHRzb21lc2FsdA", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc"
	tests := []struct {
		name, encoded string
		weak          bool
	}{
		{"the default", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key, false},
		{"more memory, one pass", "$argon2id$v=19$m=47104,t=1,p=1$" + salt + "$" + key, false},
		{"more passes", "$argon2id$v=19$m=19456,t=3,p=1$" + salt + "$" + key, false},
		{"more lanes", "$argon2id$v=19$m=19456,t=2,p=4$" + salt + "$" + key, false},
		{"fewer passes", "$argon2id$v=19$m=19456,t=1,p=1$" + salt + "$" + key, true},
		{"less memory", "$argon2id$v=19$m=19455,t=3,p=1$" + salt + "$" + key, true},
		{"short salt", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + key, true},
		{"short key", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAAAAAAAAAAAAAAAAAAAA", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, ok := parsePHC(tt.encoded, Argon2id{}.params())
			if !ok {
				t.Fatal("not read")
			}
			if got := (Argon2id{}).weak(h); got != tt.weak {
				t.Errorf("weak = %v", got)
			}
		})
	}
}

// hostilePHC are strings that must never match, cost or crash.
func hostilePHC() map[string]string {
	const good, salt, key = "$argon2id$v=19$m=256,t=2,p=1$", "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	tail := "$" + salt + "$" + key
	return map[string]string{
		"empty":                 "",
		"a dollar":              "$",
		"only dollars":          "$$$$$$",
		"prefix only":           "$argon2id$v=19$",
		"no salt":               good + "$" + key,
		"no key":                good + salt,
		"empty key":             good + salt + "$",
		"short key":             good + salt + "$AAAA",
		"short salt":            good + "AAAA$" + key,
		"a part more":           good + salt + "$" + key + "$",
		"argon2i":               "$argon2i$v=19$m=256,t=2,p=1" + tail,
		"argon2d":               "$argon2d$v=19$m=256,t=2,p=1" + tail,
		"version 16":            "$argon2id$v=16$m=256,t=2,p=1" + tail,
		"no version":            "$argon2id$m=256,t=2,p=1" + tail,
		"t=0":                   "$argon2id$v=19$m=256,t=0,p=1" + tail,
		"p=0":                   "$argon2id$v=19$m=256,t=2,p=0" + tail,
		"m=0":                   "$argon2id$v=19$m=0,t=2,p=1" + tail,
		"4 TiB":                 "$argon2id$v=19$m=4294967295,t=2,p=1" + tail,
		"over 64 bits":          "$argon2id$v=19$m=18446744073709551872,t=2,p=1" + tail,
		"just over the memory":  "$argon2id$v=19$m=65537,t=1,p=1" + tail,
		"4 billion passes":      "$argon2id$v=19$m=256,t=4294967295,p=1" + tail,
		"p wraps to 1":          "$argon2id$v=19$m=65536,t=1,p=257" + tail,
		"too much in all":       "$argon2id$v=19$m=65536,t=16,p=1" + tail,
		"under 8 KiB a lane":    "$argon2id$v=19$m=15,t=2,p=2" + tail,
		"negative":              "$argon2id$v=19$m=-256,t=2,p=1" + tail,
		"plus":                  "$argon2id$v=19$m=+256,t=2,p=1" + tail,
		"leading zero":          "$argon2id$v=19$m=0256,t=2,p=1" + tail,
		"hex":                   "$argon2id$v=19$m=0x100,t=2,p=1" + tail,
		"no number":             "$argon2id$v=19$m=,t=2,p=1" + tail,
		"other order":           "$argon2id$v=19$t=2,m=256,p=1" + tail,
		"twice":                 "$argon2id$v=19$m=256,m=256,t=2,p=1" + tail,
		"a parameter more":      "$argon2id$v=19$m=256,t=2,p=1,keyid=AAAA" + tail,
		"space":                 "$argon2id$v=19$m=256, t=2,p=1" + tail,
		"space around":          " " + good + salt + "$" + key,
		"line end":              good + salt + "$" + key + "\n",
		"line end in the key":   good + salt + "$" + key[:20] + "\n" + key[20:],
		"padded":                good + salt + "=$" + key + "=",
		"url alphabet":          good + salt + "$" + strings.ReplaceAll(key, "/", "_"),
		"loose last bits":       good + salt + "$" + key[:len(key)-1] + "5",
		"not base64":            good + "********$" + key,
		"NUL":                   good + salt + "\x00$" + key,
		"upper case":            strings.ToUpper(good) + salt + "$" + key,
		"a megabyte":            good + salt + "$" + strings.Repeat("A", 1<<20),
		"a megabyte of a salt":  good + strings.Repeat("A", 1<<20) + "$" + key,
		"plain text":            "password",
		"the password's digest": "5f4dcc3b5aa765d61d8327deb882cf99",
		"bcrypt of cost 31":     "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt of cost 99":     "$2a$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt of cost 03":     "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt of cost -5":     "$2a$-5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt 2x":             "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt without letter": "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWA",
		"bcrypt cut":            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
		"bcrypt longer":         "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
		"bcrypt, other letters": "$2a$05$CCCCCCCCCCCCCCCCCCCC+.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	}
}

func TestS07_HostilePHCStrings(t *testing.T) {
	for name, s := range hostilePHC() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for _, h := range []Hasher{Argon2id{}, Bcrypt{}} {
				for _, p := range []string{"password", "", s} {
					if r := h.Match(s, p); r != (Result{}) {
						t.Errorf("%T: %+v", h, r)
					}
				}
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
				t.Errorf("allocated %d bytes", got)
			}
		})
	}
}

// A host whose own parameters are above the bounds still reads its hashes.
func TestS07_BoundsWidenToTheHostsOwn(t *testing.T) {
	big := Argon2id{Memory: phcMaxMemory + 1, Time: 1, Threads: 1}
	s := phc{memory: big.Memory, time: 1, threads: 1, salt: make([]byte, 16), key: make([]byte, 32)}.String()
	if _, ok := parsePHC(s, Argon2id{}.params()); ok {
		t.Error("the default takes more than its bound")
	}
	if _, ok := parsePHC(s, big.params()); !ok {
		t.Error("its own parameters are refused")
	}
}

func TestS07_Argon2idParametersThatCannotWork(t *testing.T) {
	if _, err := (Argon2id{Memory: 8, Threads: 2}).Hash("correct horse battery staple"); err == nil {
		t.Error("8 KiB for two lanes are accepted")
	}
	if h := New(Argon2id{Memory: 8, Threads: 2}); h.err == nil {
		t.Error("New does not notice")
	}
}

func FuzzR39_PHC(f *testing.F) {
	for _, v := range referenceVectors {
		f.Add(v.encoded)
	}
	for _, s := range hostilePHC() {
		if len(s) < 1000 {
			f.Add(s)
		}
	}
	lim := Argon2id{}.params()
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := parsePHC(s, lim)
		if !ok {
			return
		}
		if h.String() != s {
			t.Errorf("%q is read but written %q", s, h)
		}
		if h.memory > phcMaxMemory || h.work() > phcMaxWork || h.time < 1 || h.threads < 1 || len(h.key) < phcMinKey {
			t.Errorf("%q is out of bounds", s)
		}
	})
}
