package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// spellings are those of one address: the case of its letters, and the domain
// in letters or in its ASCII form. %d tells the rounds apart.
var spellings = []string{
	"ada%d@bücher.example",
	"Ada%d@bücher.example",
	"ADA%d@BÜCHER.EXAMPLE",
	"aDa%d@Bücher.Example",
	"ada%d@xn--bcher-kva.example",
	"adA%d@XN--BCHER-KVA.EXAMPLE",
	"ADa%d@xn--bcher-kva.Example",
	"ada%d@BüCHER.example",
}

// TestR10_ParallelSignUpsOfOneEmail signs up 100 people at once, on two nodes,
// with one address in 8 spellings and 100 names: exactly one account is made
// (I5), and all others hear the same.
func TestR10_ParallelSignUpsOfOneEmail(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		nodes := []*node{s.start(), s.start()}
		for round := range rounds(1, 20) {
			const tries = 100
			answers := make([]reply, tries)
			var running sync.WaitGroup
			for i := range tries {
				body := signUpBody(fmt.Sprintf("r%d-ada%d", round, i), fmt.Sprintf(spellings[i%len(spellings)], round), password)
				running.Go(func() {
					for { // a full hashing queue says come again
						r, err := nodes[i%2].send(t.Context(), "POST", "/api/auth/register", "", body)
						if err != nil {
							t.Error(err)
							return
						}
						if r.status == 503 && r.header.Get("Retry-After") != "" {
							continue
						}
						answers[i] = r
						return
					}
				})
			}
			running.Wait()
			var winner string
			refusals := map[string]int{}
			for i, r := range answers {
				switch r.status {
				case 201:
					if winner != "" {
						t.Errorf("round %d: two accounts", round)
					}
					winner = r.cookie()
					if !bytes.Contains(r.body, fmt.Appendf(nil, `"r%d-ada%d"`, round, i)) {
						t.Errorf("round %d: the account is not that of its request: %s", round, r)
					}
				default:
					refusals[fmt.Sprint(r.status, " ", outward(t, r))]++
				}
			}
			if winner == "" {
				t.Fatalf("round %d: no account; answers: %v", round, refusals)
			}
			if len(refusals) != 1 {
				t.Errorf("round %d: the others heard %v", round, refusals)
			}
			for said := range refusals {
				if !strings.HasPrefix(said, "409 ") || !strings.Contains(said, `"field":"email"`) {
					t.Errorf("round %d: the others heard %s", round, said)
				}
			}
			nodes[round%2].must(200, "GET", "/api/profile", winner, "")
		}
		var accounts int
		if err := s.query().QueryRow("SELECT count(*) FROM users").Scan(&accounts); err != nil || accounts != rounds(1, 20) {
			t.Errorf("%d rows of users (%v), want one a round: %d", accounts, err, rounds(1, 20))
		}
	})
}

// outward is what an answer says: its body, and the headers that a client
// could tell answers apart by.
func outward(t *testing.T, r reply) string {
	t.Helper()
	var body bytes.Buffer
	if err := json.Compact(&body, r.body); err != nil {
		t.Errorf("%v in %s", err, r)
	}
	return fmt.Sprint(body.String(), " ", r.header.Get("Content-Type"), " ", r.header.Get("Content-Length"), " ", len(r.header["Set-Cookie"]))
}
