package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// secret stands where drivers repeat values.
const secret = "hunter2@example.org"

type resultCode int

func (c resultCode) Error() string { return "constraint failed: " + secret }
func (c resultCode) Code() int     { return int(c) }

func TestErrorsAreMappedByCode(t *testing.T) {
	pg := sqlstore.New(sqlx.NewDb(new(sql.DB), "none"), sqlstore.Postgres, sqlstore.Options{
		ErrorInfo: func(err error) (string, string, bool) {
			var e *pq.Error
			if !errors.As(err, &e) {
				return "", "", false
			}
			return string(e.Code), e.Constraint, true
		},
	})
	lite := sqlstore.New(sqlx.NewDb(nil, "none"), sqlstore.SQLite, sqlstore.Options{})
	state := func(code, constraint string) error {
		return &pq.Error{Code: pqerror.Code(code), Constraint: constraint, Message: "about " + secret, Detail: "Key=(" + secret + ")"}
	}
	for _, c := range []struct {
		name string
		db   *sqlstore.DB
		err  error
		want error // nil: a DatabaseError and no sentinel
	}{
		{"unique", pg, state("23505", "profilekit_activity_pkey"), storage.ErrTaken},
		{"serialization", pg, state("40001", ""), storage.ErrUnavailable},
		{"deadlock", pg, state("40P01", ""), storage.ErrUnavailable},
		{"lock timeout", pg, state("55P03", ""), storage.ErrUnavailable},
		{"statement timeout", pg, state("57014", ""), storage.ErrUnavailable},
		{"read-only", pg, state("25006", ""), storage.ErrUnavailable},
		{"too many connections", pg, state("53300", ""), storage.ErrUnavailable},
		{"out of memory", pg, state("53200", ""), storage.ErrUnavailable},
		{"disk full", pg, state("53100", ""), storage.ErrFull},
		{"shutting down", pg, state("57P01", ""), storage.ErrUnavailable},
		{"starting up", pg, state("57P03", ""), storage.ErrUnavailable},
		{"connection exception", pg, state("08006", ""), storage.ErrUnavailable},
		{"wrong password", pg, state("28P01", ""), storage.ErrUnavailable},
		{"no database", pg, state("3D000", ""), storage.ErrUnavailable},
		{"no table", pg, state("42P01", ""), nil},
		{"too long", pg, state("22001", ""), nil},
		{"not null", pg, state("23502", ""), nil},
		{"refused", pg, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, storage.ErrUnavailable},
		{"reset", pg, &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, storage.ErrUnavailable},
		{"unknown host", pg, &net.DNSError{Name: secret}, storage.ErrUnavailable},
		{"silence", pg, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, storage.ErrUnavailable},
		{"bad connection", pg, driver.ErrBadConn, storage.ErrUnavailable},
		{"end of stream", pg, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), storage.ErrUnavailable},
		{"something else", pg, errors.New(secret), nil},
		{"unique", lite, resultCode(2067), storage.ErrTaken},
		{"primary key", lite, resultCode(1555), storage.ErrTaken},
		{"busy", lite, resultCode(5), storage.ErrUnavailable},
		{"busy snapshot", lite, resultCode(517), storage.ErrUnavailable},
		{"locked", lite, resultCode(6), storage.ErrUnavailable},
		{"read-only", lite, resultCode(8), storage.ErrUnavailable},
		{"read-only folder", lite, resultCode(1544), storage.ErrUnavailable},
		{"cannot write", lite, resultCode(778), storage.ErrUnavailable},
		{"cannot open", lite, resultCode(14), storage.ErrUnavailable},
		{"interrupted", lite, resultCode(9), storage.ErrUnavailable},
		{"full", lite, resultCode(13), storage.ErrFull},
		{"check", lite, resultCode(275), nil},
		{"no table", lite, resultCode(1), nil},
		{"no database", lite, resultCode(26), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.db.Failure(c.err)
			var other *sqlstore.DatabaseError
			if c.want != nil && !errors.Is(got, c.want) {
				t.Errorf("%v, want one that matches %v", got, c.want)
			}
			if c.want == nil && (!errors.As(got, &other) || errors.Is(got, storage.ErrUnavailable)) {
				t.Errorf("%v, want a DatabaseError alone", got)
			}
			for err := got; err != nil; err = errors.Unwrap(err) {
				if text := fmt.Sprintf("%v %+v %q", err, err, err); strings.Contains(text, secret) {
					t.Errorf("the error repeats the driver's text: %s", text)
				}
			}
		})
	}
	for constraint, field := range map[string]string{
		"users_username_key": "username", "users_username_key_key": "username",
		"users_email_key": "email", "users_email_key_key": "email",
	} {
		var taken *storage.TakenError
		if err := pg.Failure(state("23505", constraint)); !errors.As(err, &taken) || taken.Field != field {
			t.Errorf("%s: %v, want the field %s", constraint, err, field)
		}
	}
}

func TestMissingTablesAreTold(t *testing.T) {
	db, err := sqlite.Open(t.Context(), ":memory:", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Users().User(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "Migrate") {
		t.Errorf("before Migrate: %v, want a word about Migrate", err)
	}
}

func TestSQLiteBusyIsUnavailable(t *testing.T) {
	path := t.TempDir() + "/app.db"
	holder := place{at: path}.open(t)
	if err := holder.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = holder.InTx(t.Context(), func(context.Context) error {
		if err := db.Limits().Reset(t.Context(), "k"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("a write beside another process's: %v, want ErrUnavailable", err)
		}
		// Readers are not held up.
		_, err := db.Users().User(t.Context(), "1")
		return err
	})
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a read beside another process's write: %v, want ErrNotFound", err)
	}
}

func TestSQLiteFullIsFull(t *testing.T) {
	db := place{at: t.TempDir() + "/app.db"}.open(t)
	ctx := t.Context()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	err := db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		// The smallest limit that SQLite takes is the present size.
		_, err := tx.ExecContext(ctx, "PRAGMA max_page_count = 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Users().Create(ctx, profile.User{Username: "big", Email: "big@example.org", Bio: strings.Repeat("x", 1<<20)})
	if !errors.Is(err, storage.ErrFull) {
		t.Errorf("a write that does not fit: %v, want ErrFull", err)
	}
	if _, err := db.Users().ByUsername(ctx, "big"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after it: %v, want ErrNotFound", err)
	}
}

func TestPostgresRefusals(t *testing.T) {
	dsn := migrated(t)
	holder := place{postgres: true, at: dsn}.open(t)
	u := user(t, t.Context(), holder, "held")
	bio := "x"
	write := func(db *sqlstore.DB) error {
		_, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Bio: &bio})
		return err
	}
	t.Run("read-only", func(t *testing.T) {
		db := place{postgres: true, at: dsn + "&default_transaction_read_only=on"}.open(t)
		if err := write(db); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%v, want ErrUnavailable", err)
		}
	})
	for name, o := range map[string]postgres.Options{
		"lock timeout":      {LockTimeout: 30 * time.Millisecond},
		"statement timeout": {StatementTimeout: 30 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := postgres.Open(t.Context(), dsn, o)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			err = holder.InTx(t.Context(), func(ctx context.Context) error {
				if _, err := holder.Auth().Passwords.LockPassword(ctx, u.ID); err != nil {
					return err
				}
				if err := write(db); !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("%v, want ErrUnavailable", err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("an ended context is its own error", func(t *testing.T) {
		db := place{postgres: true, at: dsn}.open(t)
		err := holder.InTx(t.Context(), func(ctx context.Context) error {
			if _, err := holder.Auth().Passwords.LockPassword(ctx, u.ID); err != nil {
				return err
			}
			short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := db.Users().Update(short, u.ID, profile.Patch{Bio: &bio}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want context.DeadlineExceeded", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := write(db); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
}
