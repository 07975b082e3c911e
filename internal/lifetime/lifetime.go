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

// Of returns what With put into ctx, or ctx itself.
func Of(ctx context.Context) context.Context {
	if limit, ok := ctx.Value(key{}).(context.Context); ok {
		return limit
	}
	return ctx
}
