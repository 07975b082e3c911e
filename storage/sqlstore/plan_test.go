package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// fill makes one busy user (2 % of the rows), many others and their sessions.
const fillActivity = `INSERT INTO profilekit_activity (id, user_id, kind, at)
	SELECT 'e' || lpad(i::text, 9, '0'), CASE WHEN i % 50 = 0 THEN '7' ELSE (i % 5000 + 100)::text END,
		CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END, timestamptz '2026-01-01' + i * interval '1 second'
	FROM generate_series(1, 100000) i`

const fillUsers = `INSERT INTO users (username, email, username_key, email_key)
	SELECT 'u' || i, 'u' || i || '@example.org', 'u' || i, 'u' || i || '@example.org' FROM generate_series(1, 5000) i`

const fillSessions = `INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at)
	SELECT 's' || i, (i % 5000 + 1)::text, sha256(i::text::bytea), 'full', false, '', '', '', i, i, i, i, i FROM generate_series(1, 10000) i`

// A prepared statement of Postgres may be planned without its values after
// five runs. That plan, too, must go by the index and read no more than the
// page: the first page without a bound read every row of a busy user.
func TestPlansWithoutValues(t *testing.T) {
	p := place{postgres: true, at: migrated(t)}
	db := p.open(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for _, fill := range []string{fillActivity, fillUsers, fillSessions} {
			if _, err := tx.ExecContext(ctx, fill); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "ANALYZE")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	far, deep := `'9999-12-31 23:59:59.999999+00'`, `'2026-01-01 12:00:00+00'`
	const hash = `'\x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'` // of "1"
	for _, c := range []struct {
		name, text, types, args string
		index                   []string
		most                    int // rows that any step may read
	}{
		{"first page", sqlstore.PageText, "text,timestamptz,text,bigint", `'7',` + far + `,'',50`, []string{"profilekit_activity_user"}, 50},
		{"deep page", sqlstore.PageText, "text,timestamptz,text,bigint", `'7',` + deep + `,'e',50`, []string{"profilekit_activity_user"}, 50},
		{"first page of a kind", sqlstore.KindPageText, "text,timestamptz,text,bigint,text", `'7',` + far + `,'',50,'rare'`, []string{"profilekit_activity_kind"}, 50},
		{"session with user", sqlstore.SessionUserText, "bytea", hash, []string{"profilekit_sessions_token_hash_key", "users_pkey"}, 1},
		{"by user name", sqlstore.UsernameText, "text", `'u77'`, []string{"users_username_key_key"}, 1},
		{"purge of activity", sqlstore.PurgeActivityText, "timestamptz,bigint", `'2026-01-01 00:00:11+00',10`, []string{"profilekit_activity_at", "profilekit_activity_pkey"}, 10000},
		{"purge of sessions", sqlstore.PurgeText, "bigint,bigint", `9,10`, []string{"profilekit_sessions_end"}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := explain(t, db, c.text, c.types, c.args)
			for _, index := range c.index {
				if !strings.Contains(plan, index) {
					t.Errorf("the plan does not use %s:\n%s", index, plan)
				}
			}
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort ") {
				t.Errorf("the plan reads or sorts a table:\n%s", plan)
			}
			for _, line := range strings.Split(plan, "\n") {
				var rows int
				if _, after, ok := strings.Cut(line, "actual rows="); ok {
					fmt.Sscan(after, &rows)
				}
				if rows > c.most || strings.Contains(line, "Rows Removed by Filter") {
					t.Errorf("a step reads more than %d rows:\n%s", c.most, plan)
				}
			}
		})
	}
}

// explain runs text as a prepared statement with a plan that knows no values.
func explain(t *testing.T, db *sqlstore.DB, text, types, args string) (plan string) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for _, s := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE q (" + types + ") AS " + text} {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		var lines []string
		if err := sqlx.SelectContext(ctx, tx, &lines, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q ("+args+")"); err != nil {
			return err
		}
		plan = strings.Join(lines, "\n")
		_, err := tx.ExecContext(ctx, "DEALLOCATE q")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestPlansOfSQLite(t *testing.T) {
	db := place{at: t.TempDir() + "/app.db"}.open(t)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		args  int
		index []string
	}{
		"page":              {sqlstore.PageSQLite, 4, []string{"profilekit_activity_user"}},
		"page of a kind":    {sqlstore.KindPageSQLite, 5, []string{"profilekit_activity_kind"}},
		"session with user": {sqlstore.SessionSQLite, 1, []string{"sqlite_autoindex_profilekit_sessions", "INTEGER PRIMARY KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			var plan strings.Builder
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				tx, _ := sqlstore.Tx(ctx)
				rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+c.text, make([]any, c.args)...)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var id, parent, unused sql.NullInt64
					var detail string
					if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
						return err
					}
					plan.WriteString(detail + "\n")
				}
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, index := range c.index {
				if !strings.Contains(plan.String(), index) {
					t.Errorf("the plan does not use %s:\n%s", index, &plan)
				}
			}
			if strings.Contains(plan.String(), "SCAN") || strings.Contains(plan.String(), "TEMP B-TREE") {
				t.Errorf("the plan reads or sorts a table:\n%s", &plan)
			}
		})
	}
}
