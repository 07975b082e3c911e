package sqlstore

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// packed scans one column that holds a flat JSON array, made by SQLite's
// json_array, into what dest points to. The driver for SQLite asks for the name
// and the type of every column with every query, which for the columns of a
// session and its user takes longer than the query itself.
type packed struct{ dest []any }

var errPacked = errors.New("sqlstore: a row arrived damaged")

func (p packed) Scan(src any) error {
	text, err := textOf(src)
	if err != nil {
		return err
	}
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return errPacked
	}
	rest := text[1 : len(text)-1]
	for i, dest := range p.dest {
		if i > 0 {
			if len(rest) == 0 || rest[0] != ',' {
				return errPacked
			}
			rest = rest[1:]
		}
		var value any
		if value, rest, err = element(rest); err != nil {
			return err
		}
		if err := assign(dest, value); err != nil {
			return err
		}
	}
	if len(rest) != 0 {
		return errPacked
	}
	return nil
}

// element cuts the first value off: a string or an int64.
func element(text []byte) (value any, rest []byte, err error) {
	if len(text) == 0 {
		return nil, nil, errPacked
	}
	if text[0] != '"' {
		end := bytes.IndexByte(text, ',')
		if end < 0 {
			end = len(text)
		}
		n, err := strconv.ParseInt(string(text[:end]), 10, 64)
		if err != nil {
			return nil, nil, errPacked
		}
		return n, text[end:], nil
	}
	end, escaped := 1, false
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	if end >= len(text) {
		return nil, nil, errPacked
	}
	end++
	if !escaped {
		return string(text[1 : end-1]), text[end:], nil
	}
	var s string
	if json.Unmarshal(text[:end], &s) != nil {
		return nil, nil, errPacked
	}
	return s, text[end:], nil
}

func assign(dest, value any) error {
	if scanner, ok := dest.(sql.Scanner); ok {
		return scanner.Scan(value)
	}
	switch v := value.(type) {
	case string:
		if d, ok := dest.(*string); ok {
			*d = v
			return nil
		}
	case int64:
		switch d := dest.(type) {
		case *int64:
			*d = v
			return nil
		case *bool:
			*d = v != 0
			return nil
		}
	}
	return fmt.Errorf("sqlstore: a %T arrived for a %T", value, dest)
}

// pack is dest as the one or the many columns of this database.
func (d *DB) pack(dest []any) []any {
	if d.dialect == SQLite {
		return []any{packed{dest}}
	}
	return dest
}
