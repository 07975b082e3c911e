package diskblob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

func (s *folder) Put(ctx context.Context, key string, body *blobs.Body, meta storage.Meta) error {
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
func (s *folder) makeFolder(dir string) error {
	if _, ok := s.known.Load(dir); ok {
		return nil
	}
	if err := s.files.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.files.SyncDir("."); err != nil {
		return err
	}
	s.known.Store(dir, true)
	return nil
}

// writeTemp makes a whole and durable file that has no name of a blob yet.
func (s *folder) writeTemp(ctx context.Context, key string, body io.Reader, meta storage.Meta) (string, error) {
	temp, f, err := s.createTemp()
	if err != nil {
		return "", err
	}
	err = writeBlob(f, body, trailer{Key: key, ContentType: meta.ContentType, CacheControl: meta.CacheControl})
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

func writeBlob(f io.Writer, body io.Reader, t trailer) (err error) {
	if t.Size, err = io.CopyBuffer(onlyWriter{f}, body, make([]byte, 64<<10)); err != nil {
		return err
	}
	_, err = f.Write(t.encode())
	return err
}

// onlyWriter hides ReadFrom of a file, which would take a buffer of its own.
type onlyWriter struct{ io.Writer }

// publish gives temp the name, unless somebody has it.
func (s *folder) publish(temp, name string) error {
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
func (s *folder) replace(temp, name string) error {
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
func (s *folder) discard(name string) { _ = s.files.Remove(name) }

func tempName() string { return tempDir + "/" + strings.ToLower(rand.Text()) }

func (s *folder) createTemp() (string, file, error) {
	name := tempName()
	f, err := s.files.Create(name)
	return name, f, err
}
