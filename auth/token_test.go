package auth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
)

func TestS28_TokensAreRandomAndOnlyTheirHashIsKept(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(in.Token)
	if err != nil || len(raw) != 32 {
		t.Fatalf("token of %d bytes, %v", len(raw), err)
	}
	second := w.mustSignIn(t, "ada", password)
	if second.Token == in.Token || second.Session.ID == in.Session.ID {
		t.Error("two sign-ins share a token or an id")
	}
	sess, _, err := w.db.Auth().Sessions.(authstore.SessionUserStore).SessionWithUser(t.Context(), in.Session.TokenHash)
	if err != nil {
		t.Fatal(err)
	}
	dump := fmt.Sprintf("%+v %+v %+v", sess, in.Session, w.events(t, in.User.ID))
	if strings.Contains(dump, in.Token) || strings.Contains(dump, string(raw)) || strings.Contains(w.log.String(), in.Token) {
		t.Error("the token is stored")
	}
	if strings.Contains(in.Token, in.Session.ID) || strings.Contains(in.Session.ID, in.Token) {
		t.Error("the id tells of the token")
	}
}

func TestS28P21_OnlyTheWholeTokenOpens(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	last := in.Token[42]
	// The last character has two bits that no byte needs.
	loose := in.Token[:42] + string(alphabet64[strings.IndexByte(alphabet64, last)|1])
	if loose == in.Token {
		loose = in.Token[:42] + string(alphabet64[strings.IndexByte(alphabet64, last)|2])
	}
	for name, token := range map[string]string{
		"nothing": "", "a prefix": in.Token[:42], "half": in.Token[:21], "a tail": in.Token + "A", "twice": in.Token + in.Token,
		"a space": in.Token + " ", "a space before": " " + in.Token, "padded": in.Token + "=", "a line end": in.Token + "\n",
		"a line end inside": in.Token[:20] + "\n" + in.Token[20:], "a line end for a letter": in.Token[:42] + "\n",
		"loose bits": loose, "other case": swapCase(in.Token), "unknown": strings.Repeat("A", 43), "a megabyte": strings.Repeat("A", 1<<20),
		"the id": in.Session.ID, "the hash": base64.RawURLEncoding.EncodeToString(in.Session.TokenHash[:]),
	} {
		if _, err := w.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.alive(t, in.Token)
}

const alphabet64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 32
		}
		if r >= 'A' && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}

func TestS29_ANewTokenAtEveryStep(t *testing.T) {
	w := open(t)
	seen := map[string]bool{}
	fresh := func(token string) {
		t.Helper()
		if token == "" || seen[token] {
			t.Errorf("token %q is not new", token)
		}
		seen[token] = true
	}
	in := w.register(t, "ada")
	fresh(in.Token)
	in = w.mustSignIn(t, "ada", password)
	fresh(in.Token)

	id := w.alive(t, in.Token)
	proof, err := w.Reauthenticate(t.Context(), home, id, password)
	if err != nil {
		t.Fatal(err)
	}
	fresh(proof.Token)
	w.dead(t, in.Token)
	id = w.alive(t, proof.Token)
	if id.Session.ID != proof.Session.ID || proof.Session.ID != in.Session.ID || !id.Session.CreatedAt.Equal(in.Session.CreatedAt) {
		t.Error("it is another session")
	}

	changed, err := w.ChangePassword(t.Context(), home, id, password, newer)
	if err != nil {
		t.Fatal(err)
	}
	fresh(changed.Token)
	w.dead(t, proof.Token)
	w.alive(t, changed.Token)

	// A token that somebody else made is never adopted.
	w.dead(t, base64.RawURLEncoding.EncodeToString(make([]byte, 32)))
}

func TestS34_AProofIsFreshAndLengthensNoSession(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	w.clock.add(11 * time.Minute)
	id := w.alive(t, in.Token)
	if w.Fresh(id) {
		t.Error("fresh after 11 minutes (S34)")
	}
	proof, err := w.Reauthenticate(t.Context(), home, id, password)
	if err != nil {
		t.Fatal(err)
	}
	id = w.alive(t, proof.Token)
	if !w.Fresh(id) || !id.Session.ProvedAt.Equal(proof.Session.ProvedAt) || !proof.Session.ExpiresAt.Equal(in.Session.ExpiresAt) {
		t.Errorf("session = %+v", id.Session)
	}
}
