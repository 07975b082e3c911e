package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"regexp"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/batch"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
)

// Letter is a message as it is sent: finished text for one person.
type Letter struct {
	Channel authmail.Channel
	To      string
	// Subject is one line; an SMS has none.
	Subject string
	Text    string
	// HTML is the same as a page, "" for none.
	HTML string
}

// Sender sends letters by one channel. A *PermanentError says that sending the
// letter again would not help; any other error that it might. It must obey ctx.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// PermanentError is the refusal of one letter: an address that does not exist.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return "refused for good: " + e.Err.Error() }
func (e *PermanentError) Unwrap() error { return e.Err }

// Policy is what a host decides about how people are reached. Without Senders nobody
// is.
type Policy struct {
	// Senders are the channels that there are: authmail.ByEmail by notify/smtp or NewFiles,
	// authmail.BySMS by notify/twilio, or a Sender of a few lines. A message for another
	// channel is an error of Deliver.
	Senders map[authmail.Channel]Sender
	// Render makes a letter of a message; nil is Render of this package.
	Render func(m authmail.Message, service string) (Letter, error)
	// SendTimeout bounds the sending of one letter; 0 is 30 s.
	SendTimeout time.Duration
	// Attempts is how often a letter is tried before it is a dead one; 0 is 10, with
	// waits from 10 s to an hour between them.
	Attempts int
	// Poll is how often Run looks for letters when nothing told it to; 0 is a second.
	Poll time.Duration
}

// Config is what New takes. Store, Keys and Senders are required; Users and
// Settings are for notices.
type Config struct {
	Policy

	Store OutboxStore
	// Keys seal what waits.
	Keys *keyring.Ring
	// Users and Settings tell whom a notice of an event goes to and whether it
	// is wanted; without both there are no notices.
	Users    profile.Store
	Settings *settings.Service
	// ReportLink makes the link "this wasn't me" of a notice, which
	// auth.Service.ReportLink does; nil leaves it out.
	ReportLink func(ctx context.Context, userID, to string) (string, error)
	// Service is the name in subjects and texts, "" for "your account".
	Service string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record for each letter that failed, without whom it was for;
	// nil is slog.Default().
	Logger *slog.Logger
}

// Notifier is an authmail.Courier and an activity.Recorder: it writes messages down
// in the transaction of what they are about, and Run sends them. It is safe for
// concurrent use, and any number of nodes may run one on the same database.
type Notifier struct {
	cfg  Config
	wake chan struct{}
}

var (
	_ authmail.Courier  = (*Notifier)(nil)
	_ activity.Recorder = (*Notifier)(nil)
)

// New returns a Notifier, or what is wrong with c. It starts nothing.
func New(c Config) (*Notifier, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("notify: Config.Store is missing")
	case c.Keys == nil:
		return nil, errors.New("notify: Config.Keys is missing")
	case len(c.Senders) == 0:
		return nil, errors.New("notify: Config.Senders is empty")
	}
	for channel, s := range c.Senders {
		if s == nil {
			return nil, fmt.Errorf("notify: the sender for %q is nil", channel)
		}
	}
	if c.Render == nil {
		c.Render = Render
	}
	c.SendTimeout = cmp.Or(c.SendTimeout, 30*time.Second)
	c.Attempts = cmp.Or(c.Attempts, 10)
	c.Poll = cmp.Or(c.Poll, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = logging.Or(c.Logger)
	return &Notifier{cfg: c, wake: make(chan struct{}, 1)}, nil
}

// purpose binds what is sealed to the outbox, and the item's ID binds it to its
// row.
const purpose = "notify.outbox"

// Deliver writes a message down, in the transaction that ctx carries. One
// without an address costs the same and is sent to nobody: what asks for it must
// not tell whether there is an account.
func (n *Notifier) Deliver(ctx context.Context, m authmail.Message) error {
	if n.cfg.Senders[m.Channel] == nil {
		return fmt.Errorf("notify: there is no sender for %q", m.Channel)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("notify: a message of kind %s: %w", m.Kind, err)
	}
	id := rand.Text()
	sealed, err := n.cfg.Keys.Seal(purpose, body, []byte(id))
	if err != nil {
		return fmt.Errorf("notify: sealing a message: %w", err)
	}
	if err := n.cfg.Store.AddItem(ctx, Item{ID: id, Body: sealed, CreatedAt: n.now()}); err != nil {
		return err
	}
	// The transaction is not over yet; what Run finds then or at its next look
	// is soon enough.
	select {
	case n.wake <- struct{}{}:
	default:
	}
	return nil
}

func (n *Notifier) now() time.Time { return n.cfg.Now().UTC().Truncate(time.Microsecond) }

// Run sends what waits until ctx ends, and returns its error. It looks when
// something was delivered on this node, and every Config.Poll.
func (n *Notifier) Run(ctx context.Context) error {
	tick := time.NewTicker(n.cfg.Poll)
	defer tick.Stop()
	purged := time.Time{}
	for {
		for {
			sent, err := n.Flush(ctx)
			if err != nil && ctx.Err() == nil {
				n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: the outbox cannot be read", slog.Any("error", err))
			}
			if err != nil || sent == 0 {
				break
			}
		}
		if now := n.now(); now.Sub(purged) > time.Hour {
			purged = now
			if err := n.PurgeExpired(ctx); err != nil && ctx.Err() == nil {
				n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: dead letters were not removed", slog.Any("error", err))
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-n.wake:
		}
	}
}

const (
	// claimed is how many letters one worker takes at a time.
	claimed = 10
	// purgeBatch is how many rows one statement of PurgeExpired removes.
	purgeBatch = 250
	// deadFor is how long a dead letter is kept to be looked at.
	deadFor = 30 * 24 * time.Hour
)

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

// Flush takes some of what waits, sends it, and says how many items it took. An
// error is the store's; what a sender refuses is tried again later. Tests and
// commands call it; a server calls Run.
func (n *Notifier) Flush(ctx context.Context) (taken int, err error) {
	now := n.now()
	// Long enough for all of them to time out.
	items, err := n.cfg.Store.ClaimItems(ctx, now, now.Add(claimed*n.cfg.SendTimeout+time.Minute), claimed)
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		if err := n.handle(ctx, item); err != nil {
			return len(items), err
		}
	}
	return len(items), nil
}

// handle sends one item and tells the store how that went.
func (n *Notifier) handle(ctx context.Context, item Item) error {
	m, err := n.open(item)
	// Another node may seal by a key that this one learns at its next start.
	if errors.Is(err, keyring.ErrUnknownKey) && item.Attempts < n.cfg.Attempts {
		n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: a letter cannot be opened and is tried again",
			slog.String("item", item.ID), slog.Int("attempt", item.Attempts), slog.String("error", err.Error()))
		return n.cfg.Store.RetryItem(ctx, item.ID, n.now().Add(backOff(item.Attempts)))
	}
	if err != nil {
		return n.bury(ctx, item, m, err)
	}
	if m.To == "" || !m.ExpiresAt.IsZero() && !n.now().Before(m.ExpiresAt) {
		return n.cfg.Store.FinishItem(ctx, item.ID)
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
	if err = n.send(ctx, sender, letter); err == nil {
		return n.cfg.Store.FinishItem(ctx, item.ID)
	}
	if ctx.Err() != nil { // the program stops; another one takes it when the claim is over
		return ctx.Err()
	}
	var permanent *PermanentError
	if errors.As(err, &permanent) || item.Attempts >= n.cfg.Attempts {
		return n.bury(ctx, item, m, err)
	}
	n.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "notify: a letter was not sent and is tried again",
		slog.String("kind", string(m.Kind)), slog.String("user", m.UserID), slog.Int("attempt", item.Attempts), slog.String("error", reason(m, err)))
	return n.cfg.Store.RetryItem(ctx, item.ID, n.now().Add(backOff(item.Attempts)))
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
	n.cfg.Logger.LogAttrs(ctx, slog.LevelError, "notify: a letter was given up",
		slog.String("kind", string(m.Kind)), slog.String("user", m.UserID), slog.Int("attempts", item.Attempts), slog.String("error", why))
	return n.cfg.Store.BuryItem(ctx, item.ID, why, n.now())
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

// DeadItems returns what was given up, the newest first: how often it was tried
// and why it failed, not what it said.
func (n *Notifier) DeadItems(ctx context.Context, limit int) ([]Item, error) {
	return n.cfg.Store.DeadItems(ctx, limit)
}
