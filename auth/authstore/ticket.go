package authstore

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/activity"
)

// Purpose is what a Ticket is for. One made for one purpose opens no other.
type Purpose string

// Ticket is a one-time secret that was given to somebody: a link, a code or a
// challenge. The secret itself is never stored.
type Ticket struct {
	// Hash is the SHA-256 of the secret; for a short code, of the code with
	// what it is bound to and a server's key.
	Hash    [32]byte
	Purpose Purpose
	// UserID is "" for what is begun before anybody is known.
	UserID string
	// Data is what the ticket is bound to, at most MaxData bytes. It holds no
	// secret that is not sealed.
	Data []byte
	// CreatedAt and ExpiresAt bound its life. The zero ExpiresAt is for ever.
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Alive reports whether t has not reached its end at now.
func (t Ticket) Alive(now time.Time) bool { return t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt) }

// MaxData is how many bytes the Data of a Ticket or a FactorRecord has at most.
const MaxData = 4096

// CheckTickets is what every TicketStore refuses to add: more Data than MaxData,
// a purpose that is empty or no text, a ticket of another user, and to have
// the tickets of nobody replaced.
func CheckTickets(userID string, only Purpose, tickets []Ticket) error {
	if userID == "" && only != "" {
		return errors.New("authstore: tickets of nobody cannot be replaced")
	}
	if !isText(userID) || !isText(string(only)) {
		return errors.New("authstore: ticket: the user or the purpose is no text")
	}
	for _, t := range tickets {
		switch {
		case t.Purpose == "" || !isText(string(t.Purpose)):
			return errors.New("authstore: ticket: the purpose is empty or no text")
		case t.UserID != "" && t.UserID != userID:
			return errors.New("authstore: ticket: it is another user's")
		case len(t.Data) > MaxData:
			return errors.New("authstore: ticket: too much data")
		}
	}
	return nil
}

// isText reports whether every database keeps s as it is.
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// TicketStore keeps tickets. Like all stores it joins a transaction that ctx
// carries. At the zero time no ticket has expired.
type TicketStore interface {
	// AddTickets writes the tickets and the events, all or nothing. When only is
	// not "", the user's earlier tickets of that purpose are removed in the same
	// step, so that the newest alone counts; of several calls at once with equally
	// many tickets, the tickets of one call remain. What CheckTickets refuses is an error, and so is a
	// Hash that is there. The events of userID may leave their user out.
	AddTickets(ctx context.Context, userID string, only Purpose, tickets []Ticket, events ...activity.Event) error
	// Ticket returns a ticket without taking it; storage.ErrNotFound when it is
	// not there or expired at now.
	Ticket(ctx context.Context, purpose Purpose, hash [32]byte, now time.Time) (Ticket, error)
	// TakeTicket removes a ticket and returns it. Of any number of concurrent
	// calls one gets it; for the others it is storage.ErrNotFound. So it is when
	// the ticket expired at now, and that one is removed too: a clock that is set
	// back later brings it not back.
	TakeTicket(ctx context.Context, purpose Purpose, hash [32]byte, now time.Time) (Ticket, error)
	// Tickets returns the user's tickets of a purpose that are alive at now, the
	// newest first, at most 100.
	Tickets(ctx context.Context, userID string, purpose Purpose, now time.Time) ([]Ticket, error)
	// RemoveTickets removes the user's tickets of the purposes, or of every
	// purpose when none is given, and says how many. The user "" has none: what
	// is nobody's only expires.
	RemoveTickets(ctx context.Context, userID string, purposes ...Purpose) (int, error)
	// PurgeTickets removes up to limit tickets of any user that expired before
	// the given time, and says how many.
	PurgeTickets(ctx context.Context, before time.Time, limit int) (int, error)
}
