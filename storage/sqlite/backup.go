package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"
)

// backupPages is how much is copied between two looks at the context: 1 MiB
// with pages of 4 KiB.
const backupPages = 256

// BackupOptions change how Backup works; the zero value is right for most.
type BackupOptions struct {
	// Replace lets the copy take the place of a file that is there; without,
	// that is an error that matches fs.ErrExist.
	Replace bool
	// Progress, if any, is called about every MiB with how many pages of how
	// many are copied. It should return soon: as long as the backup runs the
	// log of the database grows.
	Progress func(done, total int)
}

// Backup writes a consistent copy of the database file at path to the new file
// dest, while the database is in use by this or another process. Writers are
// not held up and do not hold it up: it copies what was committed when it
// began.
//
// The copy is written under a temporary name in dest's folder, checked
// (PRAGMA quick_check), synced, and renamed: dest is whole or not there. Its
// mode is 0600. It needs room for the whole database; storage.ErrFull is
// matched when there is not enough. When ctx ends Backup gives up within a MiB
// and returns its error. A damaged database is a *DamagedError.
func Backup(ctx context.Context, path, dest string, o BackupOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	source, err := existing(path)
	if err != nil {
		return err
	}
	if err := free(path, dest, o.Replace); err != nil {
		return err
	}
	folder, name := filepath.Split(dest)
	if folder == "" {
		folder = "."
	}
	temp, err := os.CreateTemp(folder, "."+name+"-*.partial") // 0600
	if err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	defer os.Remove(temp.Name()) // its other name, or no name, stays
	if err := temp.Close(); err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	if err := copyTo(ctx, source, temp.Name(), o.Progress); err != nil {
		return failure(ctx, "backup", err)
	}
	if err := checkCopy(ctx, temp.Name()); err != nil {
		return err
	}
	if err := publish(temp.Name(), dest, o.Replace); err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	return nil
}

// free refuses a destination that is in use.
func free(path, dest string, replace bool) error {
	if dest == "" || dest == memory {
		return errors.New("sqlite: a backup needs the name of a file")
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		// It would be played into the copy as if it were its own.
		if _, err := os.Lstat(dest + suffix); err == nil {
			return fmt.Errorf("sqlite: %q belongs to a database of the backup's name, which is open or was not closed: %w", dest+suffix, fs.ErrExist)
		}
	}
	info, err := os.Stat(dest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	if !replace || !info.Mode().IsRegular() {
		return fmt.Errorf("sqlite: backup: %q: %w", dest, fs.ErrExist)
	}
	for _, own := range []string{path, path + "-wal", path + "-shm"} {
		if of, err := os.Stat(own); err == nil && os.SameFile(of, info) {
			return fmt.Errorf("sqlite: %q is the database itself: %w", dest, fs.ErrExist)
		}
	}
	return nil
}

// copyTo copies all pages in one transaction that reads. Without it SQLite
// would start again whenever somebody writes, and with writers at full speed
// never end. VACUUM INTO, which also reads in one transaction, is as quick but
// tells no progress, and rebuilds what a backup should copy as it is.
func copyTo(ctx context.Context, source, temp string, progress func(done, total int)) error {
	target, err := uri(temp)
	if err != nil {
		return err
	}
	// A copy that is not finished is thrown away: it needs no journal, and
	// publish syncs it.
	target += "?" + url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)"}}.Encode()
	db, err := sql.Open("sqlite", source+"?"+reading())
	if err != nil {
		return errors.New("the driver does not accept the path")
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	// The transaction begins with its first read.
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	return conn.Raw(func(c any) error {
		from, ok := c.(interface {
			NewBackup(string) (*driver.Backup, error)
		})
		if !ok {
			return errors.New("the driver has no backups")
		}
		b, err := from.NewBackup(target)
		if err != nil {
			return err
		}
		return errors.Join(steps(ctx, b, progress), b.Finish())
	})
}

func steps(ctx context.Context, b *driver.Backup, progress func(done, total int)) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = b.Step(backupPages); err != nil {
			return err
		}
		if progress != nil {
			progress(b.PageCount()-b.Remaining(), b.PageCount())
		}
	}
	return nil
}

// checkCopy looks for damage that was copied too: who finds it when the backup
// is needed finds it too late. The file is nobody else's, and immutable keeps
// SQLite from making a log beside it.
func checkCopy(ctx context.Context, temp string) error {
	name, err := uri(temp)
	if err != nil {
		return err
	}
	return check(ctx, name+"?immutable=1&mode=ro", "quick_check")
}

// publish makes the copy durable and gives it its name.
func publish(temp, dest string, replace bool) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if !replace {
		// A link, unlike a rename, never takes the place of a file. Where there
		// are no links, the look at the beginning has to do.
		err := os.Link(temp, dest)
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		if err == nil {
			syncFolder(dest)
			return nil
		}
	}
	if err := os.Rename(temp, dest); err != nil {
		return err
	}
	syncFolder(dest)
	return nil
}

// syncFolder has the name written to the disk. Some systems cannot, and a
// backup that a crash un-names is missed, not wrong.
func syncFolder(dest string) {
	if f, err := os.Open(filepath.Dir(dest)); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
