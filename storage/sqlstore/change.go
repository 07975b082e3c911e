package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/activity"
)

// change is a statement that changes at most one row and returns it, with its
// events. On Postgres both are one statement: one round trip and one fsync
// where BEGIN to COMMIT takes more than twice as long. On SQLite they are two
// statements of one transaction, which costs it nothing.
//
// There are three texts, for no event, one and many: the first two spare the
// server the JSON that many travel in, which is a tenth of its time.
type change struct{ none, one, many *statement }

// changing declares a change. body has the parameters $1 to $n, as fields
// counts; returning is its columns, c to owner, which is the user that the
// events belong to: one of the parameters, or made of c. As one more column of
// c it would cost Postgres a tenth of the time of an edit.
func changing(fields int, body, returning, owner string) change {
	return changingEach(fields, body, returning, returning, owner)
}

// changingEach is changing with other returned columns, sqlite, on SQLite.
func changingEach(fields int, body, returning, sqlite, owner string) change {
	plain := body + " RETURNING " + returning
	with := "WITH c AS (" + plain + "), e AS (" + eventInto + "SELECT "
	end := ") SELECT * FROM c"
	one, many := strings.Replace(shift(oneEvent, fields), "owner", owner, 1), strings.Replace(shift(eachEvent, fields), "owner", owner, 1)
	return change{
		none: writeEach(plain, body+" RETURNING "+sqlite),
		one:  writeEach(with+one+" FROM c"+end, ""),
		many: writeEach(with+many+end, ""),
	}
}

// shift renumbers the parameters of a fragment, $1 to $9, to follow by others.
func shift(fragment string, by int) string {
	var b strings.Builder
	for i := 0; i < len(fragment); i++ {
		b.WriteByte(fragment[i])
		if fragment[i] == '$' {
			i++
			b.WriteString(strconv.Itoa(int(fragment[i]-'0') + by))
		}
	}
	return b.String()
}

// change runs c with its events, which belong to *owner unless they name a
// user. It scans the row that comes back into dest, before it reads *owner,
// which may be a part of dest; found is false when there is none, and then
// nothing was changed and no event written.
func (d *DB) change(ctx context.Context, c change, owner *string, args []any, events []activity.Event, dest ...any) (found bool, err error) {
	switch {
	case len(events) == 0:
		return d.row(ctx, c.none, args, dest...)
	case d.dialect == SQLite:
		err = d.atomically(ctx, func(ctx context.Context) error {
			found, err = d.row(ctx, c.none, args, dest...)
			if err != nil || !found {
				return err
			}
			return d.record(ctx, *owner, events)
		})
		return found && err == nil, err
	case len(events) == 1:
		more, err := d.eventArgs(events[0])
		if err != nil {
			return false, err
		}
		return d.row(ctx, c.one, append(args, more...), dest...)
	}
	rows, err := d.eventsJSON(events)
	if err != nil {
		return false, err
	}
	return d.row(ctx, c.many, append(args, rows), dest...)
}
