// Package modeltest compares a database with the model in memory: the same
// random operations on both, one after another and in transactions that
// commit or roll back, must give the same answers and the same errors (R26).
//
//	err := modeltest.Compare(ctx, db, seed, 10_000)
//
// The error of a difference names the seed and the number of the operation,
// so that it can be had again. A Run takes operations from every store:
// users, passwords, sessions, the throttle, settings, activity, the ledger and holds.
package modeltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Stores is a database with every store. *sqlstore.DB and *memstore.Store are
// such.
type Stores interface {
	Users() profile.Store
	Auth() authstore.Stores
	Limits() limit.Store
	Settings() settings.Store
	Activity() activity.Store
	Ledger() storage.Ledger
	Holds() profile.HoldStore
	storage.Transactor
}

// world is one of the two databases, and the users made in it: the same index
// is the same user in both, whatever their IDs.
type world struct {
	Stores
	users []string
}

// id is the ID of user i, or that of nobody.
func (w *world) id(i int) string {
	if i < len(w.users) {
		return w.users[i]
	}
	return "999999999999"
}

// index is the opposite of id, for answers.
func (w *world) index(id string) int {
	for i, u := range w.users {
		if u == id {
			return i
		}
	}
	return -1
}

// op is one operation with all its arguments chosen, so that it does the same
// in either world. Its answer has nothing in it that may differ.
type op struct {
	name string
	do   func(ctx context.Context, w *world) (answer string, err error)
}

// errBack ends a transaction that is to be rolled back.
var errBack = errors.New("modeltest: rolled back on purpose")

// Compare runs n random operations on db, which must be empty, and on the
// model, and returns an error that tells of the first difference.
func Compare(ctx context.Context, db Stores, seed uint64, n int) error {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 10, 25, 0, 30, 0, 123457000, time.UTC)}
	model, real := &world{Stores: memstore.New()}, &world{Stores: db}
	for i := 0; i < n; {
		ops := []op{g.op()}
		back := false
		if g.IntN(4) == 0 {
			for range g.IntN(5) {
				ops = append(ops, g.op())
			}
			back = g.IntN(3) == 0
		} else {
			want, got := single(ctx, model, ops[0]), single(ctx, real, ops[0])
			i++
			if want != got {
				return difference(seed, i, ops[0].name, got, want)
			}
			continue
		}
		i += len(ops)
		want, got := together(ctx, model, ops, back), together(ctx, real, ops, back)
		for k := range want {
			if k >= len(got) || got[k] != want[k] {
				return difference(seed, i, fmt.Sprintf("transaction of %s, at %d", names(ops), k), fmt.Sprint(got), fmt.Sprint(want))
			}
		}
	}
	return ctx.Err()
}

func difference(seed uint64, i int, what, got, want string) error {
	return fmt.Errorf("modeltest: seed %d, operation %d (%s):\nthe store %s\nthe model %s", seed, i, what, got, want)
}

func names(ops []op) (list []string) {
	for _, o := range ops {
		list = append(list, o.name)
	}
	return list
}

// single runs one operation outside a transaction.
func single(ctx context.Context, w *world, o op) string {
	answer, err := o.do(ctx, w)
	return outcome(answer, err)
}

// together runs operations in one transaction, up to the first that fails, and
// returns what each did and how it ended.
func together(ctx context.Context, w *world, ops []op, back bool) (outcomes []string) {
	users := len(w.users)
	err := w.InTx(ctx, func(ctx context.Context) error {
		// The function may run again.
		outcomes, w.users = nil, w.users[:users]
		for _, o := range ops {
			answer, err := o.do(ctx, w)
			outcomes = append(outcomes, outcome(answer, err))
			if err != nil {
				return err
			}
		}
		if back {
			return errBack
		}
		return nil
	})
	if err != nil {
		w.users = w.users[:users]
	}
	return append(outcomes, "end: "+outcome("", err))
}

// outcome is an answer, or the kind of an error: texts may differ.
func outcome(answer string, err error) string {
	if err == nil {
		return answer
	}
	if taken, ok := errors.AsType[*storage.TakenError](err); ok {
		return "taken: " + taken.Field
	}
	if _, ok := errors.AsType[*input.InvalidError](err); ok {
		return "invalid"
	}
	for _, kind := range []error{storage.ErrNotFound, storage.ErrTaken, storage.ErrStale, errBack, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "another error: " + err.Error()
}
