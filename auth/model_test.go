package auth_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
)

// The model: an owner and one adversary do at random what each of them can, by what each of
// them holds, and afterwards the owner takes the account back. model_flow_test.go has a flow,
// model_actor_test.go who takes part, model_signin_test.go, model_factor_test.go,
// model_passkey_test.go, model_address_test.go, model_letters_test.go and
// model_deletion_test.go what they do, model_host_test.go what the host does, and
// model_end_test.go what must be true at the end.

// kind is what an adversary begins with.
type kind string

const (
	withPassword kind = "the password"
	withMailbox  kind = "the mailbox"
	withCookies  kind = "cookies"
	// withLaptop has the password too, and the cookie of a device that is trusted.
	withLaptop kind = "the password and a device"
	withPhone  kind = "the phone"
	stranger   kind = "name and address"
	// squatter signed up with the owner's address before the owner.
	squatter kind = "an earlier sign-up"
)

var kinds = []kind{withPassword, withMailbox, withCookies, withLaptop, withPhone, stranger, squatter}

// reaches are the states that flows with such an adversary have to come to, of some hundreds
// of flows each: a model that gets nowhere proves nothing.
var reaches = map[kind][]string{
	withPassword: {
		"adversary: signed in", "adversary: began a wait", "adversary: changed the address", "adversary: added a factor",
		"adversary: changed the password", "adversary: began a recovery", "adversary: was refused for want of a proof",
		"adversary: asked for deletion", "adversary: restored", "owner: undid a change", "owner: reported",
	},
	withMailbox: {
		"adversary: signed in", "adversary: reset the password", "adversary: proved the mailbox", "adversary: added a factor",
		"adversary: changed the address", "adversary: undid a change", "adversary: reported", "adversary: finished by e-mail",
		"adversary: removed a factor", "adversary: recovered from lost factors", "adversary: began a recovery", "owner: reported",
		"adversary: added a passkey", "adversary: asked for deletion", "end: the adversary put a handover off",
	},
	withCookies: {
		"adversary: stole a session", "adversary: stole a device", "adversary: was refused for want of a proof", "adversary: ended sessions",
		"adversary: added a factor", "adversary: added a passkey", "adversary: signed in by a passkey", "adversary: asked for deletion",
		"owner: reported",
	},
	withLaptop: {
		"adversary: stole a device", "adversary: signed in by a device", "adversary: was refused for want of a proof",
		"adversary: began a wait", "adversary: asked for deletion", "owner: reported",
	},
	withPhone: {"adversary: asked for a link", "adversary: read a text message", "adversary: was given the account", "owner: reported"},
	stranger: {
		"adversary: asked for a link", "adversary: asked for a handover too early", "adversary: was given the account", "owner: undid a change",
		"owner: reported", "end: by the desk",
	},
	squatter: {
		"adversary: signed in", "adversary: changed the address", "adversary: added a passkey", "adversary: asked for deletion",
		"owner: proved the address alone", "owner: undid a change", "owner: reported",
	},
}

// everywhere are states that the owner comes to in some flow, whoever the adversary is.
var everywhere = []string{
	"owner: signed in", "owner: finished by totp", "owner: finished by sms", "owner: finished by e-mail", "owner: finished by recovery_code",
	"owner: added a factor", "owner: removed a factor", "owner: renewed codes", "owner: trusted a device", "owner: signed in by a device",
	"owner: began a wait", "owner: cancelled a wait", "owner: changed the address", "owner: reset the password",
	"owner: changed the password", "owner: proved the mailbox", "owner: recovered from lost factors", "owner: proved the address",
	"owner: added a passkey", "owner: signed in by a passkey", "owner: finished by passkey", "owner: asked for deletion", "owner: restored",
	"owner: began a handover", "owner: was given the account", "owner: tried a link in vain", "host: disabled", "host: enabled",
	"end: erased", "end: erased, as its owner wished", "end: by the desk", "end: the adversary put a handover off",
	"end: back in", "end: back in by a factor", "end: back in by a recovery", "end: a factor added",
}

// seedOf is the seed of the one flow that is to be run, by PROFILEKIT_SEED, and whether there
// is one.
func seedOf(t testing.TB) (uint64, bool) {
	t.Helper()
	s := os.Getenv("PROFILEKIT_SEED")
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("PROFILEKIT_SEED: %v", err)
	}
	return n, true
}

// TestModelOfAdversaries: whatever an adversary with one proof does, and in whatever order,
// the account comes back to its owner. PROFILEKIT_LONG=1 runs many more flows, and
// PROFILEKIT_SEED=n the one with that seed, with its steps.
func TestModelOfAdversaries(t *testing.T) {
	flows := 2_000
	if os.Getenv("PROFILEKIT_LONG") != "" {
		flows = 100_000
	}
	seed, one := seedOf(t)
	if one {
		f := runFlow(t, memstore.New(), seed)
		t.Logf("%s\n%s", f.title(), strings.Join(f.steps, "\n"))
		f.tell(t)
		return
	}
	reached, failed := map[kind]map[string]int{}, 0
	for _, k := range kinds {
		reached[k] = map[string]int{}
	}
	for seed := range uint64(flows) {
		f := runFlow(t, memstore.New(), seed)
		for what, n := range f.reached {
			reached[f.kind][what] += n
		}
		if f.tell(t) {
			if failed++; failed == 5 {
				t.Fatalf("five flows failed; the last had the seed %d", seed)
			}
		}
	}
	all := map[string]int{}
	for _, k := range kinds {
		for what, n := range reached[k] {
			all[what] += n
		}
		for _, what := range reaches[k] {
			if reached[k][what] == 0 {
				t.Errorf("with %s, never: %s", k, what)
			}
		}
		t.Logf("with %s: %s", k, counts(reached[k]))
	}
	for _, what := range everywhere {
		if all[what] == 0 {
			t.Errorf("never: %s", what)
		}
	}
}

// TestModelOfAdversariesOnDatabases is the same on every kind of database, all flows beside
// each other in one.
func TestModelOfAdversariesOnDatabases(t *testing.T) {
	flows := 40
	if os.Getenv("PROFILEKIT_LONG") != "" {
		flows = 2_000
	}
	onDatabases(t, func(t *testing.T, db database) {
		if _, memory := db.(*memstore.Store); memory {
			return // as the other test
		}
		for seed := range uint64(flows) {
			if f := runFlow(t, db, seed); f.tell(t) {
				break
			}
		}
	})
}

// tell reports whether something was wrong with the flow, and says what.
func (f *flow) tell(t testing.TB) bool {
	t.Helper()
	if len(f.faults) == 0 {
		return false
	}
	t.Errorf("%s\n%s\nPROFILEKIT_SEED=%d runs it alone; its steps:\n%s", f.title(), strings.Join(f.faults, "\n"), f.seed, strings.Join(f.steps, "\n"))
	return true
}

func (f *flow) title() string {
	return fmt.Sprintf("the flow with seed %d, of an adversary with %s, %s", f.seed, f.kind, f.opt)
}

func counts(of map[string]int) string {
	var list []string
	for what, n := range of {
		list = append(list, fmt.Sprintf("%s %d", what, n))
	}
	slices.SortFunc(list, cmp.Compare)
	return strings.Join(list, "; ")
}

// errNothing: the actor has nothing to do the step with.
var errNothing = errors.New("nothing to do that with")
