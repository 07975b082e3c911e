package nodes

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	big "encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// app is somebody's authenticator.
type app struct{ seed []byte }

// code is that of the present step and as many after it.
func (a app) code(after int64) string {
	mac := hmac.New(sha1.New, a.seed)
	mac.Write(big.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30+after)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", big.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// unlike is a code of no step from the last one to some minutes from now.
func (a app) unlike() string {
	var near []string
	for after := range int64(10) {
		near = append(near, a.code(after-1))
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !slices.Contains(near, code) {
			return code
		}
	}
}

// withApp signs somebody up at the node, who follows the link of the sign-up and has an
// app.
func (s *place) withApp(n *node, name string) app {
	n.t.Helper()
	p := n.signUp(name)
	var token string
	waitFor(n.t, "mail", func() bool {
		token = s.tokens(n.t, "verify")[name+"@example.org"]
		return token != ""
	})
	p.cookie = p.must(204, "POST", "/api/auth/email/verify", object(map[string]any{"token": token})).cookie()
	var shown struct{ Secret string }
	p.must(200, "POST", "/api/auth/mfa/totp", `{}`).into(n.t, &shown)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(shown.Secret)
	if err != nil {
		n.t.Fatal(err)
	}
	a := app{seed}
	p.must(200, "POST", "/api/auth/mfa/totp/confirm", object(map[string]any{"code": a.code(0)}))
	return a
}

// halfway is the cookie of a sign-in that owes a second factor.
func (n *node) halfway(name string) string {
	n.t.Helper()
	r := n.must(200, "POST", "/api/auth/login", "", signInBody(name, password))
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == cookieName+"-half" && c.Value != "" {
			return c.Name + "=" + c.Value
		}
	}
	n.t.Fatalf("the sign-in is not half: %s", r)
	return ""
}

// answers posts codes at once, in turn on each of the nodes and by each of the
// half sessions.
func answers(t *testing.T, nodes []*node, halves []string, codes []string) []reply {
	t.Helper()
	replies := make([]reply, len(codes))
	var running sync.WaitGroup
	for i, code := range codes {
		running.Go(func() {
			r, err := nodes[i%len(nodes)].send(t.Context(), "POST", "/api/auth/mfa", "",
				object(map[string]any{"method": "totp", "code": code}), "Cookie", halves[i/len(nodes)%len(halves)])
			if err != nil {
				t.Error(err)
			}
			replies[i] = r
		})
	}
	running.Wait()
	return replies
}

func many(code string, count int) []string {
	list := make([]string, count)
	for i := range list {
		list[i] = code
	}
	return list
}

// TestR14_OneRightCodeOnTwoNodes posts one right code a hundred times at once, by
// two half sessions on two nodes: one session is opened.
func TestR14_OneRightCodeOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		nodes := []*node{s.start(), s.start()}
		for round := range rounds(3, 20) {
			name := fmt.Sprintf("ada%d", round)
			a := s.withApp(nodes[0], name)
			halves := []string{nodes[0].halfway(name), nodes[1].halfway(name)}
			opened := 0
			for _, r := range answers(t, nodes, halves, many(a.code(1), 100)) {
				switch {
				case r.status == 200:
					opened++
					p := person{t: t, cookie: r.cookie()}
					p.at(nodes[opened%2]).must(200, "GET", "/api/profile", "")
				case r.status != 422 && r.status != 401: // wrong now; the half session is used
					t.Errorf("a loser heard %s", r)
				}
			}
			if opened != 1 {
				t.Errorf("round %d: %d sessions by one code, want 1", round, opened)
			}
		}
	})
}

// TestR13P44_WrongCodesOnTwoNodes posts wrong codes at once, by many half sessions
// on two nodes: ten are evaluated. Then the right one is refused, also by a node
// that starts now. There are ninety, since the address has its limit at a hundred.
func TestR13P44_WrongCodesOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		nodes := []*node{s.start(), s.start()}
		a := s.withApp(nodes[0], "ada")
		wrong := a.unlike()
		halves := make([]string, 10)
		for i := range halves {
			halves[i] = nodes[i%2].halfway("ada")
		}
		evaluated := 0
		for _, r := range answers(t, nodes, halves, many(wrong, 90)) {
			switch r.status {
			case 422:
				evaluated++
			case 429, 401: // by 429 the half session ended
			default:
				t.Errorf("a guess heard %s", r)
			}
		}
		if evaluated != 10 {
			t.Errorf("%d of 90 wrong codes were evaluated, want 10", evaluated)
		}
		for _, n := range append(nodes, s.start()) {
			half := n.halfway("ada")
			if r := answers(t, []*node{n}, []string{half}, []string{a.code(1)})[0]; r.status != 429 {
				t.Errorf("the right code then: %s, want 429", r)
			}
		}
	})
}
