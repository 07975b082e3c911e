package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/profilekit/profilekit/storage"
)

// DatabaseError is a failure that no sentinel describes: most often a missing
// table or a value that a column does not take. It does not hold the driver's
// error, whose text and details may repeat values.
type DatabaseError struct {
	// Code is the SQLSTATE or SQLite's extended result code in decimal, or "".
	Code string
	// Constraint is the name of a violated constraint, when it is known.
	Constraint string
	reason     string
}

func (e *DatabaseError) Error() string {
	text := "sqlstore: " + e.reason
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// errorInfo reads the errors of lib/pq and pgx (SQLState) and of
// modernc.org/sqlite (Code).
func errorInfo(err error) (code, constraint string, ok bool) {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState(), "", true
	}
	var result interface{ Code() int }
	if errors.As(err, &result) {
		return strconv.Itoa(result.Code()), "", true
	}
	return "", "", false
}

// fail maps err as failure does and dooms u, which the caller has locked.
func (d *DB) fail(ctx context.Context, u *unit, err error) error {
	if err == nil {
		return nil
	}
	mapped := d.failure(ctx, err)
	if u != nil && u.doomed == nil {
		u.doomed = mapped
		u.retry = d.retriable(err)
	}
	return mapped
}

// failure turns a driver's error into one of ours.
func (d *DB) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if end := ctx.Err(); end != nil {
		return end
	}
	if code, constraint, ok := d.errorInfo(err); ok {
		if d.dialect == SQLite {
			return sqliteFailure(code)
		}
		return postgresFailure(code, constraint)
	}
	if reason, ok := lostConnection(err); ok {
		return unavailable(reason, "")
	}
	return &DatabaseError{reason: fmt.Sprintf("unexpected error of type %T", err)}
}

// lostConnection says why a connection could not be made or kept.
func lostConnection(err error) (reason string, ok bool) {
	var network net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", true
	case errors.As(err, &dns):
		return "the name of the database host does not resolve", true
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, context.DeadlineExceeded):
		return "the database did not answer in time", true
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, context.Canceled), errors.As(err, &network):
		return "connection lost", true
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return "connection failed", true
	}
	// pgx has errors of its own for a connection that cannot be used; they, and
	// no others, say whether a statement was sent.
	var closed interface{ SafeToRetry() bool }
	if errors.As(err, &closed) {
		return "connection lost", true
	}
	return "", false
}

func unavailable(reason, code string) error {
	return &storage.UnavailableError{Err: &DatabaseError{Code: code, reason: reason}}
}

// postgresFailure maps a SQLSTATE (PostgreSQL manual, appendix A).
func postgresFailure(code, constraint string) error {
	class := code
	if len(code) >= 2 {
		class = code[:2]
	}
	switch code {
	case "23505":
		return taken(constraint)
	case "53100":
		return fmt.Errorf("sqlstore: %w", storage.ErrFull)
	case "40001", "40P01":
		return unavailable("concurrent transactions conflict", code)
	case "55P03":
		return unavailable("waited too long for a lock", code)
	case "57014":
		return unavailable("the statement took too long", code)
	case "25006":
		return unavailable("the database is read-only", code)
	case "53300":
		return unavailable("too many connections", code)
	case "42P01", "42703", "3F000":
		return &DatabaseError{Code: code, reason: "a table or column is missing; has Migrate run?"}
	case "42501":
		return &DatabaseError{Code: code, reason: "the database user lacks a privilege"}
	case "3D000":
		return unavailable("no such database", code)
	}
	switch class {
	case "08", "57":
		return unavailable("the database is not accepting work", code)
	case "53", "58":
		return unavailable("the database lacks resources", code)
	case "28":
		return unavailable("the database refuses this user", code)
	case "22", "23":
		return &DatabaseError{Code: code, Constraint: constraint, reason: "the database refuses a value"}
	}
	return &DatabaseError{Code: code, Constraint: constraint, reason: "the database refuses a statement"}
}

// taken names the field of a violated unique constraint.
func taken(constraint string) error {
	for _, field := range []string{"username", "email"} {
		if strings.HasPrefix(constraint, "users_"+field) {
			return &storage.TakenError{Field: field}
		}
	}
	if constraint == "profilekit_factors_lookup" {
		return &storage.TakenError{Field: "lookup"}
	}
	return fmt.Errorf("sqlstore: %w", storage.ErrTaken)
}

// sqliteFailure maps an extended result code (https://sqlite.org/rescode.html);
// its low byte is the primary code.
func sqliteFailure(code string) error {
	n, _ := strconv.Atoi(code)
	switch n {
	case 1555, 2067, 2579: // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID
		return fmt.Errorf("sqlstore: %w", storage.ErrTaken)
	}
	switch n & 0xff {
	case 5, 6, 15: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL
		return unavailable("waited too long for the database's lock", code)
	case 7: // SQLITE_NOMEM
		return unavailable("the database lacks memory", code)
	case 8: // SQLITE_READONLY
		return unavailable("the database is read-only", code)
	case 9: // SQLITE_INTERRUPT
		return unavailable("the statement was interrupted", code)
	case 10: // SQLITE_IOERR
		return unavailable("the database file cannot be read or written", code)
	case 13: // SQLITE_FULL
		return fmt.Errorf("sqlstore: %w", storage.ErrFull)
	case 14: // SQLITE_CANTOPEN
		return unavailable("the database file cannot be opened", code)
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		return &DatabaseError{Code: code, reason: "the file is damaged or not a database"}
	case 1: // SQLITE_ERROR
		return &DatabaseError{Code: code, reason: "the database refuses a statement; has Migrate run?"}
	case 18, 19, 20: // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
		return &DatabaseError{Code: code, reason: "the database refuses a value"}
	}
	return &DatabaseError{Code: code, reason: "the database refuses a statement"}
}

// retriable reports whether the database ended a transaction so that another
// could go on, and running it again is the remedy.
func (d *DB) retriable(err error) bool {
	code, _, _ := d.errorInfo(err)
	return d.dialect == Postgres && (code == "40001" || code == "40P01")
}

// commitFailure maps an error of COMMIT. When the connection was lost nobody
// can say whether it happened, and the error says so.
func (d *DB) commitFailure(err error) error {
	code, _, told := d.errorInfo(err)
	switch {
	case !told:
		return unknownOutcome("the connection was lost during commit")
	case d.dialect == Postgres && endsConnection(code):
		return unknownOutcome("the server ended the connection during commit")
	}
	return d.failure(context.Background(), err)
}

// endsConnection reports whether the SQLSTATE is that of a server that goes
// away. It may come after a commit that is durable: one that waits for a
// replica is ended so.
func endsConnection(code string) bool {
	return code == "40003" || strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P")
}

func unknownOutcome(reason string) error {
	return &storage.UnavailableError{Err: fmt.Errorf("sqlstore: %s: %w", reason, storage.ErrUnknownOutcome)}
}

// failRun maps an error of a statement that ran by itself: a change whose
// answer was lost may have happened. answering is whether the server had begun
// to answer.
func (d *DB) failRun(ctx context.Context, u *unit, s *statement, answering bool, err error) error {
	mapped := d.fail(ctx, u, err)
	if mapped == nil || u != nil || !s.write || d.dialect != Postgres || ctx.Err() != nil {
		return mapped
	}
	if _, _, told := d.errorInfo(err); told {
		return mapped
	}
	if _, lost := lostConnection(err); lost && (answering || !neverSent(err)) {
		return unknownOutcome("the connection was lost during a change")
	}
	return mapped
}

// neverSent reports whether the statement surely did not reach the server.
// ErrBadConn says so: database/sql would otherwise make the change again.
func neverSent(err error) bool {
	var own interface{ NeverSent() bool }
	var op *net.OpError
	var dns *net.DNSError
	return errors.Is(err, driver.ErrBadConn) || errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" ||
		errors.As(err, &own) && own.NeverSent()
}
