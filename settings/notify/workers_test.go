package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/notify"
)

// held is a Sender whose letters take until somebody lets them go.
type held struct {
	begun chan notify.Letter
	done  chan struct{}
}

func newHeld() *held { return &held{make(chan notify.Letter), make(chan struct{})} }

func (h *held) Send(ctx context.Context, l notify.Letter) error {
	select {
	case h.begun <- l:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-h.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next waits for the next letter that somebody begins to send.
func (h *held) next(t *testing.T) notify.Letter {
	t.Helper()
	select {
	case l := <-h.begun:
		return l
	case <-time.After(time.Minute):
		t.Fatal("no letter is being sent")
		panic("unreachable")
	}
}

// sends is a post with so many workers and one Sender, on the clock of the machine.
func sends(t *testing.T, db database, workers int, s notify.Sender, change ...func(*notify.Config)) *post {
	t.Helper()
	return open(t, db, append([]func(*notify.Config){func(c *notify.Config) {
		c.Now, c.Workers, c.Poll = nil, workers, 20*time.Millisecond
		c.Senders = map[authmail.Channel]notify.Sender{authmail.ByEmail: s}
	}}, change...)...)
}

// run has the workers of p work until the test ends.
func (p *post) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func noticeOf(user string, n int) authmail.Message {
	return authmail.Message{
		Kind: authmail.Notice, Channel: authmail.ByEmail, To: fmt.Sprintf("%s-%d@example.org", user, n), UserID: user, Event: "auth.factor_added",
	}
}

func (p *post) deliver(t *testing.T, list ...authmail.Message) {
	t.Helper()
	for _, m := range list {
		if err := p.Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// R28: 600 notices of one account are no hindrance for the reset link of another one, and
// those of 600 accounts are one letter's: the first worker that is free takes the link.
func TestR28_ALinkGoesBeforeAllNotices(t *testing.T) {
	const notices, workers = 600, 4
	for name, user := range map[string]func(n int) string{
		"of one account":   func(int) string { return "7" },
		"of many accounts": func(n int) string { return fmt.Sprint("many", n) },
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				sender := newHeld()
				p := sends(t, db, workers, sender)
				for n := range notices {
					p.deliver(t, noticeOf(user(n), n))
				}
				p.run(t)
				busy := workers
				if user(0) == user(1) {
					busy = 1 // of one user one at a time
				}
				for range busy {
					sender.next(t)
				}
				for range 5 {
					sender.done <- struct{}{}
					sender.next(t)
				}
				p.deliver(t, resetOf("8", "ada@example.org"))
				if busy == workers {
					sender.done <- struct{}{}
				}
				if l := sender.next(t); l.To != "ada@example.org" {
					t.Errorf("the letter that is sent next goes to %s", l.To)
				}
			})
		})
	}
}

// journal is a Sender that keeps what was sent in which order, and sees when two letters
// of one user are on their way at once.
type journal struct {
	t     *testing.T
	mu    sync.Mutex
	order map[string][]string // by user
	now   map[string]bool
	all   chan struct{}
}

func (j *journal) Send(_ context.Context, l notify.Letter) error {
	user, _, _ := strings.Cut(l.To, "-")
	j.mu.Lock()
	if j.now[user] {
		j.t.Errorf("two letters of %s are sent at once", user)
	}
	j.now[user] = true
	j.order[user] = append(j.order[user], l.To)
	j.mu.Unlock()
	time.Sleep(20 * time.Millisecond) // so that others may come in between
	j.mu.Lock()
	j.now[user] = false
	j.mu.Unlock()
	j.all <- struct{}{}
	return nil
}

// R28: on two nodes with several workers each those of one user keep their order.
func TestR28_OfOneUserTheOrderIsKept(t *testing.T) {
	const users, letters = 5, 12
	onDatabases(t, func(t *testing.T, db database) {
		j := &journal{t: t, order: map[string][]string{}, now: map[string]bool{}, all: make(chan struct{}, users*letters)}
		var keys func(c *notify.Config)
		one := sends(t, db, 4, j, func(c *notify.Config) {
			k := c.Keys
			keys = func(c *notify.Config) { c.Keys = k }
		})
		other := sends(t, db, 4, j, keys)
		deliver := func(n int) {
			for user := range users {
				[]*post{one, other}[(n+user)%2].deliver(t, noticeOf(fmt.Sprint("u", user), n))
			}
		}
		for n := range letters / 2 {
			deliver(n)
		}
		one.run(t)
		other.run(t)
		for n := letters / 2; n < letters; n++ {
			deliver(n)
		}
		for range users * letters {
			select {
			case <-j.all:
			case <-time.After(time.Minute):
				t.Fatal("not all letters were sent")
			}
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		for user := range users {
			var want []string
			for n := range letters {
				want = append(want, noticeOf(fmt.Sprint("u", user), n).To)
			}
			if got := j.order[fmt.Sprint("u", user)]; !slices.Equal(got, want) {
				t.Errorf("the letters of user %d were sent in the order %q", user, got)
			}
		}
	})
}

// stuck is a Sender that hangs on one address and says whom else it sent to.
type stuck struct {
	at   string
	sent chan string
}

func (s stuck) Send(ctx context.Context, l notify.Letter) error {
	if l.To == s.at {
		<-ctx.Done()
		return ctx.Err()
	}
	s.sent <- l.To
	return nil
}

// R27: a letter that hangs holds up neither other users nor the links of its own, and
// ends with the program, which leaves it to others at once.
func TestR27_ALetterThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := memstore.New()
		var keys func(c *notify.Config)
		slow := stuck{noticeOf("7", 0).To, make(chan string, 10)}
		p := sends(t, db, 2, slow, func(c *notify.Config) {
			k := c.Keys
			keys = func(c *notify.Config) { c.Keys = k }
		})
		p.deliver(t, noticeOf("7", 0), noticeOf("7", 1), noticeOf("8", 2), resetOf("7", "ada@example.org"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		got := []string{<-slow.sent, <-slow.sent}
		if slices.Sort(got); !slices.Equal(got, []string{noticeOf("8", 2).To, "ada@example.org"}) || len(slow.sent) > 0 {
			t.Errorf("sent: %q and %d more", got, len(slow.sent))
		}
		cancel()
		synctest.Wait()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		// The bubble ends with the test only when no worker is left.
		next := sends(t, db, 1, stuck{sent: slow.sent}, keys)
		if next.flush(t) != 2 || <-slow.sent != noticeOf("7", 0).To || <-slow.sent != noticeOf("7", 1).To {
			t.Error("what was being sent is not sent at once by another, before what was behind it")
		}
	})
}

// What waits for its next try holds up none of its user.
func TestR27_ARetryHoldsUpNobody(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		p.mail.fail = func(l notify.Letter) error {
			if l.To == noticeOf("7", 0).To {
				return errors.New("451 later")
			}
			return nil
		}
		p.deliver(t, noticeOf("7", 0), noticeOf("7", 1))
		if p.flush(t) != 2 || len(p.mail.letters()) != 1 {
			t.Fatalf("%d letters are sent, want the second", len(p.mail.letters()))
		}
		p.mail.fail = nil
		p.deliver(t, noticeOf("7", 2))
		p.now = p.now.Add(time.Minute)
		p.deliver(t, noticeOf("7", 3))
		p.flush(t)
		var order []string
		for _, l := range p.mail.letters() {
			order = append(order, l.To)
		}
		want := []string{noticeOf("7", 1).To, noticeOf("7", 0).To, noticeOf("7", 2).To, noticeOf("7", 3).To}
		if !slices.Equal(order, want) {
			t.Errorf("the order is %q, want %q", order, want)
		}
		if got := p.Stats(); got != (notify.Stats{Sent: 4, Retried: 1}) {
			t.Errorf("counted: %+v", got)
		}
	})
}

// With nothing to do one look a Poll is made, however many workers there are.
func TestIdleWorkersLookOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := &lookedAt{OutboxStore: memstore.New().Outbox()}
		p := sends(t, memstore.New(), 8, &mailer{}, func(c *notify.Config) { c.Store, c.Poll = looks, time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second-time.Millisecond)
		defer cancel()
		if err := p.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if looks.times != 100 {
			t.Errorf("%d looks in 100 seconds", looks.times)
		}
	})
}

// lookedAt counts the looks for items.
type lookedAt struct {
	notify.OutboxStore
	mu    sync.Mutex
	times int
}

func (s *lookedAt) ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]notify.Item, error) {
	s.mu.Lock()
	s.times++
	s.mu.Unlock()
	return s.OutboxStore.ClaimItems(ctx, now, until, limit)
}

// busy is a store whose first changes fail, as those of a busy database do.
type busy struct {
	notify.OutboxStore
	mu    sync.Mutex
	fails int
}

func (s *busy) FinishItem(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails--; s.fails >= 0 {
		return errors.New("busy")
	}
	return s.OutboxStore.FinishItem(ctx, id)
}

// R28: what was sent is crossed out although the database is busy for a while, so that it
// is not sent again, and what is behind it does not wait for the end of a claim.
func TestR28_WhatWasSentIsWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &busy{OutboxStore: memstore.New().Outbox(), fails: 5}
		sender := &mailer{}
		p := sends(t, memstore.New(), 1, sender, func(c *notify.Config) { c.Store = store })
		p.deliver(t, noticeOf("7", 0), noticeOf("7", 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if p.flush(t) != 2 || time.Since(began) > 5*time.Second {
			t.Errorf("it took %v to send two letters while the database is busy", time.Since(began))
		}
		if err := p.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n := len(sender.letters()); n != 2 || p.Stats() != (notify.Stats{Sent: 2}) {
			t.Errorf("%d letters were sent, %+v", n, p.Stats())
		}
	})
}
