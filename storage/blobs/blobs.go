// Package blobs is the front of all stores of pictures: what every
// storage.BlobStore must check is checked here, once, and a driver is thin.
//
// A driver implements Driver, three methods that get only valid keys and
// contexts that have not ended. New puts the front before it:
//
//	type Store struct {
//		*blobs.Bucket // Put, Open and Delete
//		files *files  // the Driver
//	}
//
//	func New() *Store {
//		f := &files{}
//		return &Store{blobs.New("mystore", f, blobs.Options{}), f}
//	}
//
// A store has exactly the abilities that its own type has methods for, so that
// storage.As finds no more than there is. Each such method calls one function of
// this package, which checks the key and the context and names the call in errors:
//
//	func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
//		return blobs.List(ctx, s.Bucket, prefix, s.files.page)
//	}
//
// Package storagetest checks the whole.
//
// # Addresses
//
// Open opens the store that an address names, such as s3://bucket/pictures. Which
// kinds of stores there are is said in the call: each driver has an Opener, and
// nothing is registered anywhere.
//
//	pics, closePics, err := blobs.Open(ctx, os.Getenv("BLOB_URL"), diskblob.Opener{}, s3blob.Opener{})
package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Driver is one kind of store, without the checks. Its methods are called with
// valid keys and with contexts that have not ended, by several goroutines at once.
// A driver keeps the promises of storage.BlobStore: a blob is whole or not there, is
// durable, and of two puts of one key one wins. Names in errors, keys and contexts that
// ended are the Bucket's. A context that ended during a call is reported as ctx.Err()
// whatever the driver returned. A Timeout only ends the context, so that a driver whose
// library knows no contexts has to bound its calls itself. ContentType and CacheControl
// have to be kept: a store without room for them keeps them in the blob, as diskblob does.
type Driver interface {
	// Put stores body, from its present position to its end. A key that exists
	// is fs.ErrExist, unless meta.Overwrite; a store without room is
	// storage.ErrFull. The driver reports a failure of the body by any error.
	Put(ctx context.Context, key string, body *Body, meta storage.Meta) error
	// Open returns the blob and what is known of it; BlobInfo.Key is the front's
	// to set. A missing key is fs.ErrNotExist.
	Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error)
	// Delete removes the blob. A missing key may be fs.ErrNotExist, which the
	// front takes for success.
	Delete(ctx context.Context, key string) error
}

// Options of a Bucket; the zero Options are good.
type Options struct {
	// Timeout bounds each call of a method of the driver, and each page of a
	// listing; of Open it bounds the time until the driver returns. A call that
	// takes longer is ErrNoAnswer. 0 is no bound, for stores in this process.
	Timeout time.Duration
	// Failure turns an error of the driver's library into one of package
	// storage, or into one that is fit to be shown: texts of libraries may hold
	// addresses and signatures. op is "put", "open", "read", "delete", "list" or
	// "sign". Errors that match fs.ErrExist, fs.ErrNotExist, storage.ErrFull or
	// storage.ErrUnavailable are good already and never come here, nor do the
	// body's own. nil leaves errors as they are.
	Failure func(op string, err error) error
}

// DefaultTimeout is the Options.Timeout of this module's drivers that use a network.
const DefaultTimeout = 30 * time.Second

// Bucket implements storage.BlobStore over a Driver and has no abilities beyond. A
// driver's Store embeds it. It is safe for concurrent use.
type Bucket struct {
	name   string
	driver Driver
	opts   Options
}

var _ storage.BlobStore = (*Bucket)(nil)

// New puts the front before a driver. name is the driver's package, which errors
// begin with: "s3blob".
func New(name string, driver Driver, opts Options) *Bucket {
	return &Bucket{name: name, driver: driver, opts: opts}
}

// Put implements storage.BlobStore.
func (b *Bucket) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	return b.call(ctx, "put", key, func(ctx context.Context) error {
		source := &Body{ctx: ctx, source: body}
		defer source.end()
		err := b.driver.Put(ctx, key, source, meta)
		if failed := source.Err(); err != nil && failed != nil {
			return &bodyError{failed}
		}
		return err
	})
}

// Open implements storage.BlobStore. Without an Options.Timeout the reader is the
// driver's own, with whatever methods it has besides.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if err := b.begin(ctx, "open", key); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	open := b.driver.Open
	if b.opts.Timeout > 0 {
		open = b.openInTime
	}
	r, info, err := open(ctx, key)
	if err != nil {
		return nil, storage.BlobInfo{}, b.failed(ctx, "open", key, err)
	}
	info.Key = key
	return r, info, nil
}

// openInTime opens a blob whose body is read with the context of the call: the
// bound is lifted once the driver has returned.
func (b *Bucket) openInTime(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	own, cancel := context.WithCancel(ctx)
	limit := time.AfterFunc(b.opts.Timeout, cancel)
	r, info, err := b.driver.Open(own, key)
	if late := !limit.Stop(); late && err == nil {
		r.Close()
		err = ErrNoAnswer
	} else if late && isEnd(err) {
		err = ErrNoAnswer
	}
	if err != nil {
		cancel()
		return nil, storage.BlobInfo{}, err
	}
	return &reader{ReadCloser: r, bucket: b, ctx: ctx, key: key, cancel: cancel}, info, nil
}

// reader is a blob that is being read over a network.
type reader struct {
	io.ReadCloser
	bucket *Bucket
	ctx    context.Context
	key    string
	cancel context.CancelFunc
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = r.bucket.failed(r.ctx, "read", r.key, err)
	}
	return n, err
}

func (r *reader) Close() error {
	defer r.cancel()
	return r.ReadCloser.Close()
}

// Delete implements storage.BlobStore.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.call(ctx, "delete", key, func(ctx context.Context) error { return b.driver.Delete(ctx, key) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// begin refuses what no call starts with.
func (b *Bucket) begin(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("%s: %s: %w", b.name, op, err)
	}
	return nil
}

// call runs one call of the driver, with everything that stands around it.
func (b *Bucket) call(ctx context.Context, op, key string, do func(ctx context.Context) error) error {
	if err := b.begin(ctx, op, key); err != nil {
		return err
	}
	return b.failed(ctx, op, key, b.inTime(ctx, do))
}

// inTime runs do within the Timeout.
func (b *Bucket) inTime(ctx context.Context, do func(ctx context.Context) error) error {
	if b.opts.Timeout <= 0 {
		return do(ctx)
	}
	own, cancel := context.WithTimeout(ctx, b.opts.Timeout)
	defer cancel()
	err := do(own)
	if own.Err() != nil && isEnd(err) {
		return ErrNoAnswer
	}
	return err
}
