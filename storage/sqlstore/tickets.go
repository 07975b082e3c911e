package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

type tickets struct{ db *DB }

// ticketRow is a ticket in the list that one parameter holds.
type ticketRow struct {
	Hash      string `json:"hash"`
	Purpose   string `json:"purpose"`
	Data      string `json:"data"`
	CreatedAt int64  `json:"created_at"`
	ExpiresAt int64  `json:"expires_at"`
	Slot      *int   `json:"slot"`
}

func (s tickets) AddTickets(ctx context.Context, userID string, only authstore.Purpose, list []authstore.Ticket, events ...activity.Event) error {
	if err := authstore.CheckTickets(userID, only, list); err != nil {
		return err
	}
	rows := make([]ticketRow, len(list))
	set := 0
	for i, t := range list {
		rows[i] = ticketRow{
			Hash: hex.EncodeToString(t.Hash[:]), Purpose: string(t.Purpose), Data: hex.EncodeToString(t.Data),
			CreatedAt: micros(t.CreatedAt), ExpiresAt: end(t.ExpiresAt),
		}
		if t.Purpose == only {
			slot := set
			rows[i].Slot = &slot
			set++
		}
	}
	text, err := toJSON(rows)
	if err != nil {
		return err
	}
	if s.db.dialect == Postgres {
		more, err := s.db.eventsJSON(events)
		if err != nil {
			return err
		}
		var written int
		_, err = s.db.row(ctx, addTickets, []any{userID, string(only), text, more}, &written)
		return err
	}
	return s.db.atomically(ctx, func(ctx context.Context) error {
		if only != "" {
			if _, err := s.RemoveTickets(ctx, userID, only); err != nil {
				return err
			}
		}
		if _, err := s.db.exec(ctx, addTickets, userID, text); err != nil {
			return err
		}
		return s.db.record(ctx, userID, events)
	})
}

func (s tickets) Ticket(ctx context.Context, purpose authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	return s.one(ctx, selectTicket, purpose, hash, micros(now))
}

func (s tickets) TakeTicket(ctx context.Context, purpose authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	// What is over is taken away too, so the time is asked after.
	t, err := s.one(ctx, takeTicket, purpose, hash)
	if err == nil && !t.Alive(now) {
		return authstore.Ticket{}, storage.ErrNotFound
	}
	return t, err
}

// one runs st, whose parameters are the hash, the purpose and more.
func (s tickets) one(ctx context.Context, st *statement, purpose authstore.Purpose, hash [32]byte, more ...any) (authstore.Ticket, error) {
	if !keepable(string(purpose)) {
		return authstore.Ticket{}, notFound(ctx)
	}
	var t authstore.Ticket
	found, err := s.db.row(ctx, st, append([]any{hash[:], string(purpose)}, more...), ticketDest(&t)...)
	if err == nil && !found {
		err = storage.ErrNotFound
	}
	if err != nil {
		return authstore.Ticket{}, err
	}
	return t, nil
}

func (s tickets) Tickets(ctx context.Context, userID string, purpose authstore.Purpose, now time.Time) ([]authstore.Ticket, error) {
	if userID == "" || !keepable(userID, string(purpose)) {
		return nil, ctx.Err()
	}
	var list []authstore.Ticket
	err := s.db.rows(ctx, selectTickets, func(r *sql.Rows) error {
		var t authstore.Ticket
		err := r.Scan(ticketDest(&t)...)
		list = append(list, t)
		return err
	}, userID, string(purpose), micros(now))
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s tickets) RemoveTickets(ctx context.Context, userID string, purposes ...authstore.Purpose) (int, error) {
	if userID == "" || !keepable(userID) { // nobody's tickets are not one user's
		return 0, ctx.Err()
	}
	if len(purposes) == 0 {
		n, err := s.db.exec(ctx, dropTickets, userID)
		return int(n), err
	}
	names := make([]string, 0, len(purposes))
	for _, p := range purposes {
		if keepable(string(p)) {
			names = append(names, string(p))
		}
	}
	text, err := toJSON(names)
	if err != nil {
		return 0, err
	}
	n, err := s.db.exec(ctx, dropTicketsOf, userID, text)
	return int(n), err
}

func (s tickets) PurgeTickets(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.db.exec(ctx, purgeTickets, micros(before), limit)
	return int(n), err
}

func ticketDest(t *authstore.Ticket) []any {
	return []any{
		hashInto{&t.Hash}, (*string)(&t.Purpose), &t.UserID, bytesInto{&t.Data}, timeInto{&t.CreatedAt}, endInto{&t.ExpiresAt},
	}
}

// never is the end of what has none.
const never = math.MaxInt64

// end is t as a number, where the zero time is never.
func end(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return micros(t)
}

type endInto struct{ t *time.Time }

func (s endInto) Scan(src any) error {
	if src == int64(never) {
		*s.t = time.Time{}
		return nil
	}
	return timeInto(s).Scan(src)
}

// bytesInto scans bytes; none are nil.
type bytesInto struct{ b *[]byte }

func (s bytesInto) Scan(src any) error {
	switch v := src.(type) {
	case []byte:
		*s.b = nil
		if len(v) > 0 {
			*s.b = bytes.Clone(v)
		}
		return nil
	case nil:
		*s.b = nil
		return nil
	}
	return fmt.Errorf("sqlstore: bytes arrived as %T", src)
}

// keepable reports whether a database can hold the texts. Others are in no row,
// and asking Postgres for them would end the transaction.
func keepable(texts ...string) bool {
	for _, text := range texts {
		if clean(text) != text {
			return false
		}
	}
	return true
}

var _ authstore.TicketStore = tickets{}
