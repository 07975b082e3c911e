package sqlstore_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// raw is one connection to the database, without our stores.
func (p place) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if p.postgres {
		driver = "postgres"
	}
	db, err := sql.Open(driver, p.at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if p.postgres { // times are dumped as text
		do(t, db, "SET TIME ZONE 'UTC'")
	}
	return db
}

// column is a column of text.
func column(t testing.TB, db *sql.DB, query string, args ...any) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%v in %s", err, query)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	return list
}

// tables are the names of all tables, the host's too.
func (p place) tables(t testing.TB, db *sql.DB) []string {
	t.Helper()
	if p.postgres {
		return column(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename COLLATE "C"`)
	}
	return column(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
}

// columns are the names of a table's columns.
func (p place) columns(t testing.TB, db *sql.DB, table string) []string {
	t.Helper()
	if p.postgres {
		return column(t, db, `SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`, table)
	}
	return column(t, db, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, table)
}

// rows are the values of these columns as SQL writes them, a row each, in the
// order of the text.
func (p place) rows(t testing.TB, db *sql.DB, table string, columns []string) []string {
	t.Helper()
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = `quote("` + c + `")`
		if p.postgres {
			parts[i] = `quote_nullable("` + c + `"::text)`
		}
	}
	rows := column(t, db, "SELECT "+strings.Join(parts, " || ', ' || ")+" FROM "+table)
	slices.Sort(rows)
	return rows
}

// dump is the whole database as statements that database/sql can run.
func (p place) dump(t testing.TB) string {
	t.Helper()
	db := p.raw(t)
	before, after := p.schema(t, db)
	var b strings.Builder
	b.WriteString(before)
	for _, table := range p.tables(t, db) {
		b.WriteString("\n")
		columns := p.columns(t, db, table)
		for _, row := range p.rows(t, db, table, columns) {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), row)
		}
	}
	b.WriteString("\n")
	// The last keys that were given out, also those of rows that are gone.
	if p.postgres {
		for _, s := range column(t, db, `SELECT format('SELECT setval(%L, %s);', sequencename, last_value)
			FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename COLLATE "C"`) {
			b.WriteString(s + "\n")
		}
	} else {
		b.WriteString("DELETE FROM sqlite_sequence;\n")
		for _, row := range p.rows(t, db, "sqlite_sequence", []string{"name", "seq"}) {
			fmt.Fprintf(&b, "INSERT INTO sqlite_sequence (name, seq) VALUES (%s);\n", row)
		}
	}
	return b.String() + "\n" + after
}

// schema is the statements that come before the rows, and those that come after.
func (p place) schema(t testing.TB, db *sql.DB) (before, after string) {
	t.Helper()
	if !p.postgres {
		query := "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND (type = 'table') = (? = 1) ORDER BY type, name"
		return strings.Join(column(t, db, query, 1), "\n") + "\n", strings.Join(column(t, db, query, 0), "\n") + "\n"
	}
	// Comments, settings and the names of the server's users are left out: they
	// differ between versions and servers.
	for statement := range strings.SplitSeq(pgtest.Dump(t, p.at, true), "\n\n") {
		text := strings.TrimSpace(noise.ReplaceAllString(statement, ""))
		if text == "" {
			continue
		}
		if afterRows.MatchString(text) {
			after += text + "\n"
		} else {
			before += text + "\n"
		}
	}
	return before, after
}

var (
	noise     = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog\.set_config.*|ALTER .* OWNER TO .*)$`)
	afterRows = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX|CREATE TRIGGER|ALTER TABLE ONLY [a-z_.]+\s+ADD CONSTRAINT) `)
)

// load runs a dump in the empty database.
func (p place) load(t testing.TB, dump string) {
	t.Helper()
	db := p.raw(t)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(t.Context(), dump)
	if err := cmp.Or(err, tx.Commit()); err != nil {
		t.Fatalf("loading the dump: %v", err)
	}
}
