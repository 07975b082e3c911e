// Package logging is what a nil *slog.Logger in a Config means: errors and warnings
// go where the program's own go, and nothing else is written.
package logging

import (
	"context"
	"log/slog"
)

// Or returns l, or the logger of warnings when l is nil.
func Or(l *slog.Logger) *slog.Logger {
	if l != nil {
		return l
	}
	return slog.New(warnings{})
}

// warnings hands records of level Warn and above to slog.Default, as that is when
// they are written: a program may set it after it has made our services.
type warnings struct {
	// with are the calls of WithAttrs and WithGroup, in their order.
	with []func(slog.Handler) slog.Handler
}

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && slog.Default().Enabled(ctx, level)
}

func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	h := slog.Default().Handler()
	for _, f := range w.with {
		h = f(h)
	}
	return h.Handle(ctx, r)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return w.and(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (w warnings) WithGroup(name string) slog.Handler {
	return w.and(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (w warnings) and(f func(slog.Handler) slog.Handler) slog.Handler {
	return warnings{append(w.with[:len(w.with):len(w.with)], f)}
}
