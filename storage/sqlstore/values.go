package sqlstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// beginning is a time and id that follow every event: the bound of the first
// page. Postgres plans the page by its index only when there always is one.
var beginning = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)

// at is t as the database keeps it, in whole microseconds of UTC.
func (d *DB) at(t time.Time) any {
	if d.dialect == SQLite {
		return t.UnixMicro()
	}
	return t.UTC().Truncate(time.Microsecond)
}

// micros is a time for tables that keep a number on both databases.
func micros(t time.Time) int64 { return t.UnixMicro() }

// present is the time of a change, as it will be read back.
func (d *DB) present() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// timeInto scans a time from either form.
type timeInto struct{ t *time.Time }

func (s timeInto) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*s.t = v.UTC()
	case int64:
		*s.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("sqlstore: a time arrived as %T", src)
	}
	return nil
}

// jsonInto scans JSON into a value; "null", "{}" and "[]" leave it as it is.
type jsonInto[T any] struct{ v *T }

func (s jsonInto[T]) Scan(src any) error {
	text, err := textOf(src)
	if err != nil || empty(text) {
		return err
	}
	return json.Unmarshal(text, s.v)
}

// rawInto scans JSON as it is; "null" is nil.
type rawInto struct{ v *json.RawMessage }

func (s rawInto) Scan(src any) error {
	text, err := textOf(src)
	if err != nil || string(text) == "null" {
		return err
	}
	*s.v = bytes.Clone(text)
	return nil
}

// idInto scans the key of a user as text.
type idInto struct{ id *string }

func (s idInto) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		*s.id = strconv.FormatInt(v, 10)
	case string:
		*s.id = v
	case []byte:
		*s.id = string(v)
	default:
		return fmt.Errorf("sqlstore: a key arrived as %T", src)
	}
	return nil
}

func textOf(src any) ([]byte, error) {
	switch v := src.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	case nil:
		return []byte("null"), nil
	}
	return nil, errors.New("sqlstore: JSON arrived as another type")
}

func empty(text []byte) bool {
	switch string(text) {
	case "null", "{}", "[]":
		return true
	}
	return false
}

// toJSON is v as a JSON parameter. A string, because bytes do not fit into a
// JSON column under lib/pq's binary parameters.
func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// rawJSON is a JSON document as a parameter; nil is null.
func rawJSON(v json.RawMessage) string {
	if len(v) == 0 {
		return "null"
	}
	return string(v)
}

// key reads a user's ID. Only the canonical form of a positive number is one:
// "01" and "+1" are no users.
func key(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != id {
		return 0, false
	}
	return n, true
}

// moment is a time that may be none, as a number: 0 is none.
func moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micros(t)
}

// momentOf is moment for a field of a patch: NULL leaves the column.
func momentOf(t *time.Time) any {
	if t == nil {
		return nil
	}
	return moment(*t)
}

// momentInto scans what moment wrote.
type momentInto struct{ t *time.Time }

func (s momentInto) Scan(src any) error {
	if src == int64(0) {
		*s.t = time.Time{}
		return nil
	}
	return timeInto(s).Scan(src)
}
