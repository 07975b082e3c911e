// Package sqlstore keeps everything of profilekit in a SQL database: users,
// passwords, sessions, throttle counters, settings, activity and the ledger of
// pictures. It holds every SQL statement, for Postgres and for SQLite, and
// names no driver; storage/postgres and storage/sqlite open databases with one:
//
//	db, err := sqlite.Open(ctx, "app.db", sqlite.Options{}) // or postgres.Open
//	err = db.Migrate(ctx, sqlstore.MigrateOptions{})
//	users := db.Users() // a profile.Store
//
// # A pool and a driver of your own
//
// New builds a DB over a pool that is open already. All suites pass on pgx's
// database/sql driver too:
//
//	pool, err := sql.Open("pgx", dsn) // with import _ "github.com/jackc/pgx/v5/stdlib"
//	db := sqlstore.New(sqlx.NewDb(pool, "pgx"), sqlstore.Postgres, sqlstore.Options{ErrorInfo: pgxError})
//
// where pgxError reads a *pgconn.PgError as Options.ErrorInfo shows; without it
// a name that is taken is an error that does not say which field it is. What
// storage/postgres sets, such a host sets itself: the size of the pool, and
// statement_timeout and lock_timeout in the DSN, with an Options.MigrationPool
// that has neither, for building an index takes its time.
//
// Behind a pooler that gives every transaction another server connection
// (PgBouncer's transaction mode) set Options.Unprepared, and
//
//   - with lib/pq binary_parameters=yes in the DSN. Without it nearly every
//     answer under load is that of another query, and no error says so;
//   - with pgx default_query_exec_mode=exec in the DSN (or simple_protocol).
//
// The timeouts are then set for the role or the database (ALTER ROLE … SET),
// for PgBouncer refuses them from the client. Migrate needs two of its server
// connections at a time. A pooler in session mode needs no option, but as many
// server connections as the pools of all nodes open, and two for Migrate.
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
// Return the error of a statement that failed: Postgres refuses all that comes
// after it in the transaction, ours and the commit too, unless you went back to
// a savepoint. fn runs again, 5 times in all, after a deadlock or a
// serialization failure, and so does a change of ours that is made by itself.
//
// # Tables
//
// The table users has the columns id, username, email, password_hash,
// profile_picture, role and created_at of an ordinary application table, then
// our own. All other tables begin with profilekit_ and name a user by text,
// without a foreign key, so they work beside a users table of any key type.
//
// # Users in a table of the host's own
//
// Such a host implements profile.Store alone, in three rules: read from
// Tx(ctx) when there is one and from your own pool otherwise; write in Tx(ctx)
// or, without one, in an InTx; write the events with Activity().Append in the
// same. profiletest.Run says whether it is right, by a name for what is not.
// Passwords are then kept in profilekit_passwords (DB.AuthApart). The
// folder examples/ownusers is a whole program.
//
// # Migrations
//
// Migrate brings a database up to date and may be called by every node at
// every start. Migrations only add, so that nodes of the release before go on
// beside nodes of this one. Plan is the dry run; Check names what somebody
// changed since; Migrations are the files, for a host that runs goose itself.
//
// # Adopting a table of users
//
// On Postgres Migrate takes over a table users of this shape, by
// MigrateOptions.AdoptUsers, in one transaction:
//
//	CREATE TABLE users (
//		id SERIAL PRIMARY KEY,
//		username VARCHAR(50) UNIQUE NOT NULL, email VARCHAR(100) UNIQUE NOT NULL,
//		password_hash TEXT NOT NULL, profile_picture TEXT,
//		role VARCHAR(20) DEFAULT 'user', created_at TIMESTAMP DEFAULT NOW())
//
// Every row, id, name, address, hash, picture and role stays as it is, further
// columns of the host's too; created_at becomes UTC. Every row is marked as adopted (see
// profile.User), and no row that the old program adds later. id becomes a BIGINT, for
// which the table is rewritten: 100,000 rows take some seconds, in which nobody
// reads or writes it. The database user must own the table and may make
// temporary ones.
//
// Users who differ in nothing that tells people apart, such as `Bob` and `bob`,
// are told by id in an *AdoptError and must be renamed first. A user name or
// address that nobody could choose today stays. One that has no key at all,
// such as the address `A@localhost`, stays too, but finds nobody: Plan names
// those users by id, who sign in by the other of the two. A view on a column
// whose type changes, a trigger, a generated column, a missing constraint or a
// type that could lose something is refused by its name.
//
// The old program may go on beside the new one. A trigger makes the keys of
// rows that it writes and raises their version; an address other than plain
// ASCII it refuses, and a name or address that is taken to us is taken to the
// old program too. What it cannot do is check the password of somebody who has
// signed in to the new one, which hashes it anew, or expect created_at in its own
// zone. When it is gone, remove what served it:
//
//	DROP FUNCTION profilekit_users_keys CASCADE
//
// # Errors
//
// Failures of the database are the sentinels of package storage, told apart by
// SQLSTATE or SQLite's extended result code and never by text. An ended context
// is its own error, whatever the driver said. No error holds a value or a part
// of the DSN.
package sqlstore
