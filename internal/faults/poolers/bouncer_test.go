package poolers_test

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func TestR26_SuiteThroughATransactionPooler(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Start(t), "transaction")
	suite(t, func(t testing.TB, dsn string) *sqlstore.DB {
		return open(t, through(t, bouncer, dsn), postgres.Options{TransactionPooler: true})
	})
}

// TestR26_ModelThroughATransactionPooler also migrates through it.
func TestR26_ModelThroughATransactionPooler(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Start(t), "transaction")
	db := open(t, through(t, bouncer, pgtest.Open(t)), postgres.Options{TransactionPooler: true})
	must(t, db.Migrate(t.Context(), sqlstore.MigrateOptions{}))
	model(t, db)
}

// TestR26_SessionPooler: a pooler that keeps a server connection to a client
// needs no option, but to let the start-up parameters pass and to have as many
// connections as the pool opens and Migrate's two.
func TestR26_SessionPooler(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Start(t), "session",
		"ignore_startup_parameters = statement_timeout,lock_timeout", "default_pool_size = 4")
	db := open(t, through(t, bouncer, pgtest.Open(t)), postgres.Options{MaxOpen: 2})
	must(t, db.Migrate(t.Context(), sqlstore.MigrateOptions{}))
	model(t, db)
}

// Without ignore_startup_parameters PgBouncer refuses what it does not know;
// the error says what to do.
func TestR05_OpenBehindAPoolerThatRefusesParameters(t *testing.T) {
	dsn := pgtest.Bouncer(t, pgtest.Open(t), "transaction")
	_, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err == nil {
		t.Fatal("a pooler that refuses the parameters was opened")
	}
	if text := err.Error(); !strings.Contains(text, "TransactionPooler") || strings.Contains(text, "\n") {
		t.Errorf("the error %q does not name the option in one line", text)
	}
}

// TestR07_TimeoutsOfTheRole: behind a transaction pooler the time-outs are
// those of the role or the database, which every server connection has.
func TestR07_TimeoutsOfTheRole(t *testing.T) {
	direct := migrated(t)
	admin := open(t, direct, postgres.Options{})
	u, err := admin.Users().Create(t.Context(), profile.User{Username: "locked", Email: "locked@example.org"})
	must(t, err)
	exec(t, direct, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''50ms''', current_database()); END $$")
	bouncer := pgtest.Bouncer(t, direct, "transaction")
	db := open(t, bouncer, postgres.Options{TransactionPooler: true})
	waits(t, admin, db, u.ID)
}
