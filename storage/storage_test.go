package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/storage"
)

func TestS62_ValidKey(t *testing.T) {
	good := []string{
		"a", "0", "_", "-", "a.b", "a..b", "a.", "a/b", "a/b/c.jpg", "k3v9x2-512.jpg",
		strings.Repeat("k", 200), strings.Repeat("d/", 99) + "ef",
	}
	bad := []string{
		"", "/", "//", "/a", "a/", "a//b", ".", "..", ".a", "a/.b", "a/..", "../a", "a/../b", "./a",
		"A", "aB", "a b", "a\x00", "a\n", "a\\b", "a:b", "a%2f", "a+b", "a~", "é", "\u212a", "\xff", "ａ",
		strings.Repeat("k", 201), strings.Repeat("k/", 200),
	}
	for _, key := range good {
		if err := storage.CheckKey(key); !storage.ValidKey(key) || err != nil {
			t.Errorf("%.40q: valid %v, %v; want it taken", key, storage.ValidKey(key), err)
		}
	}
	for _, key := range bad {
		err := storage.CheckKey(key)
		if storage.ValidKey(key) || !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%.40q: valid %v, %v; want storage.ErrInvalidKey", key, storage.ValidKey(key), err)
			continue
		}
		// It goes into logs: one line, printable, no longer than a key may be.
		if msg := err.Error(); len(msg) > 1000 || strings.ContainsAny(msg, "\x00\n") || !utf8.ValidString(msg) {
			t.Errorf("%.40q: the message is %.60q", key, msg)
		}
	}
}

func FuzzS62_ValidKey(f *testing.F) {
	for _, key := range []string{"a/b-512.jpg", "../x", ".a", "a//b", "\x00"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if !storage.ValidKey(key) {
			return
		}
		if !fs.ValidPath(key) || len(key) > 200 || key != strings.ToLower(key) {
			t.Errorf("%q is valid", key)
		}
		for part := range strings.SplitSeq(key, "/") {
			if part == "" || part[0] == '.' {
				t.Errorf("%q has the part %q", key, part)
			}
		}
	})
}

func TestErrorsMatch(t *testing.T) {
	cause := fmt.Errorf("dial: %w", context.DeadlineExceeded)
	for _, c := range []struct {
		err     error
		is      []error
		isNot   error
		message string
	}{
		{&storage.TakenError{Field: "email"}, []error{storage.ErrTaken}, storage.ErrStale, "email is taken"},
		{&storage.UnavailableError{}, []error{storage.ErrUnavailable}, storage.ErrFull, "unavailable"},
		{&storage.UnavailableError{RetryAfter: time.Second, Err: cause}, []error{storage.ErrUnavailable, context.DeadlineExceeded}, storage.ErrTaken, "unavailable: dial: context deadline exceeded"},
	} {
		wrapped := fmt.Errorf("store: %w", c.err)
		for _, want := range c.is {
			if !errors.Is(wrapped, want) {
				t.Errorf("%v is not %v", wrapped, want)
			}
		}
		if errors.Is(wrapped, c.isNot) {
			t.Errorf("%v is %v", wrapped, c.isNot)
		}
		if c.err.Error() != c.message {
			t.Errorf("message %q; want %q", c.err.Error(), c.message)
		}
	}
	var taken *storage.TakenError
	if err := fmt.Errorf("store: %w", &storage.TakenError{Field: "username"}); !errors.As(err, &taken) || taken.Field != "username" {
		t.Errorf("the field is lost: %+v", taken)
	}
}
