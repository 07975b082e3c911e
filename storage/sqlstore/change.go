package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
)

// change runs a statement that changes at most one row, and writes the events
// when it did: on Postgres both in the one statement, whose $1 is the events;
// on SQLite, where $1 is unused, two statements of one transaction. args are
// the parameters from $2 on. It scans the row that comes back into dest;
// found is false when there is none, and then nothing was changed. owner is
// read after that, so it may point into dest.
//
// One round trip and one fsync instead of three and one: on Postgres a change
// in one statement costs less than half of one between BEGIN and COMMIT.
func (d *DB) change(ctx context.Context, s *statement, owner *string, args []any, events []activity.Event, dest ...any) (found bool, err error) {
	if d.dialect == Postgres {
		rows, err := d.eventsJSON(events)
		if err != nil {
			return false, err
		}
		return d.row(ctx, s, append([]any{rows}, args...), dest...)
	}
	err = d.atomically(ctx, func(ctx context.Context) error {
		found, err = d.row(ctx, s, append([]any{nil}, args...), dest...)
		if err != nil || !found {
			return err
		}
		return d.record(ctx, *owner, events)
	})
	return found && err == nil, err
}
