package storage_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// listing is a store that can list.
type listing struct{ storage.BlobStore }

func (listing) List(context.Context, string) iter.Seq2[storage.BlobInfo, error] { return nil }

// plain is a store that cannot.
type plain struct{ storage.BlobStore }

// beside has a part that lists something else and is no store.
type beside struct {
	storage.BlobStore
	other onlyLists
}

type onlyLists struct{}

func (onlyLists) List(context.Context, string) iter.Seq2[storage.BlobInfo, error] { return nil }

// opaque is a decorator that gives no consent.
type opaque struct{ storage.BlobStore }

// traced is one that does.
type traced struct{ next storage.BlobStore }

func (t traced) Unwrap() storage.BlobStore { return t.next }

// tracedStore completes traced, whose methods nobody calls here.
type tracedStore struct {
	storage.BlobStore
	traced
}

func trace(s storage.BlobStore) storage.BlobStore { return tracedStore{s, traced{s}} }

// otherUnwrap has a method Unwrap that leads elsewhere.
type otherUnwrap struct{ storage.BlobStore }

func (o otherUnwrap) Unwrap() any { return o.BlobStore }

// knot holds itself, twice.
type knot struct {
	storage.BlobStore
	a, b *knot
}

func tied() *knot {
	k := &knot{}
	k.a, k.b = k, k
	return k
}

// ends is a decorator whose Unwrap leads to a nil pointer.
type ends struct{ storage.BlobStore }

func (ends) Unwrap() storage.BlobStore { return (*opaque)(nil) }

// circle leads to itself.
type circle struct{ storage.BlobStore }

func (c *circle) Unwrap() storage.BlobStore { return c }

func TestAs(t *testing.T) {
	var nobody storage.BlobStore
	var none *opaque
	for name, c := range map[string]struct {
		store  storage.BlobStore
		found  bool
		hidden bool
		why    string
	}{
		"a store that can":            {listing{}, true, false, ""},
		"by a pointer":                {&listing{}, true, false, ""},
		"one that cannot":             {plain{}, false, false, "storage_test.plain is no storage.Lister"},
		"none":                        {nobody, false, false, "there is no storage.BlobStore"},
		"decorated with consent":      {trace(listing{}), true, false, ""},
		"twice":                       {trace(trace(listing{})), true, false, ""},
		"consent, and nothing behind": {trace(plain{}), false, false, "storage_test.plain is no storage.Lister"},
		"decorated without":           {opaque{listing{}}, false, true, "storage_test.opaque hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"by a pointer without":        {&opaque{&listing{}}, false, true, "*storage_test.opaque hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"without, then with":          {opaque{trace(listing{})}, false, true, "storage_test.opaque hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"with, then without":          {trace(opaque{listing{}}), false, true, "storage_test.opaque hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"without, twice":              {opaque{opaque{listing{}}}, false, true, "storage_test.opaque hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"without, around one that cannot": {
			opaque{plain{}}, false, false, "storage_test.opaque is no storage.Lister",
		},
		"Unwrap of another type":                       {otherUnwrap{listing{}}, false, true, "storage_test.otherUnwrap hides it: it is a decorator without Unwrap() storage.BlobStore"},
		"a store that holds something of another role": {beside{other: onlyLists{}}, false, false, "storage_test.beside is no storage.Lister"},
		"a circle":                             {&circle{}, false, false, "*storage_test.circle is no storage.Lister"},
		"a knot":                               {tied(), false, false, "*storage_test.knot is no storage.Lister"},
		"an Unwrap that returns a nil pointer": {ends{}, false, false, "storage_test.ends is no storage.Lister"},
		"a nil pointer":                        {none, false, false, "there is no storage.BlobStore"},
	} {
		t.Run(name, func(t *testing.T) {
			l, found := storage.As[storage.Lister](c.store)
			if found != c.found || found != (l != nil) {
				t.Errorf("found %v: %T; want %v", found, l, c.found)
			}
			if _, err := storage.Need[storage.Lister](c.store); (err == nil) != c.found || err != nil && (!errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.why)) {
				t.Errorf("need: %v; want an error that says %q", err, c.why)
			}
			if why, hidden := storage.Missing[storage.Lister](c.store); why != c.why || hidden != c.hidden {
				t.Errorf("missing: %q, hidden %v; want %q, %v", why, hidden, c.why, c.hidden)
			}
		})
	}
}

// tenant gives each tenant keys of its own. What passes it would see the keys of all.
type tenant struct {
	storage.BlobStore
	prefix string
}

func (t tenant) Delete(ctx context.Context, key string) error {
	return t.BlobStore.Delete(ctx, t.prefix+key)
}

func TestADecoratorThatChangesKeysIsNotPassed(t *testing.T) {
	if l, ok := storage.As[storage.Lister](storage.BlobStore(tenant{listing{}, "a/"})); ok {
		t.Errorf("%T was found behind a decorator that changes keys", l)
	}
}

func ExampleAs() {
	var blobs storage.BlobStore = opaque{listing{}}
	if _, ok := storage.As[storage.Lister](blobs); !ok {
		why, hidden := storage.Missing[storage.Lister](blobs)
		fmt.Println(hidden, strings.TrimPrefix(why, "storage_test."))
	}
	// Output: true opaque hides it: it is a decorator without Unwrap() storage.BlobStore
}
