package auth_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
)

// mailbox is a Courier that keeps what it was given.
type mailbox struct {
	mu   sync.Mutex
	all  []authmail.Message
	fail error
}

func (m *mailbox) Deliver(_ context.Context, msg authmail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.all = append(m.all, msg)
	return nil
}

// to returns the messages of a kind to an address, the newest last.
func (m *mailbox) to(kind authmail.Kind, address string) []authmail.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []authmail.Message
	for _, msg := range m.all {
		if msg.Kind == kind && msg.To == address {
			list = append(list, msg)
		}
	}
	return list
}

func (m *mailbox) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}

func (m *mailbox) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}

// last returns the newest of them.
func (m *mailbox) last(t testing.TB, kind authmail.Kind, address string) authmail.Message {
	t.Helper()
	list := m.to(kind, address)
	if len(list) == 0 {
		t.Fatalf("there is no message %s to %s", kind, address)
	}
	return list[len(list)-1]
}

// link returns the token of the link in the newest of them.
func (m *mailbox) link(t testing.TB, kind authmail.Kind, address string) string {
	t.Helper()
	return tokenIn(t, m.last(t, kind, address).Link)
}

func tokenIn(t testing.TB, link string) string {
	t.Helper()
	_, token, ok := strings.Cut(link, "#token=")
	if !ok || !strings.HasPrefix(link, "https://example.org/account/") {
		t.Fatalf("the link is %q", link)
	}
	return token
}

// noEnd ends no sessions.
type noEnd struct{ authstore.SessionStore }

func (noEnd) EndSessions(context.Context, string, string, ...activity.Event) (int, error) {
	return 0, errDown
}

// notices is a Recorder that keeps the kinds of what it was told.
type notices struct {
	mu    sync.Mutex
	kinds []activity.Kind
	fail  error
}

func (n *notices) Record(_ context.Context, events ...activity.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return n.fail
	}
	for _, e := range events {
		n.kinds = append(n.kinds, e.Kind)
	}
	return nil
}

func (n *notices) count(kind activity.Kind) (c int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.kinds {
		if k == kind {
			c++
		}
	}
	return c
}

// post is a world with a courier.
type post struct {
	*world
	mail    *mailbox
	notices *notices
}

func openPost(t testing.TB, db database, change ...func(*auth.Config)) *post {
	t.Helper()
	p := &post{mail: &mailbox{}, notices: &notices{}}
	p.world = openOn(t, db, append([]func(*auth.Config){func(c *auth.Config) {
		c.Courier, c.Links, c.Recorder = p.mail, authmail.DefaultLinks("https://example.org"), p.notices
	}}, change...)...)
	return p
}

func unlimitedMail(c *auth.Config) {
	rule := limit.Rule{Limit: 1_000_000, Window: time.Hour}
	c.Limits.Mail, c.Limits.MailAddress, c.Limits.MailTotal = rule, rule, rule
}

// forgot asks for a link for the account name and returns its token.
func (p *post) forgot(t testing.TB, name string) string {
	t.Helper()
	if err := p.Forgot(t.Context(), home, name+"@example.org"); err != nil {
		t.Fatalf("Forgot: %v", err)
	}
	return p.mail.link(t, authmail.Reset, name+"@example.org")
}

// mustSignIn signs somebody in who reads the mail of the account too: what the rule "two
// proofs" asks of an account without a factor is noted beside the service.
func (p *post) mustSignIn(t testing.TB, login, pass string) auth.SignIn {
	t.Helper()
	in := p.world.mustSignIn(t, login, pass)
	if in.Status == auth.Complete && in.User.EmailVerified {
		p.reads(t, in.Session)
	}
	return in
}

// reads notes that the session has proved the mailbox.
func (p *post) reads(t testing.TB, sess authstore.Session) {
	t.Helper()
	now := p.clock.now()
	note := authstore.Ticket{
		Hash: sha(rand.Text()), Purpose: auth.ForMailProof, UserID: sess.UserID, Data: []byte(sess.ID), CreatedAt: now, ExpiresAt: now.Add(auth.MailProofLife),
	}
	if err := p.db.Auth().Tickets.AddTickets(t.Context(), sess.UserID, "", []authstore.Ticket{note}); err != nil {
		t.Fatal(err)
	}
}

// proved makes an account whose address is proved by its own session.
func (p *post) proved(t testing.TB, name string) auth.Identity {
	t.Helper()
	return p.alive(t, p.member(t, name).Token)
}

// member is proved, and its sign-in.
func (p *post) member(t testing.TB, name string) auth.SignIn {
	t.Helper()
	in := p.register(t, name)
	proof, err := p.Verify(t.Context(), home, p.alive(t, in.Token), p.mail.link(t, authmail.Verify, name+"@example.org"), auth.Confirmation{})
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	id := p.alive(t, proof.Token)
	if !id.User.EmailVerified {
		t.Fatal("the address is not proved")
	}
	in.User, in.Session, in.Token = id.User, id.Session, proof.Token
	return in
}
