package auth_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// needFresh are the methods for a signed-in caller that ask for a fresh proof, and
// needNone those that do not, with the reason.
var (
	needFresh = []string{
		"AddPasskey", "BeginAddPasskey", "BeginEmailChange", "BeginEmailCodes", "BeginFactor", "BeginPhone", "ConfirmFactor",
		"BeginWait", "May", "RemoveFactor", "RenameFactor", "RenewRecoveryCodes",
	}
	needNone = map[string]string{
		"Fresh":               "it is the question",
		"Reauthenticate":      "it makes the proof",
		"ReauthenticateWith":  "it makes the proof",
		"BeginPasskeyProof":   "it begins the proof",
		"SendCode":            "it begins the proof",
		"SendMailCode":        "it begins the proof",
		"ProveMailbox":        "it makes the proof",
		"Proofs":              "it shows what is proved",
		"CancelWait":          "it only takes access away",
		"ChangePassword":      "it asks for the present password itself",
		"Devices":             "it shows what the owner has",
		"Factors":             "it shows what the owner has",
		"FactorRecoveryBegun": "it shows what the owner has",
		"RecoveryCodesLeft":   "it shows what the owner has",
		"Sessions":            "it shows what the owner has",
		"EndOtherSessions":    "it only takes access away",
		"EndSession":          "it only takes access away",
		"RemoveDevice":        "it only takes access away",
		"SignOut":             "it only takes access away",
		"ResendVerify":        "it sends mail to the stored address only",
		"Verify":              "the link is the proof, and it works without a caller too",
	}
)

// forIdentity are the exported methods of Service that take an Identity, also as a
// Prover, by name.
func forIdentity(s *auth.Service) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	v := reflect.ValueOf(s)
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		for j := 1; j < m.Type.NumIn(); j++ {
			if in := m.Type.In(j); in == reflect.TypeFor[auth.Identity]() || in == reflect.TypeFor[auth.Prover]() {
				out[m.Name] = v.Method(i)
			}
		}
	}
	return out
}

// call calls a method with ctx, the identity and zero values for the rest, and
// returns its error.
func call(t *testing.T, method reflect.Value, id auth.Identity) error {
	t.Helper()
	var in []reflect.Value
	for i := range method.Type().NumIn() {
		switch p := method.Type().In(i); p {
		case reflect.TypeFor[auth.Identity](), reflect.TypeFor[auth.Prover]():
			in = append(in, reflect.ValueOf(id))
		default:
			if ctx := reflect.ValueOf(t.Context()); ctx.Type().AssignableTo(p) {
				in = append(in, ctx)
			} else {
				in = append(in, reflect.Zero(p))
			}
		}
	}
	do := method.Call
	if method.Type().IsVariadic() {
		do = method.CallSlice
	}
	out := do(in)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// A method that needs a fresh proof looks for it itself, before anything else and
// whoever calls it: an adapter of a host's own must not have to remember. A method
// that is added stands in one of the two lists.
func TestS34_TheServiceAsksForAFreshProof(t *testing.T) {
	totp, _ := withTOTP(t)
	p := openPost(t, open(t).db, totp, withCodes(t), unlimitedMail)
	id := p.proved(t, "ada")
	methods := forIdentity(p.Service)
	if got, want := slices.Sorted(maps.Keys(methods)), slices.Sorted(slices.Values(slices.Concat(needFresh, slices.Collect(maps.Keys(needNone))))); !slices.Equal(got, want) {
		t.Fatalf("the methods for a caller are\n%q, those that are judged here\n%q", got, want)
	}
	for name, clock := range map[string]time.Duration{
		"two hours old":               2 * time.Hour,
		"a second too old":            profile.FreshFor + time.Second,
		"of the future by a minute":   -time.Minute,
		"of the future beyond a skew": -profile.ClockSkew,
		"as old as it may be":         profile.FreshFor,
		"made now":                    0,
	} {
		fresh := clock <= profile.FreshFor && clock > -profile.ClockSkew
		old := id
		old.Session.ProvedAt = p.clock.now().Add(-clock)
		if p.Fresh(old) != fresh {
			t.Errorf("a proof %s: Fresh is %v", name, !fresh)
		}
		for _, method := range needFresh {
			if err := call(t, methods[method], old); errors.Is(err, profile.ErrNotFresh) == fresh {
				t.Errorf("%s with a proof %s: %v", method, name, err)
			}
		}
		for method := range needNone {
			if method == "Fresh" || method == "SignOut" || method == "EndOtherSessions" {
				continue // they do something, or answer no error
			}
			if err := call(t, methods[method], old); errors.Is(err, profile.ErrNotFresh) {
				t.Errorf("%s with a proof %s: %v", method, name, err)
			}
		}
	}
	// Somebody who is not signed in is never asked for a proof only.
	for _, method := range needFresh {
		for what, nobody := range map[string]auth.Identity{
			"the zero identity": {},
			"a half session": func() auth.Identity {
				half := id
				half.Session.Level = authstore.LevelHalf
				return half
			}(),
			"a session of another": func() auth.Identity {
				other := id
				other.User.ID = "another"
				return other
			}(),
		} {
			if err := call(t, methods[method], nobody); !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("%s by %s: %v", method, what, err)
			}
		}
	}
}

// The Caller of an Identity that Authenticate did not make is nobody, for every
// service that takes one.
func TestCallerOfAnInventedIdentityIsNobody(t *testing.T) {
	w := open(t)
	id := w.alive(t, w.register(t, "ada").Token)
	if c := id.Caller(); c.User.ID != id.User.ID || !c.ProvedAt.Equal(id.Session.ProvedAt) {
		t.Errorf("%+v", c)
	}
	id.Session.Level = authstore.LevelDeletionPending
	if c := id.Caller(); c.User.ID != "" || !c.ProvedAt.IsZero() {
		t.Errorf("%+v", c)
	}
}
