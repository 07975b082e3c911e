package diskblob

import (
	"io"
	"io/fs"
	"os"
)

// files is the file system as the store uses it. There is one implementation,
// on os.Root; tests put another before it to watch the order of calls and to
// let any of them fail.
type files interface {
	Mkdir(name string) error
	Create(name string) (file, error) // fails when it exists
	Open(name string) (file, error)
	Lstat(name string) (fs.FileInfo, error)
	Link(old, name string) error // fails when name exists
	Rename(old, name string) error
	Remove(name string) error
	SyncDir(name string) error
	ReadDir(name string) ([]fs.DirEntry, error)
	Close() error
}

type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Sync() error
	Stat() (fs.FileInfo, error)
}

type rootFiles struct{ root *os.Root }

func (r rootFiles) Mkdir(name string) error                { return r.root.Mkdir(name, 0o700) }
func (r rootFiles) Lstat(name string) (fs.FileInfo, error) { return r.root.Lstat(name) }
func (r rootFiles) Link(old, name string) error            { return r.root.Link(old, name) }
func (r rootFiles) Rename(old, name string) error          { return r.root.Rename(old, name) }
func (r rootFiles) Remove(name string) error               { return r.root.Remove(name) }
func (r rootFiles) Close() error                           { return r.root.Close() }

func (r rootFiles) Create(name string) (file, error) {
	f, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err // not f: a nil *os.File is no nil file
	}
	return f, nil
}

func (r rootFiles) Open(name string) (file, error) {
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (r rootFiles) SyncDir(name string) error {
	d, err := r.root.Open(name)
	if err != nil {
		return err
	}
	return syncAndClose(d)
}

func (r rootFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	d, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

func syncPath(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return syncAndClose(d)
}

func syncAndClose(f *os.File) error {
	err := f.Sync()
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
