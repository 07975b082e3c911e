package sqlstore

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// Events travel as one JSON parameter, so that one constant statement writes
// any number of them, and a change and its events can share a statement.
const (
	// eventRows are the events of parameter $1.
	eventRows = `json_to_recordset($1::json) AS r(id text, user_id text, kind text, at timestamptz, ip text, device text, place text, detail json)`
	eventInto = `INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) `
	eventCols = `r.kind, r.at, r.ip, r.device, r.place, r.detail`
	// eventsOf writes the events once for the changed row c, whose owner is
	// c.owner, and none when no row changed.
	eventsOf = eventInto + `SELECT r.id, COALESCE(NULLIF(r.user_id, ''), c.owner), ` + eventCols + ` FROM c, ` + eventRows
)

// insertEvents writes the events of $1; those without a user belong to $2.
var insertEvents = writeEach(
	eventInto+`SELECT r.id, COALESCE(NULLIF(r.user_id, ''), $2), `+eventCols+` FROM `+eventRows,
	eventInto+`SELECT value ->> '$.id', COALESCE(NULLIF(value ->> '$.user_id', ''), $2), value ->> '$.kind', value ->> '$.at',
		value ->> '$.ip', value ->> '$.device', value ->> '$.place', value -> '$.detail' FROM json_each($1)`,
)

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

// eventsJSON is events as the parameter of the statements above.
func (d *DB) eventsJSON(events []activity.Event) (string, error) {
	if len(events) == 0 {
		return "[]", nil
	}
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

func (d *DB) eventTime(t time.Time) any {
	if d.dialect == SQLite {
		return t.UnixMicro()
	}
	return t.UTC().Truncate(time.Microsecond).Format("2006-01-02T15:04:05.999999Z07:00")
}

// clean replaces NUL, which Postgres cannot keep in text, as JSON replaces
// invalid UTF-8: a strange device name must not undo a sign-in.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
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
	if len(events) == 0 {
		return nil
	}
	rows, err := d.eventsJSON(events)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, insertEvents, rows, owner)
	return err
}
