// Package sqlite opens SQLite databases for sqlstore with modernc.org/sqlite,
// a driver without cgo.
//
//	db, err := sqlite.Open(ctx, "app.db")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	err = db.Migrate(ctx)
//
// One connection writes and several read beside it (WAL mode); transactions
// take the write lock when they begin, so they never fail half way for want of
// it. A commit is on disk when it returns (synchronous=FULL). Several processes
// may share the file on one machine, not over a network file system.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Options change how a database is opened; the zero value is right for most.
type Options struct {
	// Readers is the number of connections that read; 0 is GOMAXPROCS, and at
	// least 4.
	Readers int
	// BusyTimeout is how long a statement waits for another process that
	// writes; 0 is 5 s.
	BusyTimeout time.Duration
	// Now tells the time of changes; nil is time.Now.
	Now func() time.Time
}

// memory is the path of a database that lives as long as its DB.
const memory = ":memory:"

// Open opens the database file at path, creating it, readable by its owner
// alone, when there is none; the folder must exist. The path ":memory:" is a
// new database in memory, served by a single connection. At most one Options
// is used. Open does not migrate. The error of a file or folder that cannot be
// written says so and matches fs.ErrPermission, fs.ErrNotExist and the like
// where the system does.
func Open(ctx context.Context, path string, opts ...Options) (*sqlstore.DB, error) {
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	if o.Readers <= 0 {
		o.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 5 * time.Second
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := prepare(path)
	if err != nil {
		return nil, err
	}
	main, err := sqlx.Open("sqlite", name+"?"+o.parameters(false))
	if err != nil {
		return nil, errors.New("sqlite: the driver does not accept the path")
	}
	keep(main, 1)
	so := sqlstore.Options{Now: o.Now}
	if path != memory {
		so.Readers, err = sqlx.Open("sqlite", name+"?"+o.parameters(true))
		if err != nil {
			_ = main.Close()
			return nil, errors.New("sqlite: the driver does not accept the path")
		}
		keep(so.Readers, o.Readers)
	}
	db := sqlstore.New(main, sqlstore.SQLite, so)
	// An immediate transaction needs the right to write the file and to
	// create the log beside it.
	if err := db.InTx(ctx, func(context.Context) error { return nil }); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("sqlite: the database %q cannot be written; it, its folder or the disk may be read-only, or it is no database: %w", path, err)
	}
	return db, nil
}

// prepare makes sure that the file is there, and returns its URI.
func prepare(path string) (string, error) {
	switch {
	case path == memory:
		return "file::memory:", nil
	case path == "":
		return "", errors.New("sqlite: the path is empty")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	// SQLite would create it readable by everybody, and it holds hashes.
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("sqlite: the database cannot be opened for writing: %w", err)
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("sqlite: %q is not a file: %w", path, fs.ErrInvalid)
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a Windows drive
	}
	return "file://" + (&url.URL{Path: slashed}).EscapedPath(), nil
}

func (o Options) parameters(reader bool) string {
	pragmas := []string{
		"busy_timeout(" + strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10) + ")",
		"foreign_keys(1)",
		"trusted_schema(0)",
	}
	if reader {
		pragmas = append(pragmas, "query_only(1)")
	} else {
		pragmas = append(pragmas, "journal_mode(WAL)", "synchronous(FULL)")
	}
	return url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}.Encode()
}

// keep makes a pool hold its connections: each has its prepared statements,
// and one in memory is its database.
func keep(db *sqlx.DB, connections int) {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(0)
	db.SetConnMaxIdleTime(0)
}
