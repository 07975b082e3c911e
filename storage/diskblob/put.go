package diskblob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// Put implements storage.BlobStore. An error that matches storage.ErrFull
// means that the disk or the quota is full.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	if err := s.put(ctx, key, body, meta); err != nil {
		return fmt.Errorf("diskblob: put %s: %w", key, mapError(err))
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, body io.Reader, meta storage.Meta) error {
	name := fileName(key)
	if !meta.Overwrite {
		// Saves reading the body; the link below is what decides.
		if _, err := s.files.Lstat(name); err == nil {
			return fs.ErrExist
		}
	}
	temp, err := s.writeTemp(ctx, key, body, meta)
	if err != nil {
		return err
	}
	if err := s.makeFolder(dirOf(name)); err != nil {
		s.discard(temp)
		return err
	}
	if meta.Overwrite {
		return s.replace(temp, name)
	}
	return s.publish(temp, name)
}

// makeFolder makes one of the 256 folders when it is first written to. That it
// is there is not enough: the process that made it may not have synced its name
// yet, and with the folder this blob would be lost.
func (s *Store) makeFolder(dir string) error {
	if _, ok := s.folders.Load(dir); ok {
		return nil
	}
	if err := s.files.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.files.SyncDir("."); err != nil {
		return err
	}
	s.folders.Store(dir, true)
	return nil
}

// writeTemp makes a whole and durable file that has no name of a blob yet.
func (s *Store) writeTemp(ctx context.Context, key string, body io.Reader, meta storage.Meta) (string, error) {
	temp, f, err := s.createTemp()
	if err != nil {
		return "", err
	}
	err = writeBlob(ctx, f, body, trailer{Key: key, ContentType: meta.ContentType, CacheControl: meta.CacheControl})
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		// The last moment at which nothing has happened yet.
		err = ctx.Err()
	}
	if err != nil {
		s.discard(temp)
		return "", err
	}
	return temp, nil
}

func writeBlob(ctx context.Context, f io.Writer, body io.Reader, t trailer) error {
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := body.Read(buf)
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return err
			}
			t.Size += int64(n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			// The body's own failure must not pass for one of the disk.
			return &bodyError{err}
		}
	}
	_, err := f.Write(t.encode())
	return err
}

// publish gives temp the name, unless somebody has it.
func (s *Store) publish(temp, name string) error {
	if err := s.files.Link(temp, name); err != nil {
		s.discard(temp)
		return err
	}
	s.discard(temp)
	if err := s.files.SyncDir(dirOf(name)); err != nil {
		// Not known to be durable, so it must not be there.
		s.discard(name)
		return err
	}
	return nil
}

// replace gives temp the name, whoever has it, and can take that back: the old
// file keeps a second name until the new one is durable.
func (s *Store) replace(temp, name string) error {
	kept := tempName()
	err := s.files.Link(name, kept)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		kept = ""
	case err != nil:
		s.discard(temp)
		return err
	}
	if err = s.files.Rename(temp, name); err != nil {
		s.discard(temp)
	} else if err = s.files.SyncDir(dirOf(name)); err != nil {
		if kept == "" {
			s.discard(name)
		} else if undo := s.files.Rename(kept, name); undo != nil {
			err = errors.Join(err, undo)
		}
	}
	if kept != "" {
		s.discard(kept)
	}
	return err
}

// discard removes a file that is of no use; when that fails a later Open does.
func (s *Store) discard(name string) { _ = s.files.Remove(name) }

func tempName() string { return tempDir + "/" + strings.ToLower(rand.Text()) }

func (s *Store) createTemp() (string, file, error) {
	name := tempName()
	f, err := s.files.Create(name)
	return name, f, err
}
