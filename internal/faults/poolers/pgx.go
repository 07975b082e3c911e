// Package poolers tests sqlstore behind PgBouncer, on pgx, and over several
// hosts.
package poolers

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// pgxOptions is what a host on pgx hands to sqlstore.New.
func pgxOptions() sqlstore.Options {
	return sqlstore.Options{ErrorInfo: func(err error) (code, constraint string, ok bool) {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return "", "", false
		}
		return e.Code, e.ConstraintName, true
	}}
}

var _ = pgxOptions
