// Package lifetime tells a driver until when a transaction may last whose own
// context does not end.
//
// database/sql rolls back when the context of Begin ends, also amid COMMIT, and
// nobody could say then whether it happened. So sqlstore begins with a context
// without an end, and names the caller's beside it:
//
//	tx, err := db.BeginTx(lifetime.With(context.WithoutCancel(ctx), ctx), nil)
//
// The driver of storage/postgres reads it, and gives up COMMIT when it ends.
package lifetime

import "context"

type key struct{}

// With returns ctx carrying the context that limits the transaction.
func With(ctx, limit context.Context) context.Context {
	return context.WithValue(ctx, key{}, limit)
}

// Unwatched returns ctx as one that nobody waits for: database/sql and the
// driver spend a goroutine each on watching a context for every query, which is
// more than reading one row costs. The guard of storage/postgres watches it
// instead.
func Unwatched(ctx context.Context) context.Context { return unwatched{ctx} }

type unwatched struct{ context.Context }

func (unwatched) Done() <-chan struct{} { return nil }
func (unwatched) Err() error            { return nil }

func (u unwatched) Value(k any) any {
	if k == (key{}) {
		return u.Context
	}
	return u.Context.Value(k)
}

// Of returns what With or Unwatched put into ctx, or ctx itself.
func Of(ctx context.Context) context.Context {
	if limit, ok := ctx.Value(key{}).(context.Context); ok {
		return limit
	}
	return ctx
}
