package auth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// rounds is how often a race is run.
func rounds(short, long int) int {
	if os.Getenv("PROFILEKIT_LONG") != "" {
		return long
	}
	return short
}

// exactly counts the nil errors; the others must be want.
func exactly(t *testing.T, n int, errs []error, want error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, want):
			t.Errorf("a loser got %v, want %v", err, want)
		}
	}
	if won != n {
		t.Errorf("%d of %d won, want %d", won, len(errs), n)
	}
}

func TestR10_OneAddressInEightSpellingsIsOneAccount(t *testing.T) {
	spellings := []string{
		"race@example.org", "RACE@example.org", "race@EXAMPLE.org", "Race@Example.Org",
		"rACE@example.ORG", "raCE@Example.org", "RACE@EXAMPLE.ORG", "racE@exAmple.org",
	}
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail, limitsOff, func(c *auth.Config) { c.SignUp = auth.VerifyFirst })
		for round := range rounds(2, 20) {
			for _, err := range conform.Together(100, func(i int) error {
				_, err := p.Register(t.Context(), home, auth.Registration{
					Username: fmt.Sprintf("u%d-%d", round, i), Password: password,
					Email: strings.Replace(spellings[i%8], "@", "@r"+strconv.Itoa(round)+".", 1),
				})
				return err
			}) {
				if err != nil { // the answer is the same for all
					t.Errorf("Register: %v", err)
				}
			}
			var links []string
			p.mail.mu.Lock()
			for _, m := range p.mail.all {
				if m.Kind == authmail.Verify {
					links = append(links, tokenIn(t, m.Link))
				}
			}
			p.mail.all = nil
			p.mail.mu.Unlock()
			if len(links) != 100 {
				t.Fatalf("%d links, want 100", len(links))
			}
			exactly(t, 1, conform.Together(len(links), func(i int) error {
				return errOf(p.Verify(t.Context(), home, auth.Identity{}, links[i], auth.Confirmation{Password: password}))
			}), storage.ErrTaken)
		}
	})
}

// countsTickets counts what is looked up.
type countsTickets struct {
	authstore.TicketStore
	looked *atomic.Int64
}

func (c countsTickets) Ticket(ctx context.Context, p authstore.Purpose, h [32]byte, now time.Time) (authstore.Ticket, error) {
	c.looked.Add(1)
	return c.TicketStore.Ticket(ctx, p, h, now)
}

func TestR13_OfAHundredGuessedTokensTheLimitIsLookedUp(t *testing.T) {
	const most = 10
	onDatabases(t, func(t *testing.T, db database) {
		var looked atomic.Int64
		node := func() *post {
			return openPost(t, db, unlimitedMail, func(c *auth.Config) {
				c.Stores = db.Auth()
				c.Stores.Tickets = countsTickets{c.Stores.Tickets, &looked}
				c.Limits.Address = limit.Rule{Limit: most, Window: 15 * time.Minute}
			})
		}
		p, second := node(), node()
		p.proved(t, "ada")
		token := p.forgot(t, "ada")
		looked.Store(0) // of the proof
		for i, err := range conform.Together(100, func(i int) error {
			guess := strings.Repeat(string(rune('A'+i%26)), 42) + "A"
			return []*post{p, second}[i%2].Reset(t.Context(), home, guess, newer)
		}) {
			if !errors.Is(err, auth.ErrInvalidToken) && !errors.Is(err, limit.ErrExceeded) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		if n := looked.Load(); n != most {
			t.Errorf("%d guesses were looked up, want %d", n, most)
		}
		limited(t, second.Reset(t.Context(), home, token, newer)) // the right one, until the window ends
		limited(t, node().Reset(t.Context(), home, token, newer)) // also after a restart
		p.clock.add(15 * time.Minute)
		if err := p.Reset(t.Context(), home, token, newer); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

func TestR15P21P38_OfAHundredRedemptionsOneIsDone(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		for name, prepare := range map[string]func(t *testing.T, c *change) func(i int) error{
			"reset": func(t *testing.T, c *change) func(int) error {
				token := c.forgot(t, "ada")
				return func(i int) error {
					return c.Reset(t.Context(), home, token, fmt.Sprintf("password number %d of many", i))
				}
			},
			"confirm": func(t *testing.T, c *change) func(int) error {
				token, _ := c.begin(t, adaNew)
				return func(int) error { return c.confirm(t, token) }
			},
			"undo": func(t *testing.T, c *change) func(int) error {
				_, token := c.begin(t, adaNew)
				return func(int) error { return c.undo(t, token) }
			},
			"report": func(t *testing.T, c *change) func(int) error {
				link, err := c.ReportLink(t.Context(), c.id.User.ID, c.id.User.Email)
				if err != nil {
					t.Fatal(err)
				}
				return func(int) error { return c.Report(t.Context(), home, tokenIn(t, link)) }
			},
			"verify": func(t *testing.T, c *change) func(int) error {
				c.register(t, "bob")
				token := c.mail.link(t, authmail.Verify, "bob@example.org")
				return func(int) error {
					return errOf(c.Verify(t.Context(), home, auth.Identity{}, token, auth.Confirmation{Password: password}))
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := openChangeOn(t, db, limitsOff)
				exactly(t, 1, conform.Together(100, prepare(t, c)), auth.ErrInvalidToken)
				c.leave(t)
			})
		}
	})
}

// R16, Devise's CVE-2026-32700 (P43): a link that went to A never makes B the
// address.
func TestR16P43_ParallelChangesNeverCross(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChangeOn(t, db, limitsOff)
		for round := range rounds(20, 200) {
			c.mail.clear()
			from := c.now(t).Email
			c.reads(t, c.id.Session)
			goals := []string{fmt.Sprintf("a%d@example.org", round), fmt.Sprintf("b%d@example.org", round)}
			// Each change is begun, and what arrives is followed, while the other is.
			outcomes := conform.Together(2, func(i int) error {
				err := c.BeginEmailChange(t.Context(), home, c.id, goals[i], 0)
				if _, unproved := errors.AsType[*authrule.NeededError](err); unproved {
					// The other change came to be and ended the proofs: they are made anew.
					c.reads(t, c.id.Session)
					err = c.BeginEmailChange(t.Context(), home, c.id, goals[i], 0)
				}
				if err != nil {
					return err
				}
				return c.confirm(t, c.mail.link(t, authmail.EmailChange, goals[i]))
			})
			u := c.now(t)
			for i, err := range outcomes {
				if err != nil && !errors.Is(err, auth.ErrInvalidToken) {
					t.Fatalf("round %d: %v", round, err)
				}
				if u.Email == goals[i] && err != nil {
					t.Errorf("round %d: the address is %q, and its link was refused", round, u.Email)
				}
			}
			if u.Email != from && u.Email != goals[0] && u.Email != goals[1] {
				t.Fatalf("round %d: the address is %q", round, u.Email)
			}
			if u.Email == from && outcomes[0] == nil || u.Email == from && outcomes[1] == nil {
				t.Errorf("round %d: a link was good and changed nothing", round)
			}
			// What is left of the loser is dead, or is of what is pending now.
			for i, goal := range goals {
				if outcomes[i] == nil {
					continue
				}
				pending := c.now(t).PendingEmail
				if err := c.confirm(t, c.mail.link(t, authmail.EmailChange, goal)); err == nil && pending != goal {
					t.Errorf("round %d: the link to %q worked while %q was pending", round, goal, pending)
				}
			}
			c.id = c.alive(t, c.token)
		}
	})
}

// R18 with the reset: no session that was made with the old password lives after
// it.
func TestR18_NoSessionOfTheOldPasswordOutlivesAReset(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, limitsOff)
		id := p.proved(t, "ada")
		old := password
		for round := range rounds(20, 200) {
			next := fmt.Sprintf("the password of round %d", round)
			token := p.forgot(t, "ada")
			var in auth.SignIn
			errs := conform.Together(2, func(i int) (err error) {
				if i == 0 {
					return p.Reset(t.Context(), home, token, next)
				}
				in, err = p.signIn(t, "ada", old)
				return err
			})
			if errs[0] != nil {
				t.Fatalf("round %d: Reset: %v", round, errs[0])
			}
			if errs[1] == nil {
				p.dead(t, in.Token)
			} else if !errors.Is(errs[1], auth.ErrInvalidCredentials) {
				t.Fatalf("round %d: SignIn: %v", round, errs[1])
			}
			if list, err := everySession(t.Context(), db.Auth().Sessions, id.User.ID); err != nil || len(list) != 0 {
				t.Fatalf("round %d: %d sessions are left (%v)", round, len(list), err)
			}
			old = next
		}
	})
}

// openChangeOn is openChange on a database that other cases used.
func openChangeOn(t testing.TB, db database, more ...func(*auth.Config)) *change {
	t.Helper()
	c := &change{post: openPost(t, db, more...)}
	c.proved(t, "ada")
	c.token = c.mustSignIn(t, "ada", password).Token
	c.id = c.alive(t, c.token)
	return c
}

// leave makes room for the next case.
func (c *change) leave(t testing.TB) {
	t.Helper()
	for _, name := range []string{"ada", "bob"} {
		u, err := c.db.Users().ByUsername(t.Context(), name)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		gone, address := "gone"+u.ID, "gone"+u.ID+"@example.org"
		if _, err := c.db.Users().Update(t.Context(), u.ID, profile.Patch{Username: &gone, Email: &address}); err != nil {
			t.Fatal(err)
		}
	}
}
