package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// schemas describe the tables after the newest migration, a column or an index
// a line. TestSchemaFilesDescribeTheMigrations writes them.
//
//go:embed schema/*.txt
var schemas embed.FS

// DriftError is a database whose tables are not what our migrations made of
// them: somebody changed them since.
type DriftError struct {
	// Problems name each difference: "column users.bio: is missing".
	Problems []string
}

func (e *DriftError) Error() string {
	return "sqlstore: the tables are not as migrated: " + strings.Join(e.Problems, "; ")
}

// Check compares the tables with those that this release needs, in one query of
// the catalog, and names every column that is missing or of another type and
// every unique constraint or index that is missing or not valid, in a
// *DriftError. What a host added is no difference, nor what a newer release did:
// it may add anything, and drop an index that is not unique. Migrate checks at
// its end; a host whose database is migrated elsewhere calls Check at its start.
func (d *DB) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	release, err := d.main.turns.wait(ctx)
	if err != nil {
		return err
	}
	defer release()
	return d.check(ctx, d.main.DB)
}

func (d *DB) check(ctx context.Context, db *sqlx.DB) error {
	want, err := d.wantedSchema()
	if err != nil {
		return err
	}
	got, err := d.schema(ctx, db)
	if err != nil {
		return d.failure(ctx, err)
	}
	files, err := migrationsOf(d.dialect)
	if err != nil {
		return err
	}
	newer, err := d.applied(ctx, db, files[len(files)-1].version+1)
	if err != nil {
		return d.failure(ctx, err)
	}
	if problems := differences(got, want, newer); len(problems) > 0 {
		return &DriftError{Problems: problems}
	}
	return nil
}

// schemaLine is a column, or an index without its name, which is the host's to
// choose.
type schemaLine struct {
	Table string `db:"t"`
	What  string `db:"w"` // "column bio", or "index btree (at)", or "unique index btree (email)"
	Type  string `db:"y"` // of a column
}

const (
	postgresSchema = `SELECT c.relname::text AS t, 'column ' || a.attname AS w, format_type(a.atttypid, a.atttypmod)
	|| CASE WHEN a.attcollation <> y.typcollation THEN ' collate ' || o.collname ELSE '' END
	|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS y
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_collation o ON o.oid = a.attcollation
	WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
	AND (c.relname = 'users' OR c.relname LIKE 'profilekit\_%') AND c.relname <> '` + MigrationsTable + `'
	UNION ALL
	SELECT c.relname::text, CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || 'index ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', ''), ''
	FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
	WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND i.indisvalid
	AND (c.relname = 'users' OR c.relname LIKE 'profilekit\_%') AND c.relname <> '` + MigrationsTable + `'`

	sqliteSchema = `SELECT m.name AS t, 'column ' || x.name AS w, lower(x.type) || CASE WHEN x."notnull" THEN ' not null' ELSE '' END
	|| CASE WHEN x.pk THEN ' primary key' ELSE '' END AS y
	FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x
	WHERE m.type = 'table' AND (m.name = 'users' OR m.name LIKE 'profilekit\_%' ESCAPE '\') AND m.name <> '` + MigrationsTable + `'
	UNION ALL
	SELECT m.name, CASE WHEN l."unique" THEN 'unique ' ELSE '' END || 'index ' || COALESCE(substr(s.sql, instr(s.sql, '(')),
		(SELECT '(' || group_concat(n.name, ', ') || ')' FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) n)), ''
	FROM sqlite_schema m JOIN pragma_index_list(m.name) l JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
	WHERE m.type = 'table' AND (m.name = 'users' OR m.name LIKE 'profilekit\_%' ESCAPE '\') AND m.name <> '` + MigrationsTable + `'`
)

func (d *DB) schema(ctx context.Context, db *sqlx.DB) ([]schemaLine, error) {
	query := postgresSchema
	if d.dialect == SQLite {
		query = sqliteSchema
	}
	var lines []schemaLine
	err := db.SelectContext(ctx, &lines, query)
	return lines, err
}

func (d *DB) wantedSchema() ([]schemaLine, error) {
	name := map[Dialect]string{Postgres: "schema/postgres.txt", SQLite: "schema/sqlite.txt"}[d.dialect]
	text, err := fs.ReadFile(schemas, name)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	var lines []schemaLine
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(parts) == 3 {
			lines = append(lines, schemaLine{Table: parts[0], What: parts[1], Type: parts[2]})
		}
	}
	return lines, nil
}

// differences names what of want is not in got. newer is whether a newer
// release migrated the tables.
func differences(got, want []schemaLine, newer bool) []string {
	var problems []string
	missing := map[string]bool{}
	for _, w := range want {
		if missing[w.Table] {
			continue
		}
		if !slices.ContainsFunc(got, func(g schemaLine) bool { return g.Table == w.Table }) {
			missing[w.Table] = true
			problems = append(problems, "table "+w.Table+": is missing")
			continue
		}
		i := slices.IndexFunc(got, func(g schemaLine) bool { return g.Table == w.Table && g.What == w.What })
		column, isColumn := strings.CutPrefix(w.What, "column ")
		switch {
		case i >= 0 && got[i].Type == w.Type:
		case isColumn && i < 0:
			problems = append(problems, "column "+w.Table+"."+column+": is missing")
		case isColumn:
			problems = append(problems, "column "+w.Table+"."+column+": is "+got[i].Type+", want "+w.Type)
		case newer && strings.HasPrefix(w.What, "index "):
		default:
			problems = append(problems, "table "+w.Table+": lacks the "+w.What)
		}
	}
	return problems
}
