package upgrade

import (
	"errors"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A table is taken over on pgx's driver and through a transaction pooler, too.
func TestAdoptionOnEachDriver(t *testing.T) {
	overPgx := func(t *testing.T, dsn string) (*sqlstore.DB, error) {
		pool, err := sqlx.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		return sqlstore.New(pool, sqlstore.Postgres, sqlstore.Options{}), nil
	}
	for name, open := range map[string]func(t *testing.T, dsn string) (*sqlstore.DB, error){
		"pgx": overPgx,
		"pgx, unprepared": func(t *testing.T, dsn string) (*sqlstore.DB, error) {
			return overPgx(t, dsn+"&default_query_exec_mode=exec")
		},
		"lib/pq": func(t *testing.T, dsn string) (*sqlstore.DB, error) {
			return postgres.Open(t.Context(), dsn, postgres.Options{})
		},
		"PgBouncer": func(t *testing.T, dsn string) (*sqlstore.DB, error) {
			return postgres.Open(t.Context(), pgtest.Bouncer(t, dsn, "transaction"), postgres.Options{TransactionPooler: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := pgtest.Open(t)
			err := run(t.Context(), dsn, oldTable,
				"INSERT INTO users (username, email, password_hash) SELECT 'U' || n, 'U' || n || '@Example.org', '' FROM generate_series(1, 6000) n",
				"INSERT INTO users (username, email, password_hash) VALUES ('u77', 'x@localhost', '')")
			if err != nil {
				t.Fatal(err)
			}
			db, err := open(t, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			adopt := sqlstore.MigrateOptions{AdoptUsers: true, Zone: time.UTC}
			var refused *sqlstore.AdoptError
			if err := db.Migrate(t.Context(), adopt); !errors.As(err, &refused) || len(refused.Collisions) != 1 {
				t.Fatalf("Migrate: %v, want one collision", err)
			}
			if err := run(t.Context(), dsn, "UPDATE users SET username = 'other' WHERE username = 'u77'"); err != nil {
				t.Fatal(err)
			}
			plan, err := db.Plan(t.Context(), adopt)
			if err != nil || plan.Rows != 6001 {
				t.Fatalf("Plan: %d rows, %v", plan.Rows, err)
			}
			for range 2 {
				if err := db.Migrate(t.Context(), adopt); err != nil {
					t.Fatal(err)
				}
			}
			if u, err := db.Users().ByEmail(t.Context(), "u6000@example.org"); err != nil || u.ID != "6000" {
				t.Errorf("id %s, %v", u.ID, err)
			}
		})
	}
}
