package contract_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// conditional is one thing that an operation with If-Match can do.
type conditional struct {
	operation, name string
	// of is the path whose ETag the condition is of.
	of string
	// prepare brings a new person to where it can be done; nil is at once.
	prepare func(p *person)
	// request is the nth that does it, each with another outcome.
	request func(p *person, n int) request
	// done says what is not as the nth, with that answer, makes it, or "".
	done func(p *person, n int, a answer) string
	// transaction is whether it reads and then writes the user in one.
	transaction bool
	// untouched is for what is no longer the same after any other change.
	untouched bool
}

// conditionals are all of them; a new operation with If-Match needs one.
func conditionals() []conditional {
	const own, prefs = "/api/profile", "/api/settings"
	withPicture := func(p *person) { p.good(putPhoto(p, 200)) }
	return []conditional{
		{
			operation: "patchProfile", name: "a field", of: own,
			request: func(_ *person, n int) request { return jsonRequest("PATCH", own, `{"bio":"%d"}`, n) },
			done:    has(func(_ *person, n int) map[string]any { return map[string]any{"bio": fmt.Sprint(n)} }),
		},
		{
			operation: "patchProfile", name: "a part of the address", of: own,
			request: func(_ *person, n int) request { return jsonRequest("PATCH", own, `{"address":{"city":"C%d"}}`, n) },
			done: func(p *person, n int, _ answer) string {
				got, _ := p.profile()["address"].(map[string]any)
				if want := fmt.Sprintf("C%d", n); got["city"] != want {
					return fmt.Sprintf("city is %v, want %s", got["city"], want)
				}
				return ""
			},
		},
		{
			operation: "patchProfile", name: "the user name", of: own, transaction: true,
			request: func(p *person, n int) request { return jsonRequest("PATCH", own, `{"username":"%s.%d"}`, p.name, n) },
			done:    has(func(p *person, n int) map[string]any { return map[string]any{"username": p.newName(n)} }),
		},
		{
			operation: "patchProfile", name: "the address alone", of: own,
			request: func(p *person, n int) request { return jsonRequest("PATCH", own, `{"email":%q}`, p.newEmail(n)) },
			done:    has(func(p *person, n int) map[string]any { return map[string]any{"pendingEmail": p.newEmail(n)} }),
		},
		{
			operation: "patchProfile", name: "the address and fields", of: own, transaction: true,
			request: func(p *person, n int) request {
				return jsonRequest("PATCH", own, `{"email":%q,"bio":"%d","username":"%s"}`, p.newEmail(n), n, p.newName(n))
			},
			done: has(func(p *person, n int) map[string]any {
				return map[string]any{"pendingEmail": p.newEmail(n), "bio": fmt.Sprint(n), "username": p.newName(n)}
			}),
		},
		{
			operation: "putProfile", name: "the user name", of: own, transaction: true,
			request: func(p *person, n int) request {
				return jsonRequest("PUT", own, `{"username":%q,"email":%q}`, p.newName(n), p.email())
			},
			done: has(func(p *person, n int) map[string]any { return map[string]any{"username": p.newName(n)} }),
		},
		{
			operation: "putProfile", name: "the address", of: own,
			request: func(p *person, n int) request {
				return jsonRequest("PUT", own, `{"username":%q,"email":%q}`, p.name, p.newEmail(n))
			},
			done: has(func(p *person, n int) map[string]any { return map[string]any{"pendingEmail": p.newEmail(n)} }),
		},
		{
			operation: "putProfile", name: "the picture away", of: own, prepare: withPicture, transaction: true,
			request: func(p *person, n int) request {
				return jsonRequest("PUT", own, `{"username":%q,"email":%q,"profilePicture":null}`, p.name, p.email())
			},
			done: has(func(*person, int) map[string]any { return map[string]any{"profilePicture": nil} }),
		},
		{
			operation: "putProfile", name: "everything", of: own, prepare: withPicture, transaction: true,
			request: func(p *person, n int) request {
				return jsonRequest("PUT", own, `{"username":%q,"email":%q,"profilePicture":null}`, p.newName(n), p.newEmail(n))
			},
			done: has(func(p *person, n int) map[string]any {
				return map[string]any{"username": p.newName(n), "pendingEmail": p.newEmail(n), "profilePicture": nil}
			}),
		},
		{operation: "putPicture", name: "the first", of: own, transaction: true, request: putPhoto, done: isThePicture},
		{operation: "putPicture", name: "another", of: own, transaction: true, prepare: withPicture, request: putPhoto, done: isThePicture},
		{operation: "putPicture", name: "a form", of: own, transaction: true, prepare: withPicture, request: putForm, done: isThePicture},
		{
			operation: "deletePicture", name: "a picture", of: own, transaction: true, prepare: withPicture,
			request: func(*person, int) request { return request{method: "DELETE", path: "/api/profile/picture"} },
			done:    has(func(*person, int) map[string]any { return map[string]any{"profilePicture": nil} }),
		},
		{
			operation: "completeDirectPicture", name: "another", of: own, transaction: true, prepare: withPicture,
			request: func(p *person, n int) request {
				return jsonRequest("POST", "/api/profile/picture/direct/"+p.sent(n)+"/complete", `{}`)
			},
			done: isThePicture,
		},
		{
			operation: "patchSettings", name: "for the first time", of: prefs,
			request: patchAccent, done: isTheAccent, untouched: true,
		},
		{
			operation: "patchSettings", name: "again", of: prefs,
			prepare: func(p *person) { p.good(jsonRequest("PATCH", prefs, `{"locale":"de"}`)) },
			request: patchAccent, done: isTheAccent,
		},
	}
}

func (p *person) newName(n int) string  { return fmt.Sprintf("%s.%d", p.name, n) }
func (p *person) newEmail(n int) string { return fmt.Sprintf("%s.%d@example.com", p.name, n) }

// has is for what the profile must have afterwards.
func has(want func(p *person, n int) map[string]any) func(*person, int, answer) string {
	return func(p *person, n int, _ answer) string {
		got := p.profile()
		for field, v := range want(p, n) {
			if got[field] != v {
				return fmt.Sprintf("%s is %v, want %v", field, got[field], v)
			}
		}
		return ""
	}
}

func putPhoto(_ *person, n int) request {
	return request{"PUT", "/api/profile/picture", "image/jpeg", flatPhoto(n)}
}

func putForm(_ *person, n int) request {
	contentType, body := photoForm(n)
	return request{"PUT", "/api/profile/picture", contentType, body}
}

func isThePicture(p *person, _ int, a answer) string {
	got, _ := a.object()["picture"].(map[string]any)
	if url := p.profile()["profilePicture"]; url == nil || got["url"] != url {
		return fmt.Sprintf("the picture is %v, the answer was %s", url, a.body)
	}
	return ""
}

func patchAccent(_ *person, n int) request {
	return jsonRequest("PATCH", "/api/settings", `{"appearance":{"accent":"#0000%02x"}}`, n)
}

func isTheAccent(p *person, n int, _ answer) string {
	look, _ := p.get("/api/settings").object()["appearance"].(map[string]any)
	if want := fmt.Sprintf("#0000%02x", n); look["accent"] != want {
		return fmt.Sprintf("accent is %v, want %s", look["accent"], want)
	}
	return ""
}

// ready is a person who can do it, and the tag for that.
func (c conditional) ready(t *testing.T, s *service) (p *person, tag string) {
	t.Helper()
	p = s.person(t)
	if c.prepare != nil {
		c.prepare(p)
	}
	return p, p.tag(c)
}

func (p *person) tag(c conditional) string {
	p.t.Helper()
	return p.get(c.of).header.Get("ETag")
}

// succeeded checks the answer and the state that the nth request must make.
func (c conditional) succeeded(p *person, n int, a answer) {
	p.t.Helper()
	if !a.good() {
		p.t.Errorf("%v", a)
		return
	}
	if fault := c.done(p, n, a); fault != "" {
		p.t.Errorf("%s: %s", a.what, fault)
	}
	if tag := p.tag(c); a.status != http.StatusNoContent && a.header.Get("ETag") != tag {
		p.t.Errorf("%s: ETag %s, then %s", a.what, a.header.Get("ETag"), tag)
	}
}

// waiting are the files that the requests would complete.
func waiting(rs ...request) (ids []string) {
	for _, r := range rs {
		if rest, ok := strings.CutPrefix(r.path, "/api/profile/picture/direct/"); ok {
			ids = append(ids, strings.TrimSuffix(rest, "/complete"))
		}
	}
	return ids
}

func onConditionals(t *testing.T, f func(t *testing.T, s *service, c conditional)) {
	onBoth(t, func(t *testing.T, s *service) {
		for _, c := range conditionals() {
			t.Run(c.operation+"/"+c.name, func(t *testing.T) { f(t, s, c) })
		}
	})
}

// TestIfMatchOfEveryOperation: what the document gives an If-Match is tested here.
func TestIfMatchOfEveryOperation(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range conditionals() {
		tested[c.operation] = true
	}
	for _, op := range validator(t).Operations() {
		if op.Takes("If-Match") != tested[op.ID] {
			t.Errorf("%s has If-Match: %v, is tested: %v", op.ID, op.Takes("If-Match"), tested[op.ID])
		}
	}
}

// TestIfMatchThatIsFalse: nothing changes, and nothing that the condition allows
// is refused.
func TestIfMatchThatIsFalse(t *testing.T) {
	onConditionals(t, func(t *testing.T, s *service, c conditional) {
		p, old := c.ready(t, s)
		tag := old
		switch {
		case c.untouched:
			old = `"1"`
		case c.of == "/api/settings":
			p.good(jsonRequest("PATCH", c.of, `{"timeZone":"Europe/Paris"}`))
			tag = p.tag(c)
		default:
			p.good(jsonRequest("PATCH", c.of, `{"pronouns":"they"}`))
			tag = p.tag(c)
		}
		r := c.request(p, 1)
		told, kept := p.told(), p.kept()
		for _, ifMatch := range [][]string{
			{old},
			{"W/" + tag},
			{`"999999"`},
			{`"-1"`},
			{`"00"`},
			{strings.Trim(tag, `"`)},
			{`"` + tag + `"`},
			{"nonsense"},
			{"**"},
			{""},
			{"", old},
			{old + `, "999999"`},
			{old, `"999999"`},
		} {
			if a := p.do(r, ifMatch...); !a.stale() {
				t.Fatalf("%v", a)
			}
		}
		same(t, "what is told", p.told(), told)
		same(t, "what is kept", p.kept(), kept)
		for i, ifMatch := range []func(tag string) []string{
			func(tag string) []string { return []string{tag} },
			func(string) []string { return []string{"*"} },
			func(string) []string { return nil },
			func(tag string) []string { return []string{`"999999",` + tag} },
			func(tag string) []string { return []string{`W/"1"`, " " + tag + " "} },
			func(tag string) []string { return []string{"", tag} },
		} {
			if c.prepare != nil {
				c.prepare(p)
			}
			c.succeeded(p, 2+i, p.do(c.request(p, 2+i), ifMatch(p.tag(c))...))
		}
		p.purged(waiting(r)...)
	})
}

// TestIfMatchAtOnce: of several with one tag one succeeds, and what it made is
// what there is.
func TestIfMatchAtOnce(t *testing.T) {
	onConditionals(t, func(t *testing.T, s *service, c conditional) {
		for _, n := range []int{2, 2, 2, 10} {
			p, tag := c.ready(t, s)
			var requests []request
			for i := range n {
				requests = append(requests, c.request(p, i))
			}
			answers := make([]answer, n)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					<-start
					answers[i] = p.do(requests[i], tag)
				})
			}
			close(start)
			wg.Wait()
			var winners []int
			for i, a := range answers {
				switch {
				case a.good():
					winners = append(winners, i)
				case !a.stale():
					t.Errorf("%v", a)
				}
			}
			if len(winners) != 1 {
				t.Fatalf("%v of %d succeeded with one tag", winners, n)
			}
			w := winners[0]
			c.succeeded(p, w, answers[w])
			for i := range n {
				if mails := s.mail.to(p.newEmail(i)); mails > 0 && i != w {
					t.Errorf("%d messages went to the address of one that was refused", mails)
				}
			}
			p.purged(waiting(slices.Delete(slices.Clone(requests), w, w+1)...)...)
		}
	})
}

// to is how many messages went to the address.
func (m *mailbox) to(address string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range m.all {
		if msg.To == address {
			n++
		}
	}
	return n
}

// rivals are changes with the same tag that come between.
func (c conditional) rivals() map[string]func(p *person) request {
	if c.of == "/api/settings" {
		return map[string]func(p *person) request{
			"settings": func(*person) request { return jsonRequest("PATCH", "/api/settings", `{"locale":"fr"}`) },
			"the same": func(p *person) request { return c.request(p, 99) },
		}
	}
	return map[string]func(p *person) request{
		"a profile": func(*person) request { return jsonRequest("PATCH", "/api/profile", `{"displayName":"Rival"}`) },
		"a picture": func(p *person) request { return putPhoto(p, 99) },
		"a form":    func(p *person) request { return putForm(p, 99) },
	}
}

// TestIfMatchIsInTheWrite: a change that comes between the look at the tag and
// the write stands, and the write is refused. Whoever reads again can repeat it.
func TestIfMatchIsInTheWrite(t *testing.T) {
	onConditionals(t, func(t *testing.T, s *service, c conditional) {
		places := []place{beforeWrite}
		if c.transaction && strings.Contains(t.Name(), "postgres") {
			places = append(places, inTransaction)
		}
		if c.of == "/api/settings" {
			places = append(places, afterLook)
		}
		for _, at := range places {
			for name, rival := range c.rivals() {
				p, tag := c.ready(t, s)
				r := c.request(p, 1)
				var told string
				s.stores.arm(at, func() {
					p.good(rival(p), tag)
					told = p.told()
				})
				a := p.do(r, tag)
				if s.stores.disarm() {
					t.Fatalf("%v, and it never came there", a)
				}
				if !a.stale() {
					t.Errorf("%s came between: %v", name, a)
				}
				same(t, "what "+name+" made that came between", p.told(), told)
				p.purged(waiting(r)...)
				c.succeeded(p, 1, p.do(r, p.tag(c)))
				p.purged()
			}
		}
	})
}
