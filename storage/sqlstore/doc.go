// Package sqlstore keeps everything of profilekit in a SQL database: users,
// passwords, sessions, throttle counters, settings, activity and the ledger of
// pictures. It holds every SQL statement, for Postgres and for SQLite, and
// names no driver; storage/postgres and storage/sqlite open databases with one:
//
//	db, err := sqlite.Open(ctx, "app.db")   // or postgres.Open(ctx, dsn)
//	err = db.Migrate(ctx)
//	users := db.Users()                      // a profile.Store
//
// New builds a DB over a pool of your own, for example with pgx's
// database/sql driver.
//
// # Units of work
//
// DB is a storage.Transactor. Within InTx, calls with the context it hands out
// join one transaction; Tx gives that transaction to your own statements:
//
//	err := db.InTx(ctx, func(ctx context.Context) error {
//		user, err := db.Users().Create(ctx, u)
//		if err != nil {
//			return err
//		}
//		tx, _ := sqlstore.Tx(ctx)
//		_, err = tx.ExecContext(ctx, "INSERT INTO teams (owner) VALUES ($1)", user.ID)
//		return err
//	})
//
// # Tables
//
// The table users has the columns id, username, email, password_hash,
// profile_picture, role and created_at of an ordinary application table, then
// our own. All other tables begin with profilekit_ and name a user by text,
// without a foreign key, so they work beside a users table of any key type.
//
// # Errors
//
// Failures of the database are the sentinels of package storage, told apart by
// SQLSTATE or SQLite's extended result code and never by text. An ended context
// is its own error, whatever the driver said. No error holds a value or a part
// of the DSN.
package sqlstore
