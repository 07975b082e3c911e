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

const (
	// checkpointPages of 4 KiB in the log have the commit that reaches them
	// copy it into the database.
	checkpointPages = 1000
	// maxIdleLog, in bytes, is what a log that grew while somebody read is cut
	// to when it starts again.
	maxIdleLog = 16 << 20
)

// memory is the path of a database that lives as long as its DB.
const memory = ":memory:"

// Open opens the database file at path, creating it, readable by its owner
// alone, when there is none; the folder must exist. The path ":memory:" is a
// new database in memory, served by a single connection. Open does not migrate. The error of a file or folder that cannot be
// written says so and matches fs.ErrPermission, fs.ErrNotExist and the like
// where the system does.
func Open(ctx context.Context, path string, o Options) (*sqlstore.DB, error) {
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
		so.AfterWrite = (&logKeeper{db: main, path: path + "-wal", busyTimeout: o.BusyTimeout}).afterWrite
	}
	db := sqlstore.New(main, sqlstore.SQLite, so)
	// An immediate transaction needs the right to write the file and to
	// create the log beside it.
	try := func() error {
		return db.InTx(ctx, func(ctx context.Context) error { return journalled(ctx, path) })
	}
	if err := inTurn(ctx, o.BusyTimeout, try); err != nil {
		_ = db.Close()
		return nil, refused(ctx, path, err)
	}
	return db, nil
}

var errNoLog = errors.New("the file system cannot hold a write-ahead log")

// journalled makes sure that the file has a write-ahead log: SQLite goes on
// without, where a file system cannot share memory between processes, and then
// a reader would wait for the writer.
func journalled(ctx context.Context, path string) error {
	if path == memory {
		return nil
	}
	tx, _ := sqlstore.Tx(ctx)
	var mode string
	if err := tx.GetContext(ctx, &mode, "PRAGMA journal_mode"); err != nil {
		return err
	}
	if mode != "wal" {
		return errNoLog
	}
	return nil
}

// refused says in one line why a database could not be opened.
func refused(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var database *sqlstore.DatabaseError
	if path == memory || errors.Is(err, errNoLog) {
		return fmt.Errorf("sqlite: %w", err)
	}
	if errors.As(err, &database) && (database.Code == "11" || database.Code == "26") {
		return fmt.Errorf("sqlite: %q is damaged or no SQLite database: %w", path, err)
	}
	if cause := writable(path); cause != nil {
		return fmt.Errorf("sqlite: the database %q cannot be written: %w", path, cause)
	}
	if cause := writable(filepath.Dir(path)); cause != nil {
		return fmt.Errorf("sqlite: the log cannot be written beside the database, in the folder %q: %w", filepath.Dir(path), cause)
	}
	return fmt.Errorf("sqlite: the database %q cannot be written; it, its folder or the disk may be read-only or full: %w", path, err)
}

// prepare makes sure that the file is there, and returns its URI.
func prepare(path string) (string, error) {
	switch {
	case path == memory:
		return "file::memory:", nil
	case path == "":
		return "", errors.New("sqlite: the path is empty")
	}
	if err := create(path); err != nil {
		return "", err
	}
	return uri(path)
}

// create makes the file, readable by its owner alone, when there is none:
// SQLite would let everybody read it, and it holds hashes. A file that is there
// is not opened: where locks are POSIX's, closing it would release the locks
// that this process has on it by other handles, and another process could then
// remove the log under them.
func create(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		var f *os.File
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			err = f.Close()
		case errors.Is(err, fs.ErrExist): // somebody was quicker
			err = nil
		}
		if err == nil {
			info, err = os.Stat(path)
		}
	}
	if err == nil && info.Mode().IsRegular() {
		err = writable(path)
	}
	if err != nil {
		return fmt.Errorf("sqlite: the database cannot be opened for writing: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("sqlite: %q is not a file: %w", path, fs.ErrInvalid)
	}
	return nil
}

// uri spells path so that SQLite takes no character of it for its own.
func uri(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
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
		pragmas = append(
			pragmas, "journal_mode(WAL)", "synchronous(FULL)",
			"wal_autocheckpoint("+strconv.Itoa(checkpointPages)+")",
			"journal_size_limit("+strconv.Itoa(maxIdleLog)+")",
		)
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
