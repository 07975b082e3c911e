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

// letter is an item with what the store knows of it: its turn, and from when on it may be
// claimed or, while it is, until when.
type letter struct {
	notify.Item
	turn, next time.Time
	claimed    bool
	dead       bool
}

// lane is those letters of which one at a time is claimed.
type lane struct {
	group string
	class notify.Class
}

func (l letter) lane() lane { return lane{l.Group, l.Class} }

func (o outbox) AddItem(ctx context.Context, i notify.Item) error {
	return o.s.write(ctx, func(st *state) error {
		if _, there := st.outbox.get(i.ID); there {
			return fmt.Errorf("memstore: outbox: %w", storage.ErrTaken)
		}
		i.Body, i.CreatedAt, i.Attempts, i.Reason = copyData(i.Body), stored(i.CreatedAt), 0, ""
		added := letter{Item: i, turn: i.CreatedAt, next: i.CreatedAt}
		for _, l := range st.outbox.rows {
			if after := l.turn.Add(time.Hour); !l.dead && l.Group != "" && l.lane() == added.lane() && after.After(added.turn) {
				added.turn = after
			}
		}
		st.outbox.put(st, i.ID, added)
		return nil
	})
}

// sorted are the letters in the order of compare, equal ones in that of their IDs.
func (st *state) sorted(match func(letter) bool, compare func(a, b letter) int) []letter {
	var list []letter
	for _, l := range st.outbox.rows {
		if match(l) {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b letter) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
	return list
}

func byTurn(a, b letter) int    { return cmp.Or(cmp.Compare(a.Class, b.Class), a.turn.Compare(b.turn)) }
func byID(letter, letter) int   { return 0 }
func lastFirst(a, b letter) int { return b.next.Compare(a.next) }

func (o outbox) ClaimItems(ctx context.Context, now, until time.Time, limit int) (list []notify.Item, err error) {
	err = o.s.write(ctx, func(st *state) error {
		list = nil
		busy := map[lane]bool{}
		for _, l := range st.outbox.rows {
			if l.claimed && l.Group != "" && l.next.After(stored(now)) {
				busy[l.lane()] = true
			}
		}
		for _, l := range st.sorted(func(l letter) bool { return !l.dead && !l.next.After(stored(now)) }, byTurn) {
			if len(list) == limit {
				break
			}
			if busy[l.lane()] {
				continue
			}
			busy[l.lane()] = l.Group != ""
			l.next, l.claimed = stored(until), true
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

func (o outbox) RetryItem(ctx context.Context, id string, attempts int, at time.Time) error {
	return o.change(ctx, id, func(l letter) letter {
		if !l.dead && l.Attempts == attempts {
			l.next, l.claimed = stored(at), false
		}
		return l
	})
}

func (o outbox) BuryItem(ctx context.Context, id, reason string, at time.Time) error {
	return o.change(ctx, id, func(l letter) letter {
		l.dead, l.claimed, l.Reason, l.next, l.Body, l.Group = true, false, reason, stored(at), nil, ""
		return l
	})
}

func (o outbox) DeadItems(ctx context.Context, limit int) (list []notify.Item, err error) {
	err = o.s.read(ctx, func(st *state) error {
		dead := st.sorted(func(l letter) bool { return l.dead }, lastFirst)
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
		for _, l := range st.sorted(func(l letter) bool { return !l.dead && l.ID > after }, byID) {
			l.Body = copyData(l.Body)
			list = append(list, l.Item)
		}
		return nil
	})
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
