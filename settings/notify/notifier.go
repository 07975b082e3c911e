package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
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
	// Workers is how many letters each node sends at once, 64 at most; 0 is 4. Of one user
	// one link or code and one notice at a time are sent, in the order in which they were
	// written.
	Workers int
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
	// UnknownAddresses says that Users do not know whether an address was proved, as with a
	// sign-in of the host's own. Without it an address that was never proved gets no notice
	// in the first 7 days of the account, since it may be a stranger's.
	UnknownAddresses bool
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
	cfg   Config
	wake  chan struct{} // holds a token when some worker shall look for a letter
	stats counts
}

// maxWorkers bounds Policy.Workers: each keeps a connection to a server of mail.
const maxWorkers = 64

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
	if c.Workers < 0 || c.Workers > maxWorkers {
		return nil, fmt.Errorf("notify: Policy.Workers is %d, want 1 to %d, or 0 for the default", c.Workers, maxWorkers)
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
	c.Workers = cmp.Or(c.Workers, 4)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = logging.Or(c.Logger)
	return &Notifier{cfg: c, wake: make(chan struct{}, 1)}, nil
}

// purpose binds what is sealed to the outbox, and the item's ID binds it to its
// row; groupPurpose is what the names of groups are for.
const (
	purpose      = "notify.outbox"
	groupPurpose = "notify.outbox.group"
)

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
	if err := n.cfg.Store.AddItem(ctx, Item{ID: id, Body: sealed, Class: classOf(m.Kind), Group: n.group(m.UserID), CreatedAt: n.now()}); err != nil {
		return err
	}
	// The transaction is not over yet; what Run finds then or at its next look
	// is soon enough.
	n.rouse()
	return nil
}

// group is the group of a user's items. Nodes of which one has other keys than the other one
// name it differently: for as long as that is so they keep an order each.
func (n *Notifier) group(userID string) string {
	mac := n.cfg.Keys.MAC(groupPurpose, []byte(userID)) // also of nobody, which costs the same
	if userID == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}

func (n *Notifier) now() time.Time { return n.cfg.Now().UTC().Truncate(time.Microsecond) }
