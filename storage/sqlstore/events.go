package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
)

const (
	eventInto = `INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) `

	// oneEvent is an event as parameters, for the changed row c and its owner.
	oneEvent = `$1::text, COALESCE(NULLIF($2::text, ''), owner), $3::text, $4::timestamptz, $5::text, $6::text, $7::text, $8::json`

	// Several events travel as one JSON parameter, so that a constant text
	// writes any number of them.
	eventCols = `r.kind, r.at, r.ip, r.device, r.place, r.detail`
	eventRows = `json_to_recordset($1::json) AS r(id text, user_id text, kind text, at timestamptz, ip text, device text, place text, detail json)`
	eachEvent = `r.id, COALESCE(NULLIF(r.user_id, ''), owner), ` + eventCols + ` FROM c, ` + eventRows
)

// insertEvents writes the events of $1; those without a user belong to $2.
var insertEvents = writeEach(
	eventInto+`SELECT r.id, COALESCE(NULLIF(r.user_id, ''), $2), `+eventCols+` FROM `+eventRows,
	eventInto+`SELECT value ->> '$.id', COALESCE(NULLIF(value ->> '$.user_id', ''), $2), value ->> '$.kind', value ->> '$.at',
		value ->> '$.ip', value ->> '$.device', value ->> '$.place', value -> '$.detail' FROM json_each($1)`,
)

// insertEvent writes one event.
var insertEvent = write(eventInto + `VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)

type eventRow struct {
	ID     string            `json:"id"`
	UserID string            `json:"user_id"`
	Kind   activity.Kind     `json:"kind"`
	At     any               `json:"at"`
	IP     string            `json:"ip"`
	Device string            `json:"device"`
	Place  string            `json:"place"`
	Detail map[string]string `json:"detail"`
}

// eventsJSON is events as one parameter.
func (d *DB) eventsJSON(events []activity.Event) (string, error) {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{
			ID: clean(e.ID), UserID: clean(e.UserID), Kind: activity.Kind(clean(string(e.Kind))), At: d.eventTime(e.At),
			IP: clean(e.Source.IP), Device: clean(e.Source.Device), Place: clean(e.Source.Place), Detail: cleanAll(e.Detail),
		}
	}
	b, err := json.Marshal(rows)
	return string(b), err
}

// eventArgs is one event as the parameters of oneEvent and insertEvent.
func (d *DB) eventArgs(e activity.Event) ([]any, error) {
	detail, err := toJSON(cleanAll(e.Detail))
	return []any{
		clean(e.ID), clean(e.UserID), clean(string(e.Kind)), d.at(e.At),
		clean(e.Source.IP), clean(e.Source.Device), clean(e.Source.Place), detail,
	}, err
}

func (d *DB) eventTime(t time.Time) any {
	if d.dialect == SQLite {
		return t.UnixMicro()
	}
	return t.UTC().Truncate(time.Microsecond).Format("2006-01-02T15:04:05.999999Z07:00")
}

// clean replaces what Postgres cannot keep in text, NUL and invalid UTF-8, as
// JSON does: a strange device name must not undo a sign-in.
func clean(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// cleanAll is never nil: JSON's null would come out of the parameter as NULL.
func cleanAll(detail map[string]string) map[string]string {
	out := make(map[string]string, len(detail))
	for k, v := range detail {
		out[clean(k)] = clean(v)
	}
	return out
}

// record writes events by themselves; owner is for those that name nobody.
func (d *DB) record(ctx context.Context, owner string, events []activity.Event) error {
	switch len(events) {
	case 0:
		return nil
	case 1:
		e := events[0]
		e.UserID = cmp.Or(e.UserID, owner)
		args, err := d.eventArgs(e)
		if err != nil {
			return err
		}
		_, err = d.exec(ctx, insertEvent, args...)
		return err
	}
	rows, err := d.eventsJSON(events)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, insertEvents, rows, owner)
	return err
}
