// Package sqlite opens SQLite databases for sqlstore with modernc.org/sqlite,
// a driver without cgo.
//
//	db, err := sqlite.Open(ctx, "app.db", sqlite.Options{})
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	err = db.Migrate(ctx, sqlstore.MigrateOptions{})
//
// One connection writes and several read beside it (WAL mode): a read never
// waits for a write, writers wait for each other in the order in which they
// came, and a read in a transaction sees what the transaction wrote.
// Transactions take the write lock when they begin, so they never fail half way
// for want of it. A commit is on disk when it returns (synchronous=FULL).
// Several processes may share the file on one machine, not over a network file
// system.
//
// # Files
//
// Beside app.db are app.db-wal, the log of what is not yet in the database, and
// app.db-shm, its index. They belong to the database: after a crash the log
// holds acknowledged changes, and the next Open takes them over. Closing the
// last handle empties the log into the database and removes both. While the
// database is open the log starts again about every 4 MiB, under load at 16 MiB
// at the latest; while a transaction that reads is open, for instance of a tool
// of yours or of a backup, it grows, and is cut to 16 MiB afterwards.
//
// Nothing but SQLite should open these files while the database is open. That
// goes for the program itself most of all: where locks are POSIX's, closing a
// file that was opened by os.Open or os.ReadFile releases SQLite's locks on it,
// and the database can be damaged.
//
// # Backup and restore
//
// Copying the files of a running database gives a damaged copy. Backup gives a
// good one, of one moment, while the database is in use:
//
//	err := sqlite.Backup(ctx, "app.db", "/backups/app-2026-11-20.db", sqlite.BackupOptions{})
//
// The program itself may call it, or another process beside it, such as one
// that cron starts. It writes a single file, readable by its owner alone, under
// a temporary name (".app-2026-11-20.db-*.partial", which only a crash leaves
// behind), checks it, and only then gives it its name. Pictures in a folder of
// storage/diskblob are not in the database: copy the folder after the backup,
// with any tool, because a picture's files never change. A picture that is
// replaced between the two is missing from the copies; what the folder holds
// too much is not served.
//
// To restore:
//
//  1. Stop every process that uses the database.
//  2. Remove app.db-wal and app.db-shm. This is not optional: SQLite would play
//     the log of the old database into the restored one.
//  3. Copy the backup to app.db, owned by the user that the program runs as.
//  4. Call Migrate, which brings a backup of an older release up to date, and
//     auth.Service.EndAllSessions: sessions come back as they were at the time of
//     the backup, also those that were ended since. "DELETE FROM
//     profilekit_sessions" does the same by hand.
//  5. Start. picture.Service.Repair names pictures whose blobs are gone, which
//     people see as the letters of a name, and removes blobs that are newer than
//     the backup.
//
// One-time things that were used since the backup, such as a recovery code or a link
// that is not over yet, work once more.
//
// Check reads a whole database, or a backup, and names what is damaged.
package sqlite
