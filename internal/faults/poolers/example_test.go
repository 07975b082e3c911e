package poolers_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A host that has pgx already builds its DB over pgx's database/sql driver.
// Behind PgBouncer in transaction mode it adds default_query_exec_mode=exec to
// the URL and sets Unprepared.
func Example_pgx() {
	pool, err := sql.Open("pgx", os.Getenv("DATABASE_URL")+"&statement_timeout=10000&lock_timeout=5000")
	if err != nil {
		log.Fatal(err)
	}
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	db := sqlstore.New(sqlx.NewDb(pool, "pgx"), sqlstore.Postgres, sqlstore.Options{
		ErrorInfo: func(err error) (code, constraint string, ok bool) {
			var e *pgconn.PgError
			var unreached *pgconn.ConnectError
			switch {
			case errors.As(err, &e):
				return e.Code, e.ConstraintName, true
			case errors.As(err, &unreached): // no host, or none as target_session_attrs asks for
				return "08001", "", true
			}
			return "", "", false
		},
	})
	defer db.Close()
	if err := db.Migrate(context.Background(), sqlstore.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
}
