package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"regexp"
	"sync"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/batch"
)

const (
	// flushed is how many letters one call of Flush takes.
	flushed = 10
	// claimSlack is how much longer than the sending of a letter its claim lasts: the clocks
	// of nodes may differ by 3 minutes, and what is sent has to be written down.
	claimSlack = 4 * time.Minute
	// settleTime bounds writing down how it went with a letter, and settleWait is how long
	// the first wait is after a try of it that failed.
	settleTime = 10 * time.Second
	settleWait = 20 * time.Millisecond
	// purgeEvery is how often Run removes dead letters.
	purgeEvery = time.Hour
	// purgeBatch is how many rows one statement of PurgeExpired removes.
	purgeBatch = 250
	// deadFor is how long a dead letter is kept to be looked at.
	deadFor = 30 * 24 * time.Hour
)

// Run sends what waits until ctx ends, and returns its error once all workers are gone. It
// looks when something was delivered on this node, and every Policy.Poll. A letter that is
// being sent when ctx ends is left to others at once.
func (n *Notifier) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	for range n.cfg.Workers {
		all.Go(func() { n.work(ctx) })
	}
	all.Go(func() { n.purge(ctx) })
	tick := time.NewTicker(n.cfg.Poll)
	defer tick.Stop()
	for {
		n.rouse()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// rouse has one worker look for a letter. The first one that finds one rouses the next, so
// that with nothing to do one of them looks at a time.
func (n *Notifier) rouse() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// work is a worker's life.
func (n *Notifier) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		for found := true; found && ctx.Err() == nil; {
			var err error
			if found, err = n.next(ctx); err != nil && ctx.Err() == nil {
				n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: the outbox cannot be used", slog.Any("error", err))
				break
			}
		}
	}
}

// purge removes dead letters every hour of the clock, until ctx ends.
func (n *Notifier) purge(ctx context.Context) {
	tick := time.NewTicker(n.cfg.Poll)
	defer tick.Stop()
	for purged := (time.Time{}); ; {
		if now := n.now(); now.Sub(purged) > purgeEvery {
			purged = now
			if err := n.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
				n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: dead letters were not removed", slog.Any("error", err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// PurgeExpired removes dead letters 30 days after they were given up, in small
// batches until none is left. Run does it every hour; hosts that call Flush instead
// call this too.
func (n *Notifier) PurgeExpired(ctx context.Context) error {
	before := n.now().Add(-deadFor)
	_, err := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return n.cfg.Store.PurgeItems(ctx, before, limit)
	})
	return err
}

// Flush takes up to ten items of what waits, one after the other, sends them, and says how
// many it took. An error is the store's; what a sender refuses is tried again later. Tests
// and commands call it; a server calls Run.
func (n *Notifier) Flush(ctx context.Context) (taken int, err error) {
	for taken < flushed {
		found, err := n.next(ctx)
		if found {
			taken++
		}
		if err != nil || !found {
			return taken, err
		}
	}
	return taken, nil
}

// next takes the first item of what waits and sends it. It takes no more than one, so that
// a link or a code that is written meanwhile is the next.
func (n *Notifier) next(ctx context.Context) (found bool, err error) {
	now := n.now()
	items, err := n.cfg.Store.ClaimItems(ctx, now, now.Add(n.cfg.SendTimeout+claimSlack), 1)
	if err != nil || len(items) == 0 {
		return false, err
	}
	n.rouse()
	return true, n.handle(ctx, items[0])
}

// handle sends one item and tells the store how that went.
func (n *Notifier) handle(ctx context.Context, item Item) error {
	m, err := n.open(item)
	// Another node may seal by a key that this one learns at its next start.
	if errors.Is(err, keyring.ErrUnknownKey) && item.Attempts < n.cfg.Attempts {
		n.stats.retried.Add(1)
		n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: a letter cannot be opened and is tried again",
			slog.String("item", item.ID), slog.Int("attempt", item.Attempts), slog.String("error", err.Error()))
		return n.retry(ctx, item, n.now().Add(backOff(item.Attempts)))
	}
	if err != nil {
		return n.bury(ctx, item, m, err)
	}
	if m.To == "" {
		return n.finish(ctx, item)
	}
	if !m.ExpiresAt.IsZero() && !n.now().Before(m.ExpiresAt) {
		return n.expire(ctx, item, m)
	}
	letter, err := n.cfg.Render(m, n.cfg.Service)
	if err != nil {
		return n.bury(ctx, item, m, err)
	}
	letter.Channel, letter.To = m.Channel, m.To
	sender := n.cfg.Senders[m.Channel]
	if sender == nil {
		return n.bury(ctx, item, m, errors.New("there is no sender for the channel any more"))
	}
	err = n.send(ctx, sender, letter)
	var permanent *PermanentError
	switch {
	case err == nil:
		n.stats.sent.Add(1)
		return n.finish(ctx, item)
	case ctx.Err() != nil: // the program stops, and another worker takes it
		return cmp.Or(n.retry(ctx, item, n.now()), ctx.Err())
	case errors.As(err, &permanent) || item.Attempts >= n.cfg.Attempts:
		return n.bury(ctx, item, m, err)
	}
	n.stats.retried.Add(1)
	n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: a letter was not sent and is tried again",
		slog.String("kind", string(m.Kind)), slog.String("user", m.UserID), slog.Int("attempt", item.Attempts), slog.String("error", reason(m, err)))
	return n.retry(ctx, item, n.now().Add(backOff(item.Attempts)))
}

// settle writes down how it went with a letter, also when the program stops and when the
// database is busy: what was sent must not be sent again, and until the end of a claim
// others wait.
func (n *Notifier) settle(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	for wait := settleWait; ; wait *= 2 {
		err := write(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (n *Notifier) finish(ctx context.Context, item Item) error {
	return n.settle(ctx, func(ctx context.Context) error { return n.cfg.Store.FinishItem(ctx, item.ID) })
}

func (n *Notifier) retry(ctx context.Context, item Item, at time.Time) error {
	return n.settle(ctx, func(ctx context.Context) error { return n.cfg.Store.RetryItem(ctx, item.ID, item.Attempts, at) })
}

func (n *Notifier) markDead(ctx context.Context, item Item, why string) error {
	at := n.now()
	return n.settle(ctx, func(ctx context.Context) error { return n.cfg.Store.BuryItem(ctx, item.ID, why, at) })
}

// send bounds a sender, and makes its panic an error.
func (n *Notifier) send(ctx context.Context, s Sender, l Letter) (err error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.SendTimeout)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = errors.New("the sender panicked")
		}
	}()
	return s.Send(ctx, l)
}

func (n *Notifier) open(item Item) (m authmail.Message, err error) {
	body, err := n.cfg.Keys.Open(purpose, item.Body, []byte(item.ID))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return authmail.Message{}, errors.New("the message is not one of this version")
	}
	return m, nil
}

// bury makes a dead letter.
func (n *Notifier) bury(ctx context.Context, item Item, m authmail.Message, err error) error {
	why := reason(m, err)
	n.stats.givenUp.Add(1)
	n.cfg.Logger.LogAttrs(ctx, slog.LevelError, "notify: a letter was given up",
		slog.String("kind", string(m.Kind)), slog.String("user", m.UserID), slog.Int("attempts", item.Attempts), slog.String("error", why))
	return n.markDead(ctx, item, why)
}

// expire makes a dead letter of one whose time is over. Its record names nobody.
func (n *Notifier) expire(ctx context.Context, item Item, m authmail.Message) error {
	n.stats.expired.Add(1)
	n.cfg.Logger.LogAttrs(ctx, slog.LevelError, "notify: a letter expired before it was sent",
		slog.String("item", item.ID), slog.String("kind", string(m.Kind)), slog.Int("attempts", item.Attempts),
		slog.Duration("waited", n.now().Sub(item.CreatedAt)))
	return n.markDead(ctx, item, ReasonExpired)
}

// reason is why a letter was not sent, for operators: the words of a sender without
// the address that they may hold. It is kept for longer than the account may be.
func reason(m authmail.Message, err error) string {
	why := err.Error()
	if m.To == "" {
		return why
	}
	address := regexp.MustCompile("(?i)" + regexp.QuoteMeta(m.To))
	return address.ReplaceAllLiteralString(why, "[the address]")
}

// backOff is 10 s, 20, 40 and so on up to an hour, each up to a half longer so
// that what failed together is not tried together.
func backOff(attempts int) time.Duration {
	wait := min(10*time.Second<<min(attempts-1, 20), time.Hour)
	return wait + mathrand.N(wait/2)
}
