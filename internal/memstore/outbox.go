package memstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

type outbox struct{ s *Store }

var (
	_ notify.OutboxStore  = outbox{}
	_ notify.OutboxWalker = outbox{}
)

// letter is an item with what the store knows of it.
type letter struct {
	notify.Item
	next time.Time
	dead bool
}

func (o outbox) AddItem(ctx context.Context, i notify.Item) error {
	return o.s.write(ctx, func(st *state) error {
		if _, there := st.outbox.get(i.ID); there {
			return fmt.Errorf("memstore: outbox: %w", storage.ErrTaken)
		}
		i.Body, i.CreatedAt, i.Attempts, i.Reason = copyData(i.Body), stored(i.CreatedAt), 0, ""
		st.outbox.put(st, i.ID, letter{Item: i, next: i.CreatedAt})
		return nil
	})
}

// sorted are the letters in the order of their time.
func (st *state) sorted(match func(letter) bool) []letter {
	var list []letter
	for _, l := range st.outbox.rows {
		if match(l) {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b letter) int { return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.ID, b.ID)) })
	return list
}

func (o outbox) ClaimItems(ctx context.Context, now, until time.Time, limit int) (list []notify.Item, err error) {
	err = o.s.write(ctx, func(st *state) error {
		list = nil
		for _, l := range st.sorted(func(l letter) bool { return !l.dead && !l.next.After(stored(now)) }) {
			if len(list) == limit {
				break
			}
			l.next = stored(until)
			l.Attempts++
			st.outbox.put(st, l.ID, l)
			l.Body = copyData(l.Body)
			list = append(list, l.Item)
		}
		return nil
	})
	return list, err
}

func (o outbox) change(ctx context.Context, id string, f func(l letter) letter) error {
	return o.s.write(ctx, func(st *state) error {
		if l, ok := st.outbox.get(id); ok {
			st.outbox.put(st, id, f(l))
		}
		return nil
	})
}

func (o outbox) FinishItem(ctx context.Context, id string) error {
	return o.s.write(ctx, func(st *state) error {
		st.outbox.remove(st, id)
		return nil
	})
}

func (o outbox) RetryItem(ctx context.Context, id string, at time.Time) error {
	return o.change(ctx, id, func(l letter) letter {
		if !l.dead {
			l.next = stored(at)
		}
		return l
	})
}

func (o outbox) BuryItem(ctx context.Context, id, reason string, at time.Time) error {
	return o.change(ctx, id, func(l letter) letter {
		l.dead, l.Reason, l.next, l.Body = true, reason, stored(at), nil
		return l
	})
}

func (o outbox) DeadItems(ctx context.Context, limit int) (list []notify.Item, err error) {
	err = o.s.read(ctx, func(st *state) error {
		dead := st.sorted(func(l letter) bool { return l.dead })
		slices.SortStableFunc(dead, func(a, b letter) int { return b.next.Compare(a.next) })
		for _, l := range dead[:min(len(dead), limit)] {
			l.Body = nil
			list = append(list, l.Item)
		}
		return nil
	})
	return list, err
}

func (o outbox) WaitingItems(ctx context.Context, after string, limit int) (list []notify.Item, err error) {
	err = o.s.read(ctx, func(st *state) error {
		for _, l := range st.sorted(func(l letter) bool { return !l.dead && l.ID > after }) {
			l.Body = copyData(l.Body)
			list = append(list, l.Item)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b notify.Item) int { return cmp.Compare(a.ID, b.ID) })
	return list[:min(limit, len(list))], err
}

func (o outbox) PurgeItems(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = o.s.write(ctx, func(st *state) error {
		n = 0
		for id, l := range maps.Clone(st.outbox.rows) {
			if n < limit && l.dead && l.next.Before(stored(before)) {
				st.outbox.remove(st, id)
				n++
			}
		}
		return nil
	})
	return n, err
}
