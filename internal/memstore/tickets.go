package memstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

type tickets struct{ s *Store }

var _ authstore.TicketStore = tickets{}

func (ts tickets) AddTickets(ctx context.Context, userID string, only authstore.Purpose, list []authstore.Ticket, events ...activity.Event) error {
	if err := authstore.CheckTickets(userID, only, list); err != nil {
		return err
	}
	events = slices.Clone(events)
	for i := range events {
		events[i].UserID = cmp.Or(events[i].UserID, userID)
	}
	return ts.s.write(ctx, func(st *state) error {
		if only != "" {
			st.dropTickets(-1, func(t authstore.Ticket) bool { return t.UserID == userID && t.Purpose == only })
		}
		for _, t := range list {
			if _, there := st.tickets.get(t.Hash); there {
				return fmt.Errorf("memstore: ticket: %w", storage.ErrTaken)
			}
			t.UserID, t.Data = userID, copyData(t.Data)
			t.CreatedAt, t.ExpiresAt = stored(t.CreatedAt), stored(t.ExpiresAt)
			st.tickets.put(st, t.Hash, t)
		}
		return st.record(events)
	})
}

// ticket returns a copy of the ticket that is alive at now.
func (st *state) ticket(purpose authstore.Purpose, hash [32]byte, now time.Time) (authstore.Ticket, error) {
	t, ok := st.tickets.get(hash)
	if !ok || t.Purpose != purpose || !t.Alive(now) {
		return authstore.Ticket{}, fmt.Errorf("memstore: ticket: %w", storage.ErrNotFound)
	}
	t.Data = copyData(t.Data)
	return t, nil
}

func (ts tickets) Ticket(ctx context.Context, purpose authstore.Purpose, hash [32]byte, now time.Time) (t authstore.Ticket, err error) {
	err = ts.s.read(ctx, func(st *state) (err error) {
		t, err = st.ticket(purpose, hash, now)
		return err
	})
	return t, err
}

func (ts tickets) TakeTicket(ctx context.Context, purpose authstore.Purpose, hash [32]byte, now time.Time) (t authstore.Ticket, err error) {
	err = ts.s.write(ctx, func(st *state) (err error) {
		// A ticket that is over is taken away too, so the time is asked after.
		if t, err = st.ticket(purpose, hash, time.Time{}); err == nil {
			st.tickets.remove(st, hash)
		}
		return err
	})
	if err == nil && !t.Alive(now) {
		return authstore.Ticket{}, fmt.Errorf("memstore: ticket: %w", storage.ErrNotFound)
	}
	return t, err
}

func (ts tickets) Tickets(ctx context.Context, userID string, purpose authstore.Purpose, now time.Time) ([]authstore.Ticket, error) {
	var list []authstore.Ticket
	err := ts.s.read(ctx, func(st *state) error {
		for _, t := range st.tickets.rows {
			if userID != "" && t.UserID == userID && t.Purpose == purpose && t.Alive(now) {
				t.Data = copyData(t.Data)
				list = append(list, t)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b authstore.Ticket) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	return list[:min(len(list), 100)], err
}

func (ts tickets) RemoveTickets(ctx context.Context, userID string, purposes ...authstore.Purpose) (n int, err error) {
	err = ts.s.write(ctx, func(st *state) error {
		n = st.dropTickets(-1, func(t authstore.Ticket) bool {
			return userID != "" && t.UserID == userID && (len(purposes) == 0 || slices.Contains(purposes, t.Purpose))
		})
		return nil
	})
	return n, err
}

func (ts tickets) PurgeTickets(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = ts.s.write(ctx, func(st *state) error {
		n = st.dropTickets(max(limit, 0), func(t authstore.Ticket) bool {
			return !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(before)
		})
		return nil
	})
	return n, err
}

// dropTickets removes up to limit tickets that match, or all of them when limit
// is negative.
func (st *state) dropTickets(limit int, match func(authstore.Ticket) bool) int {
	n := 0
	for hash, t := range maps.Clone(st.tickets.rows) {
		if n != limit && match(t) {
			st.tickets.remove(st, hash)
			n++
		}
	}
	return n
}

// copyData is b for another owner; none is nil.
func copyData(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}
