// Package diskblob is a storage.BlobStore in a folder of the local disk.
//
//	pics, err := diskblob.Open("/var/lib/app/pictures", diskblob.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer pics.Close()
//
// A blob is one file: its bytes as they were put, so that a picture opens in
// any viewer, then a short trailer with its type and cache header. Files are
// spread over 256 folders by a hash of the key. Several processes may share
// the folder when its file system is a local one.
//
// # Durability
//
// Put writes a temporary file, syncs it, gives it its name with link(2) (so
// that of two writers one loses) or rename(2) when it may replace, and syncs
// the folder. After a crash a key therefore has its old body or its new one;
// what a crash leaves of temporary files is removed by a later Open. The file
// system must have hard links, which Open checks.
//
// # Safety
//
// All access goes through os.Root: neither a key nor a symbolic link planted
// in the folder leads outside it, and only regular files are served.
package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Options of a Store; the zero Options are good.
type Options struct {
	// TempAge is the age at which Open removes temporary files that a crash
	// left; it must be longer than any Put takes. 0 is 24 hours.
	TempAge time.Duration
	// Now is the clock that TempAge is measured with; nil is time.Now.
	Now func() time.Time
}

// Store implements storage.BlobStore and storage.Lister. The reader of Open is also an
// io.ReadSeeker and an io.ReaderAt; it keeps reading the same body when the blob is
// replaced or deleted. An error of Put that matches storage.ErrFull means that the disk
// or the quota is full.
type Store struct {
	*blobs.Bucket
	folder *folder
}

var (
	_ storage.BlobStore = (*Store)(nil)
	_ storage.Lister    = (*Store)(nil)
)

// Open opens the store in dir, which it makes when it is missing (mode 0700;
// the parent must exist). It fails when the folder cannot be written.
func Open(dir string, opts Options) (*Store, error) {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		// The new folder's own name must survive a crash too.
		err = syncPath(filepath.Dir(filepath.Clean(dir)))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, openError(dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openError(dir, err)
	}
	s, err := openFiles(dir, rootFiles{root}, opts)
	if err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

func openFiles(dir string, files files, o Options) (*Store, error) {
	if o.TempAge <= 0 {
		o.TempAge = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &folder{files: files}
	for _, step := range []func() error{f.makeTempFolder, f.probe, func() error { return f.removeTemps(o.Now().Add(-o.TempAge)) }} {
		if err := step(); err != nil {
			return nil, openError(dir, err)
		}
	}
	return &Store{blobs.New("diskblob", f, blobs.Options{Failure: failure}), f}, nil
}

// Close releases the folder. Blobs that are open stay readable.
func (s *Store) Close() error { return s.folder.files.Close() }

// List implements storage.Lister. It reads one folder at a time. A file that
// is no blob of this store ends the sequence with an error only when its name
// could be that of a blob; other names are passed over.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, s.Bucket, prefix, s.folder.page)
}

// folder is the driver.
type folder struct {
	files files
	// known are the folders below that are known to be durable; see makeFolder.
	known sync.Map
}

// openError says in one line what is wrong with the folder.
func openError(dir string, err error) error {
	var links *noLinks
	switch {
	case errors.As(err, &links):
		return fmt.Errorf("diskblob: the file system of the folder %s must have hard links: %w", dir, err)
	case isReadOnly(err):
		return fmt.Errorf("diskblob: the folder %s is on a read-only file system: %w", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("diskblob: no permission to write in the folder %s: %w", dir, err)
	case isFull(err):
		return fmt.Errorf("diskblob: no room in the folder %s: %w", dir, full(err))
	}
	return fmt.Errorf("diskblob: the folder %s cannot be used: %w", dir, err)
}

// makeTempFolder makes the folder of temporary files, and syncs its name.
func (s *folder) makeTempFolder() error {
	err := s.files.Mkdir(tempDir)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = s.files.SyncDir(".")
	}
	return err
}

// probe finds out now, not at the first upload, that the folder cannot be
// written or has no hard links.
func (s *folder) probe() error {
	name, f, err := s.createTemp()
	if err != nil {
		return err
	}
	defer s.files.Remove(name)
	if err := f.Close(); err != nil {
		return err
	}
	second := tempName()
	if err := s.files.Link(name, second); err != nil {
		return &noLinks{err}
	}
	return s.files.Remove(second)
}

// removeTemps removes what crashes left. A file that goes meanwhile is not an
// error: another process may be cleaning as well.
func (s *folder) removeTemps(before time.Time) error {
	entries, err := s.files.ReadDir(tempDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.IsDir() || !info.ModTime().Before(before) {
			continue
		}
		if err := s.files.Remove(tempDir + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *folder) Open(_ context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	r, info, err := s.openBlob(key)
	if err != nil {
		return nil, storage.BlobInfo{}, err // not r, a nil pointer that would be a reader
	}
	return r, info, nil
}

func (s *folder) openBlob(key string) (*reader, storage.BlobInfo, error) {
	name := fileName(key)
	// Looked at before it is opened: opening a pipe would wait, and a symbolic
	// link is nothing that Put made.
	before, err := s.files.Lstat(name)
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	if !before.Mode().IsRegular() {
		return nil, storage.BlobInfo{}, errDamaged
	}
	f, err := s.files.Open(name)
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errDamaged
	}
	var t trailer
	var size int64
	if err == nil {
		t, size, err = readTrailer(f, info.Size())
	}
	if err == nil && t.Key != key {
		err = errDamaged
	}
	if err != nil {
		f.Close()
		return nil, storage.BlobInfo{}, err
	}
	return &reader{io.NewSectionReader(f, 0, size), f}, storage.BlobInfo{
		Key: key, Size: size, ContentType: t.ContentType, CacheControl: t.CacheControl, ModTime: info.ModTime(),
	}, nil
}

type reader struct {
	*io.SectionReader
	io.Closer
}

func (s *folder) Delete(_ context.Context, key string) error {
	name := fileName(key)
	if err := s.files.Remove(name); err != nil {
		return err
	}
	// Else a power loss could bring a private picture back.
	return s.files.SyncDir(dirOf(name))
}
