package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
)

const (
	eventInto = `INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) `

	// oneEvent is an event as parameters, for the changed row c and its owner.
	oneEvent = `$1::text, COALESCE(NULLIF($2::text, ''), owner), $3::text, $4::timestamptz, $5::text, $6::text, $7::text, $8::json`

	// Several events of a change travel as one JSON parameter, so that a
	// constant text writes any number of them.
	eventCols = `r.kind, r.at, r.ip, r.device, r.place, r.detail`
	eventRows = `json_to_recordset($1::json) AS r(id text, user_id text, kind text, at timestamptz, ip text, device text, place text, detail json)`
	eachEvent = `r.id, COALESCE(NULLIF(r.user_id, ''), owner), ` + eventCols + ` FROM c, ` + eventRows
)

// insertEvents writes events. Postgres takes each column as an array, with the
// owner in the rows, in a seventh less time than JSON takes; SQLite takes one
// JSON document, and the owner of events without a user as $2.
var insertEvents = writeEach(
	eventInto+`SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::json[])`,
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
	return timestamp(t)
}

// timestamp is t as text for Postgres.
func timestamp(t time.Time) string {
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
	if len(events) <= maxEvents {
		return d.recordMany(ctx, owner, events)
	}
	return d.atomically(ctx, func(ctx context.Context) error {
		for chunk := range slices.Chunk(events, maxEvents) {
			if err := d.recordMany(ctx, owner, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxEvents is how many events one statement writes: an import of millions
// must not become one parameter of gigabytes.
const maxEvents = 1000

func (d *DB) recordMany(ctx context.Context, owner string, events []activity.Event) error {
	if d.dialect == Postgres {
		columns, err := d.eventArrays(owner, events)
		if err != nil {
			return err
		}
		_, err = d.exec(ctx, insertEvents, columns...)
		return err
	}
	rows, err := d.eventsJSON(events)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, insertEvents, rows, owner)
	return err
}

// eventArrays is events as the columns of insertEvents, each an array as
// Postgres writes it.
func (d *DB) eventArrays(owner string, events []activity.Event) ([]any, error) {
	var columns [8]arrayText
	for _, e := range events {
		detail, err := toJSON(cleanAll(e.Detail))
		if err != nil {
			return nil, err
		}
		for i, value := range [8]string{
			clean(e.ID), cmp.Or(clean(e.UserID), owner), clean(string(e.Kind)), timestamp(e.At),
			clean(e.Source.IP), clean(e.Source.Device), clean(e.Source.Place), detail,
		} {
			columns[i].add(value)
		}
	}
	args := make([]any, len(columns))
	for i := range columns {
		args[i] = columns[i].String()
	}
	return args, nil
}

// arrayText builds the text of an array (PostgreSQL manual, 8.15.2): every
// element in double quotes, in which only they and backslashes are escaped.
// Text is what every driver passes on as it is.
type arrayText struct{ b []byte }

func (a *arrayText) add(value string) {
	if len(a.b) == 0 {
		a.b = append(a.b, '{')
	} else {
		a.b = append(a.b, ',')
	}
	a.b = append(a.b, '"')
	for i := range len(value) {
		if value[i] == '"' || value[i] == '\\' {
			a.b = append(a.b, '\\')
		}
		a.b = append(a.b, value[i])
	}
	a.b = append(a.b, '"')
}

func (a *arrayText) String() string { return string(append(a.b, '}')) }
