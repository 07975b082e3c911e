package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// legacy is what the catalog says about a table of users that was there
// before us.
type legacy struct {
	oid      int64
	columns  []legacyColumn
	sequence string            // of id, quoted, "" when it owns none
	unique   map[string]string // column -> its unique constraint, "" for an index alone
}

type legacyColumn struct {
	name, kind         string
	notNull, generated bool
	identity           bool
	byDefault          string
}

// adopted are the columns that must be there, with the types that can be taken
// as they are or widened without loss, the wanted one first.
var adopted = []struct {
	name  string
	kinds []string
}{
	{"id", []string{"bigint", "integer"}},
	{"username", []string{"character varying(50)"}},
	{"email", []string{"character varying(100)"}},
	{"password_hash", []string{"text", "character varying"}},
	{"profile_picture", []string{"text", "character varying"}},
	{"role", []string{"character varying(20)"}},
	{"created_at", []string{"timestamp without time zone"}},
}

func (l *legacy) column(name string) (legacyColumn, bool) {
	i := slices.IndexFunc(l.columns, func(c legacyColumn) bool { return c.name == name })
	if i < 0 {
		return legacyColumn{}, false
	}
	return l.columns[i], true
}

// inspect reads the catalog and adds to bad what keeps the table from being
// taken over.
func inspect(ctx context.Context, tx *sql.Tx, oid int64, bad *AdoptError) (*legacy, error) {
	l := &legacy{oid: oid, unique: map[string]string{}}
	var kind string
	var family, rowSecurity, own bool
	var encoding string
	err := tx.QueryRowContext(ctx, `SELECT c.relkind::text, c.relhassubclass OR EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = c.oid),
		c.relrowsecurity, pg_has_role(c.relowner, 'USAGE'), current_setting('server_encoding') FROM pg_class c WHERE c.oid = $1::bigint::oid`, oid).
		Scan(&kind, &family, &rowSecurity, &own, &encoding)
	if err != nil {
		return nil, err
	}
	switch {
	case kind != "r":
		bad.problem("users is a view or another object, not an ordinary table")
		return l, nil
	case family:
		bad.problem("users inherits or is inherited from")
	case rowSecurity:
		bad.problem("users has row level security, which may hide rows from us")
	case !own:
		bad.problem("the database user does not own the table users")
	case encoding == "SQL_ASCII":
		bad.problem("the database has the encoding SQL_ASCII, so that nobody knows what its texts mean")
	}
	err = each(ctx, tx, `SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '', a.attidentity <> '',
		COALESCE(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, oid, func(rows *sql.Rows) error {
		var c legacyColumn
		err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.generated, &c.identity, &c.byDefault)
		l.columns = append(l.columns, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := l.inspectUnique(ctx, tx); err != nil {
		return nil, err
	}
	l.judgeColumns(bad)
	return l, l.inspectSurroundings(ctx, tx, bad)
}

func (l *legacy) inspectUnique(ctx context.Context, tx *sql.Tx) error {
	err := each(ctx, tx, `SELECT a.attname::text, COALESCE(c.conname::text, ''), i.indisprimary FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
		WHERE i.indrelid = $1::bigint::oid AND i.indisunique AND i.indisvalid AND i.indimmediate
		AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indexprs IS NULL`, l.oid, func(rows *sql.Rows) error {
		var column, constraint string
		var primary bool
		if err := rows.Scan(&column, &constraint, &primary); err != nil {
			return err
		}
		if kept := l.unique[column]; kept == "" && (column != "id" || primary) {
			l.unique[column] = constraint
		}
		return nil
	})
	if err != nil {
		return err
	}
	var sequence sql.NullString
	if _, ok := l.column("id"); ok {
		err = tx.QueryRowContext(ctx, `SELECT pg_get_serial_sequence(quote_ident(current_schema()) || '.users', 'id')`).Scan(&sequence)
	}
	l.sequence = sequence.String
	return err
}

func (l *legacy) judgeColumns(bad *AdoptError) {
	for _, want := range adopted {
		c, ok := l.column(want.name)
		kind, _, _ := strings.Cut(c.kind, "(")
		switch {
		case !ok:
			bad.problem("column %s: is missing", want.name)
		case c.generated:
			bad.problem("column %s: is generated", want.name)
		case !slices.Contains(want.kinds, c.kind) && !slices.Contains(want.kinds, kind):
			bad.problem("column %s: is %s, want %s", want.name, c.kind, strings.Join(want.kinds, " or "))
		}
	}
	for _, name := range []string{"id", "username", "email"} {
		if _, ok := l.unique[name]; ok {
			continue
		}
		if _, ok := l.column(name); !ok {
			continue
		}
		if name == "id" {
			bad.problem("column id: is not the primary key")
		} else {
			bad.problem("column %s: is not unique", name)
		}
	}
	if c, ok := l.column("id"); ok && !c.identity && !strings.HasPrefix(c.byDefault, "nextval(") {
		bad.problem("column id: has no sequence to take the next one from")
	}
	ours := columnsAdded()
	for _, c := range l.columns {
		if slices.ContainsFunc(adopted, func(a struct {
			name  string
			kinds []string
		},
		) bool {
			return a.name == c.name
		}) {
			continue
		}
		switch {
		case slices.Contains(ours, c.name):
			bad.problem("column %s: is one that we add; rename yours first", c.name)
		case c.generated:
			bad.problem("column %s: is generated", c.name)
		case c.notNull && c.byDefault == "" && !c.identity:
			bad.problem("column %s: is NOT NULL without a default, so that we could not add a user", c.name)
		}
	}
}

// inspectSurroundings looks for what a change of the table would fire or break.
func (l *legacy) inspectSurroundings(ctx context.Context, tx *sql.Tx, bad *AdoptError) error {
	for _, look := range []struct{ query, format string }{
		{
			`SELECT tgname::text FROM pg_trigger WHERE tgrelid = $1::bigint::oid AND NOT tgisinternal ORDER BY 1`,
			"trigger %s: would run for every row; drop it and make it again afterwards",
		},
		{
			`SELECT rulename::text FROM pg_rewrite WHERE ev_class = $1::bigint::oid ORDER BY 1`,
			"rule %s: would change what we write",
		},
		{
			`SELECT DISTINCT quote_ident(a.attname) || ': is used by the view ' || quote_ident(v.relname)
			FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
			JOIN pg_attribute a ON a.attrelid = d.refobjid AND (a.attnum = d.refobjsubid OR d.refobjsubid = 0 AND a.attname = 'id')
			WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::bigint::oid
			AND r.ev_class <> d.refobjid
			AND a.attname IN ('id', 'password_hash', 'profile_picture', 'created_at') ORDER BY 1`,
			"column %s; drop it and make it again afterwards",
		},
		{
			`SELECT proname::text FROM pg_proc WHERE proname = '` + keysFunction + `' AND pronamespace = current_schema()::regnamespace AND $1::bigint > 0`,
			"function %s: is one that we add",
		},
	} {
		err := each(ctx, tx, look.query, l.oid, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			bad.problem(look.format, name)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each runs a query and calls fn for every row.
func each(ctx context.Context, tx *sql.Tx, query string, arg any, fn func(*sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, query, arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return fmt.Errorf("sqlstore: %w", err)
		}
	}
	return rows.Err()
}
