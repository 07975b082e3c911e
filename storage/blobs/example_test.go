package blobs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// entries are a driver over a map: a whole store of a host's own.
type entries struct{ m sync.Map }

type entry struct {
	info    storage.BlobInfo
	content []byte
}

func (e *entries) Put(_ context.Context, key string, body *blobs.Body, meta storage.Meta) error {
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	info := storage.BlobInfo{Key: key, Size: int64(len(content)), ContentType: meta.ContentType, CacheControl: meta.CacheControl, ModTime: time.Now()}
	if meta.Overwrite {
		e.m.Store(key, entry{info, content})
	} else if _, taken := e.m.LoadOrStore(key, entry{info, content}); taken {
		return fs.ErrExist
	}
	return nil
}

func (e *entries) Open(_ context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	v, ok := e.m.Load(key)
	if !ok {
		return nil, storage.BlobInfo{}, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(v.(entry).content)), v.(entry).info, nil
}

func (e *entries) Delete(_ context.Context, key string) error {
	e.m.Delete(key)
	return nil
}

func (e *entries) page(context.Context, blobs.Page) (infos []storage.BlobInfo, next string, err error) {
	e.m.Range(func(_, v any) bool { infos = append(infos, v.(entry).info); return true })
	return infos, "", nil
}

// Map is the store: the front, the driver, and a method for each further ability.
type Map struct {
	*blobs.Bucket
	entries *entries
}

func NewMap() Map {
	e := &entries{}
	return Map{blobs.New("map", e, blobs.Options{}), e}
}

func (m Map) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, m.Bucket, prefix, m.entries.page)
}

func TestExampleConforms(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.BlobStore { return NewMap() })
}

func Example() {
	ctx, pics := context.Background(), NewMap()
	meta := storage.Meta{ContentType: "image/jpeg"}
	fmt.Println(pics.Put(ctx, "me.jpg", strings.NewReader("a picture"), meta))
	fmt.Println(pics.Put(ctx, "me.jpg", strings.NewReader("another"), meta))
	fmt.Println(pics.Put(ctx, "../up", strings.NewReader("a picture"), meta))
	for info, err := range pics.List(ctx, "me") {
		fmt.Println(info.Key, info.Size, err)
	}
	// Output:
	// <nil>
	// map: put me.jpg: file already exists
	// map: put: invalid blob key: "../up"
	// me.jpg 9 <nil>
}
