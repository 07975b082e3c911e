package storagetest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

var failureCases = []testCase{
	{"ReaderFailsAtOnce", readerFails(0)},
	{"ReaderFailsHalfWay", readerFails(200_000)},
	{"ReaderFailsAtTheEnd", readerFails(bodySize)},
	{"FailedOverwriteKeepsTheOld", failedOverwrite},
	{"PutWorksAfterAFailedOne", putAfterFailure},
}

const bodySize = 400_000

var errBody = errors.New("storagetest: the body broke")

// broken returns a body of bodySize bytes that fails after n of them.
func broken(n int) io.ReadSeeker {
	inner := bytes.NewReader(pattern(bodySize, 9))
	return &body{Reader: io.MultiReader(io.LimitReader(inner, int64(n)), failing{}), Seeker: inner}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBody }

func readerFails(after int) func(testing.TB, storage.BlobStore) {
	return func(t testing.TB, s storage.BlobStore) {
		err := s.Put(t.Context(), "half", broken(after), storage.Meta{ContentType: "image/jpeg"})
		if !errors.Is(err, errBody) {
			t.Errorf("Put of a body that fails after %d bytes: %v; want the body's error", after, err)
		}
		wantMissing(t, s, "half")
		wantNothingListed(t, s)
	}
}

func failedOverwrite(t testing.TB, s storage.BlobStore) {
	put(t, s, "kept", "the old body")
	err := s.Put(t.Context(), "kept", broken(1000), storage.Meta{ContentType: "image/png", Overwrite: true})
	if !errors.Is(err, errBody) {
		t.Errorf("Put: %v; want the body's error", err)
	}
	wantBody(t, s, "kept", "the old body")
	if _, info := get(t, s, "kept"); info.ContentType != "image/jpeg" {
		t.Errorf("the failed Put changed the type to %q", info.ContentType)
	}
}

func putAfterFailure(t testing.TB, s storage.BlobStore) {
	for range 3 {
		if err := s.Put(t.Context(), "later", broken(70_000), storage.Meta{ContentType: "image/jpeg"}); !errors.Is(err, errBody) {
			t.Errorf("Put: %v; want the body's error", err)
		}
	}
	put(t, s, "later", "whole")
	wantBody(t, s, "later", "whole")
}
