package sqlstore_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// plans names the indexes that each statement must go by, "," between several:
// first on Postgres, then on SQLite, where pk is the rowid and auto the index
// that a key of the table makes. "" is a statement that finds no row.
var plans = map[string][2]string{
	"selectPage":     {"profilekit_activity_user", "profilekit_activity_user"},
	"selectKindPage": {"profilekit_activity_kind", "profilekit_activity_kind"},
	"purgeActivity":  {"profilekit_activity_time,profilekit_activity_pkey", "profilekit_activity_time,auto"},
	"eraseActivity":  {"profilekit_activity_", "profilekit_activity_"}, // either index that begins with the user
	"insertEvents":   {"", ""},
	"insertEvent":    {"", ""},

	"reserveKeys": {"", ""},
	"makeLive":    {"profilekit_blobs_pkey", "auto"},
	"makeDead":    {"profilekit_blobs_pkey", "auto"},
	"takeKey":     {"profilekit_blobs_pkey", "auto"},
	"giveBackKey": {"profilekit_blobs_pkey", "auto"},
	"claimKeys":   {"profilekit_blobs_state,profilekit_blobs_pkey", "profilekit_blobs_state,auto"},
	"forgetKeys":  {"profilekit_blobs_", "auto"}, // the few that are claimed, or by key
	"selectOwner": {"profilekit_blobs_pkey", "auto"},
	"selectKeys":  {"profilekit_blobs_user", "profilekit_blobs_user"},
	"selectLive":  {"profilekit_blobs_pkey", "auto"},
	"selectKnown": {"profilekit_blobs_pkey", "auto"},
	"countLive":   {"", ""}, // see readsAll

	"selectPassword": {"users_pkey", "pk"},
	"lockPassword":   {"users_pkey", "pk"},
	"updatePassword": {"users_pkey", "pk"},
	"erasePassword":  {"users_pkey", "pk"},
	"selectDue":      {"profilekit_users_deletes_at", "profilekit_users_deletes_at"},
	"deleteUser":     {"users_pkey", "pk"},

	"selectPasswordApart": {"profilekit_passwords_pkey", "auto"},
	"lockPasswordApart":   {"profilekit_passwords_pkey", "auto"},
	"insertPasswordApart": {"profilekit_passwords_pkey", ""},
	"updatePasswordApart": {"profilekit_passwords_pkey", "auto"},
	"erasePasswordApart":  {"profilekit_passwords_pkey", "auto"},

	"insertSession":     {"", ""},
	"rotateSession":     {"profilekit_sessions_", "auto"}, // by the hash or the ID
	"endSession":        {"profilekit_sessions_pkey", "auto"},
	"endSessions":       {"profilekit_sessions_user", "profilekit_sessions_user"},
	"selectSession":     {"profilekit_sessions_token_hash_key", "auto"},
	"selectSessions":    {"profilekit_sessions_user", "profilekit_sessions_user"},
	"trimSessions":      {"profilekit_sessions_user", "profilekit_sessions_user"},
	"touchSession":      {"profilekit_sessions_pkey", "auto"},
	"selectSessionUser": {"profilekit_sessions_token_hash_key,users_pkey", "auto,pk"},
	"purgeSessions":     {"profilekit_sessions_end,profilekit_sessions_pkey", "profilekit_sessions_end,auto"},

	"selectSettings": {"profilekit_settings_pkey", "auto"},
	"insertSettings": {"profilekit_settings_pkey", ""},
	"updateSettings": {"profilekit_settings_pkey", "auto"},
	"eraseSettings":  {"profilekit_settings_pkey", "auto"},

	"takeThrottle":   {"profilekit_throttle_pkey", ""},
	"refundThrottle": {"profilekit_throttle_pkey", "auto"},
	"resetThrottle":  {"profilekit_throttle_pkey", "auto"},
	"purgeThrottle":  {"profilekit_throttle_forget,profilekit_throttle_pkey", "profilekit_throttle_forget,auto"},

	"insertItem":   {"profilekit_outbox_group", "profilekit_outbox_group"},
	"claimItems":   {"profilekit_outbox_turn,profilekit_outbox_group,profilekit_outbox_claimed,profilekit_outbox_pkey", "profilekit_outbox_turn,profilekit_outbox_group,profilekit_outbox_claimed,auto"},
	"itemDue":      {"", "profilekit_outbox_turn,profilekit_outbox_group,profilekit_outbox_claimed"},
	"finishItem":   {"profilekit_outbox_pkey", "auto"},
	"retryItem":    {"profilekit_outbox_pkey", "auto"},
	"buryItem":     {"profilekit_outbox_pkey", "auto"},
	"waitingItems": {"profilekit_outbox_pkey", "auto"},
	"deadItems":    {"profilekit_outbox_dead", "profilekit_outbox_dead"},
	"purgeItems":   {"profilekit_outbox_dead,profilekit_outbox_pkey", "profilekit_outbox_dead,auto"},

	"addTickets":    {"profilekit_tickets_user", ""},
	"selectTicket":  {"profilekit_tickets_pkey", "auto"},
	"takeTicket":    {"profilekit_tickets_pkey", "auto"},
	"selectTickets": {"profilekit_tickets_user", "profilekit_tickets_user"},
	"dropTickets":   {"profilekit_tickets_user", "profilekit_tickets_user"},
	"dropTicketsOf": {"profilekit_tickets_user", "profilekit_tickets_user"},
	"purgeTickets":  {"profilekit_tickets_end,profilekit_tickets_pkey", "profilekit_tickets_end,auto"},

	"insertFactor":   {"profilekit_factors_pending", ""},
	"selectFactors":  {"profilekit_factors_user", "profilekit_factors_user"},
	"selectByLookup": {"profilekit_factors_lookup", "profilekit_factors_lookup"},
	"useFactor":      {"profilekit_factors_", "auto"}, // by the ID, or the user's
	"factorsAfter":   {"profilekit_factors_pkey", "auto"},
	"resealFactor":   {"profilekit_factors_pkey", "auto"},
	"renameFactor":   {"profilekit_factors_", "auto"},
	"removeFactor":   {"profilekit_factors_", "auto"},
	"removeFactors":  {"profilekit_factors_", "profilekit_factors_user"},
	"purgeFactors":   {"profilekit_factors_end,profilekit_factors_pkey", "profilekit_factors_end,auto"},

	"selectHandle":  {"profilekit_passkey_handles_pkey", "auto"},
	"presentHandle": {"profilekit_passkey_handles_pkey", "auto"},
	"insertHandle":  {"", ""},
	"eraseHandle":   {"profilekit_passkey_handles_pkey", "auto"},

	"holdKeys":       {"profilekit_holds_pkey", ""},
	"selectHeld":     {"profilekit_holds_pkey", "auto"},
	"countHeldNames": {"profilekit_holds_", "profilekit_holds_user"},
	"passNames":      {"profilekit_holds_", "profilekit_holds_user"},
	"eraseHolds":     {"profilekit_holds_user", "profilekit_holds_user"},
	"purgeHolds":     {"profilekit_holds_end", "profilekit_holds_end,pk"},

	"selectUser":       {"users_pkey", "pk"},
	"selectByUsername": {"users_username_key_key", "auto"},
	"selectByEmail":    {"users_email_key_key", "auto"},
	"selectVersion":    {"users_pkey", "pk"},
	"selectTaken":      {"", "auto"},
	"insertUser":       {"", ""},
	"updateUser":       {"users_pkey", "pk"},
	"editUser":         {"users_pkey", "pk"},
}

// readsAll are the statements whose answer takes reading a whole table. The program that
// moves pictures to another store asks once how many there are.
var readsAll = []string{"countLive"}

// expected is the plan of a statement, or of the change that it is a text of.
func expected(t *testing.T, name string) [2]string {
	t.Helper()
	base, _, _ := strings.Cut(name, "/")
	want, ok := plans[base]
	if !ok {
		t.Errorf("statement %s has no plan expected of it; add one", name)
	}
	return want
}

// filled returns the DSN of a database whose tables are large enough for the
// planner to care: a busy user has 2 % of the events.
func filled(t *testing.T) string {
	return pgtest.OpenFrom(t, "filled", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
			return err
		}
		return db.InTx(ctx, func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			for _, fill := range []string{
				`INSERT INTO profilekit_activity (id, user_id, kind, at)
				SELECT 'e' || lpad(i::text, 9, '0'), CASE WHEN i % 50 = 0 THEN '7' ELSE (i % 5000 + 100)::text END,
				CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END, timestamptz '2026-01-01' + i * interval '1 second'
				FROM generate_series(1, 100000) i`,
				`INSERT INTO users (username, email, username_key, email_key)
				SELECT 'u' || i, 'u' || i || '@example.org', 'u' || i, 'u' || i || '@example.org' FROM generate_series(1, 5000) i`,
				`INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at)
				SELECT 's' || i, (i % 5000 + 1)::text, sha256(i::text::bytea), 'full', false, '', '', '', i, i, i, i, i FROM generate_series(1, 10000) i`,
				`INSERT INTO profilekit_settings (user_id, data, version, updated_at) SELECT i::text, '{}', 1, now() FROM generate_series(1, 5000) i`,
				`INSERT INTO profilekit_passwords SELECT i::text, 'h' FROM generate_series(1, 5000) i`,
				`INSERT INTO profilekit_throttle SELECT 'k' || i, 1, i, i, i, i, true FROM generate_series(1, 5000) i`,
				`INSERT INTO profilekit_blobs SELECT 'b' || i, (i % 1000)::text, CASE WHEN i % 100 = 0 THEN 'dead' ELSE 'live' END,
				timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, 10000) i`,
				`INSERT INTO profilekit_tickets SELECT sha256(i::text::bytea), 'reset', (i % 5000 + 1)::text, i, '', i, i FROM generate_series(1, 10000) i`,
				`INSERT INTO profilekit_holds SELECT CASE WHEN i % 3 = 0 THEN 'username:' ELSE 'email:' END || i, (i % 5000 + 1)::text, i FROM generate_series(1, 10000) i`,
				`INSERT INTO profilekit_passkey_handles SELECT i::text, sha256(i::text::bytea), i FROM generate_series(1, 5000) i`,
				`INSERT INTO profilekit_outbox SELECT i::text, '', 0, i, i, i % 10 = 0, '', i % 3, (i % 500)::text, i % 7, i % 100 = 1 FROM generate_series(1, 10000) i`,
				`INSERT INTO profilekit_factors SELECT 'f' || i, (i % 5000 + 1)::text, 'k' || i % 3, '', 'l' || i, 0, '', i % 50 = 0, i, 0, i FROM generate_series(1, 10000) i
				ON CONFLICT DO NOTHING`,
				`ANALYZE`,
			} {
				if _, err := tx.ExecContext(ctx, fill); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// TestR37_EveryStatementGoesByAnIndex asks Postgres for the plan that it may
// turn to after five runs, which knows no values, of every statement.
func TestR37_EveryStatementGoesByAnIndex(t *testing.T) {
	db := place{postgres: true, at: filled(t)}.open(t)
	table := regexp.MustCompile(`Seq Scan on (users|profilekit_\w+)`)
	for _, name := range slices.Sorted(maps.Keys(sqlstore.Statements())) {
		text, want := sqlstore.Statements()[name].Postgres, expected(t, name)[0]
		if text == "" {
			continue
		}
		plan := explain(t, db, text, "", "")
		if found := table.FindString(plan); (found != "") != slices.Contains(readsAll, name) {
			t.Errorf("%s: %s:\n%s", name, found, plan)
		}
		for index := range strings.SplitSeq(want, ",") {
			if !strings.Contains(plan, index) {
				t.Errorf("%s: the plan does not use %s:\n%s", name, index, plan)
			}
		}
		// A statement that no longer reads a table is to say so here.
		if uses := strings.Contains(plan, "Index"); uses != (want != "") {
			t.Errorf("%s: goes by an index: %t, by what is expected of it %t:\n%s", name, uses, want != "", plan)
		}
	}
}

// The rows that a plan reads must be no more than the page either: the first
// page without a bound read every row of a busy user.
func TestR37_PlansReadNoMoreThanTheirRows(t *testing.T) {
	db := place{postgres: true, at: filled(t)}.open(t)
	far, deep := `'9999-12-31 23:59:59.999999+00'`, `'2026-01-01 12:00:00+00'`
	const hash = `'\x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'` // of "1"
	for _, c := range []struct {
		name, statement, args string
		most                  int // rows that any step may read
	}{
		{"first page", "selectPage", `'7',` + far + `,'',50`, 50},
		{"deep page", "selectPage", `'7',` + deep + `,'e',50`, 50},
		{"first page of a kind", "selectKindPage", `'7',` + far + `,'',50,'rare'`, 50},
		{"session with user", "selectSessionUser", hash, 1},
		{"by user name", "selectByUsername", `'u77'`, 1},
		{"by e-mail", "selectByEmail", `'u77@example.org'`, 1},
		{"purge of activity", "purgeActivity", `'2026-01-01 00:00:11+00',10`, 10},
		{"purge of activity, nothing there", "purgeActivity", `'2025-01-01 00:00:00+00',1000`, 0},
		{"purge of sessions", "purgeSessions", `9,10`, 10},
		{"purge of sessions, nothing there", "purgeSessions", `0,1000`, 0},
		{"purge of throttle", "purgeThrottle", `9,10`, 10},
		{"purge of throttle, nothing there", "purgeThrottle", `0,1000`, 0},
		{"purge of tickets", "purgeTickets", `9,10`, 10},
		{"purge of tickets, nothing there", "purgeTickets", `0,1000`, 0},
		{"purge of holds", "purgeHolds", `9,10`, 10},
		{"purge of holds, nothing there", "purgeHolds", `0,1000`, 0},
		{"names of one user", "countHeldNames", `'3001',0`, 2},
		{"purge of factors", "purgeFactors", `400,5`, 5},
		{"purge of factors, nothing there", "purgeFactors", `0,1000`, 0},
		{"factor by lookup", "selectByLookup", `'k1','l1'`, 1},
		{"the next letter", "claimItems", `20000,30000,1`, 1},
		{"the next letter, nothing due", "claimItems", `0,30000,1`, 0},
		{"purge, nothing there", "claimKeys", `'2025-01-01','2025-01-01','2025-01-01','2026-02-01',100`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := explain(t, db, sqlstore.Statements()[c.statement].Postgres, "ANALYZE, TIMING OFF, SUMMARY OFF,", c.args)
			if strings.Contains(plan, "Sort ") {
				t.Errorf("the plan sorts:\n%s", plan)
			}
			for line := range strings.SplitSeq(plan, "\n") {
				var rows int
				if _, after, ok := strings.Cut(line, "actual rows="); ok {
					fmt.Sscan(after, &rows)
				}
				if rows > c.most || strings.Contains(line, "Rows Removed by") {
					t.Errorf("a step reads more than %d rows:\n%s", c.most, plan)
				}
			}
		})
	}
}

// explain asks for the plan of text that knows no values. Without args there
// are NULLs for them, which such a plan does not look at.
func explain(t *testing.T, db *sqlstore.DB, text, options, args string) (plan string) {
	t.Helper()
	rollback := fmt.Errorf("nothing is to change")
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for _, s := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE q AS " + text} {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		if args == "" {
			var n int
			if err := sqlx.GetContext(ctx, tx, &n, "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'q'"); err != nil {
				return err
			}
			args = strings.Join(slices.Repeat([]string{"NULL"}, n), ",")
		}
		if args != "" {
			args = "(" + args + ")"
		}
		var lines []string
		if err := sqlx.SelectContext(ctx, tx, &lines, "EXPLAIN ("+options+" COSTS OFF) EXECUTE q "+args); err != nil {
			return err
		}
		plan = strings.Join(lines, "\n")
		if _, err := tx.ExecContext(ctx, "DEALLOCATE q"); err != nil {
			return err
		}
		return rollback
	})
	if err != rollback {
		t.Fatalf("%s: %v", text, err)
	}
	return plan
}
