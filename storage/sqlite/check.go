package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	driver "modernc.org/sqlite"

	"github.com/profilekit/profilekit/storage"
)

// maxFindings is how many things that are wrong a check looks for.
const maxFindings = 10

// DamagedError says that a file is no sound database. It has been damaged from
// outside SQLite: by a disk, by a copy of the file taken while it was written,
// or by removing its log. A backup is the remedy.
type DamagedError struct {
	// Findings are up to 10 lines of SQLite's. They name tables, indexes and
	// pages, and no value.
	Findings []string
}

func (e *DamagedError) Error() string {
	text := "sqlite: the database is damaged"
	if len(e.Findings) > 0 {
		text += ": " + e.Findings[0]
	}
	if n := len(e.Findings) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Check reads the whole database file at path, every table, index and foreign
// key, and returns nil when all is sound and else a *DamagedError. It may run
// beside processes that write and does not hold them up; it takes about as long
// as reading the file does.
func Check(ctx context.Context, path string) error {
	name, err := existing(path)
	if err != nil {
		return err
	}
	return check(ctx, name+"?"+reading(), "integrity_check")
}

// check runs a pragma that looks for damage, then looks at foreign keys.
func check(ctx context.Context, dsn, pragma string) error {
	db, err := sqlx.Open("sqlite", dsn)
	if err != nil {
		return errors.New("sqlite: the driver does not accept the path")
	}
	defer db.Close()
	var findings []string
	err = db.SelectContext(ctx, &findings, "PRAGMA "+pragma+"("+strconv.Itoa(maxFindings)+")")
	if err != nil {
		return failure(ctx, "check", err)
	}
	if len(findings) == 1 && findings[0] == "ok" {
		findings = nil
	}
	for i, f := range findings { // some are of several lines
		findings[i] = strings.Join(strings.Fields(f), " ")
	}
	var orphans []string
	err = db.SelectContext(ctx, &orphans,
		`SELECT DISTINCT "table" || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check LIMIT `+strconv.Itoa(maxFindings))
	if err != nil && len(findings) == 0 {
		return failure(ctx, "check", err)
	}
	if findings = append(findings, orphans...); len(findings) > 0 {
		return &DamagedError{Findings: findings[:min(len(findings), maxFindings)]}
	}
	return nil
}

// existing returns the URI of a file that must be there already.
func existing(path string) (string, error) {
	if path == memory || path == "" {
		return "", errors.New("sqlite: a database in memory has no file")
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("sqlite: %q is not a file: %w", path, fs.ErrInvalid)
	}
	if info.Size() == 0 {
		return "", &DamagedError{Findings: []string{"the file is empty"}}
	}
	return uri(path)
}

// reading are the parameters of a connection that only reads, and creates no
// file where there is none.
func reading() string {
	return url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "query_only(1)", "trusted_schema(0)"}}.Encode()
}

// failure turns the driver's error into one that callers can tell apart.
func failure(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("sqlite: %s: %w", doing, err)
	}
	switch e.Code() & 0xff {
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		return &DamagedError{Findings: []string{"it cannot be read as a database"}}
	case 13: // SQLITE_FULL
		return fmt.Errorf("sqlite: %s: %w", doing, storage.ErrFull)
	case 5, 6, 10, 14, 15: // SQLITE_BUSY, _LOCKED, _IOERR, _CANTOPEN, _PROTOCOL
		return &storage.UnavailableError{Err: fmt.Errorf("sqlite: %s: %w", doing, err)}
	}
	return fmt.Errorf("sqlite: %s: %w", doing, err)
}
