package sqlstore_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestR33_AnInterruptedIndexIsMadeAgain finds what a process leaves that was
// killed while it made the index of migration 3: one that is not valid, and
// the old one.
func TestR33_AnInterruptedIndexIsMadeAgain(t *testing.T) {
	p := place{postgres: true, at: migrated(t)}
	direct, err := sql.Open("postgres", p.at)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	for _, s := range []string{
		"DELETE FROM profilekit_migrations WHERE version_id >= 3",
		"DROP TABLE profilekit_passwords, profilekit_tickets, profilekit_factors, profilekit_outbox, profilekit_holds, profilekit_passkey_handles", // of later migrations
		"DROP INDEX profilekit_activity_time",
		"CREATE INDEX profilekit_activity_time ON profilekit_activity (place)",
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'profilekit_activity_time'::regclass",
		"CREATE INDEX profilekit_activity_at ON profilekit_activity USING brin (at)",
	} {
		if _, err := direct.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	db := p.open(t)
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	var indexes []string
	ask(t, db, &indexes, `SELECT indexrelid::regclass || ' ' || indisvalid || ' ' || pg_get_indexdef(indexrelid) FROM pg_index
		WHERE indrelid = 'profilekit_activity'::regclass AND NOT indisprimary AND pg_get_indexdef(indexrelid) LIKE '%(at)' ORDER BY 1`)
	want := []string{"profilekit_activity_time true CREATE INDEX profilekit_activity_time ON public.profilekit_activity USING btree (at)"}
	if !slices.Equal(indexes, want) {
		t.Errorf("indexes of the time\n%q, want\n%q", indexes, want)
	}
}
