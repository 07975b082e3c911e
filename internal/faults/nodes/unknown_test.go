package nodes

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
)

// refusals are what logins with a wrong password led to.
type refusals struct {
	said map[string]bool // status, headers and bodies that there were
	busy int             // answers "come again"
	each time.Duration   // of the processors, from start to end, by the logins that were hashed
	rss  int64           // the larger one's at most, in KB
}

// TestR19R20_LoginsForNobodyOnTwoNodes sends wrong passwords to two nodes, one part
// in turn and one at once, for people that there are and for people that there are
// not: the nodes say the same, work as much for each and take no more memory. Who
// is told to come again, which the long form brings about, hears the same too.
func TestR19R20_LoginsForNobodyOnTwoNodes(t *testing.T) {
	inTurn, atOnce := rounds(14, 500), rounds(24, 500)
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		first := s.start()
		first.signUp("ada")
		db := s.store()
		ada, err := db.Users().ByUsername(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		hash, err := db.Auth().Passwords.PasswordHash(t.Context(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range atOnce {
			u, err := db.Users().Create(t.Context(), profile.User{Username: name("known", i), Email: name("known", i) + "@example.org"})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Auth().Passwords.SetPassword(t.Context(), u.ID, "", hash); err != nil {
				t.Fatal(err)
			}
		}
		known, unknown := s.refuse(t, "known", inTurn, atOnce), s.refuse(t, "empty", inTurn, atOnce)
		t.Logf("known: %d busy, %s, %d MB; unknown: %d busy, %s, %d MB", known.busy, known.each, known.rss>>10, unknown.busy, unknown.each, unknown.rss>>10)
		if len(known.said) != len(unknown.said) || len(known.said) > 2 {
			t.Errorf("known people heard %v, unknown ones %v", known.said, unknown.said)
		}
		for said := range unknown.said {
			if !known.said[said] {
				t.Errorf("only unknown people heard %s", said)
			}
		}
		if unknown.each < known.each/2 || unknown.each > 2*known.each {
			t.Errorf("a login took %s for known people, %s for unknown ones", known.each, unknown.each)
		}
		if most := max(known.rss, unknown.rss); most > 256<<10 && !raceEnabled {
			t.Errorf("a node had %d MB", most>>10)
		}
	})
}

func name(prefix string, i int) string { return fmt.Sprintf("%s%04d", prefix, i) }

// refuse starts two nodes, has them refuse logins, and ends them.
func (s *place) refuse(t *testing.T, prefix string, inTurn, atOnce int) refusals {
	t.Helper()
	nodes := []*node{s.start(), s.start()}
	out := refusals{said: map[string]bool{}}
	var mu sync.Mutex
	login := func(i int) {
		r, err := nodes[i%2].send(t.Context(), "POST", "/api/auth/login", "", signInBody(name(prefix, i), "not the right one, it is"))
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			t.Error(err)
			return
		case r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") != "":
			out.busy++
		case r.status != http.StatusUnauthorized:
			t.Errorf("%s: %s", name(prefix, i), r)
		}
		out.said[shape(r)] = true
	}
	for i := range inTurn {
		login(i)
	}
	if out.busy != 0 {
		t.Errorf("%d of the logins in turn were told to come again", out.busy)
	}
	var running sync.WaitGroup
	for i := range atOnce {
		running.Go(func() { login(i) })
	}
	running.Wait()
	for _, n := range nodes {
		n.terminate()
		n.gone()
		out.each += n.cmd.ProcessState.UserTime() + n.cmd.ProcessState.SystemTime()
		out.rss = max(out.rss, peak(n.cmd.ProcessState))
	}
	out.each /= time.Duration(inTurn + atOnce - out.busy)
	return out
}

// shape is all of an answer but what differs by itself: the time and the number
// of the request, of which the length counts.
func shape(r reply) string {
	var lines []string
	for k, list := range r.header {
		for _, v := range list {
			if k == "Date" || k == "X-Request-Id" {
				v = fmt.Sprint(len(v), " bytes")
			}
			lines = append(lines, k+": "+v)
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(r.status, " ", lines, " ", string(r.body))
}
