package activity_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/memstore"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newLog(t testing.TB, keys *keyring.Ring) (*activity.Log, activity.Store) {
	t.Helper()
	store := memstore.New().Activity()
	l, err := activity.New(activity.Config{Store: store, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return l, store
}

func newRing(t testing.TB, keys ...keyring.Key) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fill records n events of the user, one second apart, and returns their IDs
// newest first.
func fill(t testing.TB, l *activity.Log, userID string, kind activity.Kind, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		e := activity.NewEvent(t.Context(), kind, userID, start.Add(time.Duration(i)*time.Second), nil)
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	slices.Reverse(ids)
	return ids
}

// pages reads the whole history and returns its IDs and the sizes of pages.
func pages(t testing.TB, l *activity.Log, userID string, r activity.PageRequest) (ids []string, sizes []int) {
	t.Helper()
	for {
		p, err := l.Page(t.Context(), userID, r)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(p.Items))
		for _, e := range p.Items {
			ids = append(ids, e.ID)
		}
		if p.Next == "" {
			return ids, sizes
		}
		r.Cursor = p.Next
	}
}

func TestPages(t *testing.T) {
	l, _ := newLog(t, newRing(t, keyring.Generate()))
	want := fill(t, l, "ann", "a.one", 40)
	other := fill(t, l, "ann", "a.two", 3)
	fill(t, l, "bob", "a.one", 5)
	for _, c := range []struct {
		limit int
		kind  activity.Kind
		sizes []int
	}{
		{0, "a.one", []int{20, 20}}, // exactly full: nothing follows
		{39, "a.one", []int{39, 1}},
		{40, "a.one", []int{40}},
		{100, "a.one", []int{40}},
		{1, "a.two", []int{1, 1, 1}},
		{100, "", []int{43}},
		{100, "a.none", []int{0}},
	} {
		ids, sizes := pages(t, l, "ann", activity.PageRequest{Limit: c.limit, Kind: c.kind})
		if !slices.Equal(sizes, c.sizes) {
			t.Errorf("%d of %q: pages of %v, want %v", c.limit, c.kind, sizes, c.sizes)
		}
		if c.kind == "a.one" && !slices.Equal(ids, want) || c.kind == "a.two" && !slices.Equal(ids, other) {
			t.Errorf("%d of %q: wrong events or order", c.limit, c.kind)
		}
	}
	for _, limit := range []int{-1, 101} {
		if _, err := l.Page(t.Context(), "ann", activity.PageRequest{Limit: limit}); err == nil {
			t.Errorf("limit %d is accepted", limit)
		}
	}
}

// Events of one microsecond are told apart by their IDs.
func TestPagesWithinOneInstant(t *testing.T) {
	l, _ := newLog(t, newRing(t, keyring.Generate()))
	var want []string
	for range 25 {
		e := activity.NewEvent(t.Context(), "a.one", "ann", start, nil)
		want = append(want, e.ID)
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	slices.Reverse(want)
	if got, _ := pages(t, l, "ann", activity.PageRequest{Limit: 2}); !slices.Equal(got, want) {
		t.Errorf("%d events, some missed or twice", len(got))
	}
}

func TestR38_PagesWhileEventsArrive(t *testing.T) {
	l, _ := newLog(t, newRing(t, keyring.Generate()))
	want := fill(t, l, "ann", "a.one", 30)
	var got []string
	r := activity.PageRequest{Limit: 7}
	for i := 0; ; i++ {
		p, err := l.Page(t.Context(), "ann", r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			got = append(got, e.ID)
		}
		newer := activity.NewEvent(t.Context(), "a.one", "ann", start.Add(time.Hour+time.Duration(i)*time.Second), nil)
		if err := l.Record(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if r.Cursor = p.Next; r.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d events, want the %d that were there at first, in order", len(got), len(want))
	}
}

func TestS52_Cursors(t *testing.T) {
	k1, k2 := keyring.Generate(), keyring.Generate()
	l, store := newLog(t, newRing(t, k1))
	fill(t, l, "ann", "a.one", 5)
	fill(t, l, "bob", "a.one", 5)
	fill(t, l, "annb", "ob", 5)
	first, err := l.Page(t.Context(), "ann", activity.PageRequest{Limit: 2, Kind: "a.one"})
	if err != nil || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	good := first.Next
	if strings.ContainsAny(good, "+/=&?# ") {
		t.Errorf("%q is not safe in a URL", good)
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	if last := first.Items[1].ID; strings.Contains(string(raw), last) {
		t.Error("the cursor shows what it points to")
	}
	page := func(l *activity.Log, user string, kind activity.Kind, cursor string) error {
		_, err := l.Page(t.Context(), user, activity.PageRequest{Limit: 2, Kind: kind, Cursor: cursor})
		return err
	}
	if err := page(l, "ann", "a.one", good); err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"made up":                          "eyJpZCI6MX0",
		"not base64":                       "!!!",
		"padded":                           good + "=",
		"newline":                          good[:10] + "\n" + good[10:],
		"longer":                           good + "AAAA",
		"very long":                        strings.Repeat("A", 1<<20),
		"a NUL":                            "\x00",
		"SQL":                              "' OR 1=1 --",
		"a number":                         "20",
		"only the header of a sealed text": base64.RawURLEncoding.EncodeToString(raw[:12]),
	}
	for i := range good {
		bad[fmt.Sprintf("cut to %d", i)] = good[:i]
		c := byte('A')
		if good[i] == c {
			c = 'B'
		}
		bad[fmt.Sprintf("character %d changed", i)] = good[:i] + string(c) + good[i+1:]
	}
	delete(bad, "cut to 0") // "" is the first page
	for name, cursor := range bad {
		if err := page(l, "ann", "a.one", cursor); !errors.Is(err, activity.ErrBadCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, other := range []struct {
		user string
		kind activity.Kind
	}{{"bob", "a.one"}, {"ann", ""}, {"ann", "a.two"}, {"anna", ".one"}, {"", "anna.one"}} {
		if err := page(l, other.user, other.kind, good); !errors.Is(err, activity.ErrBadCursor) {
			t.Errorf("%+v: %v", other, err)
		}
	}
	sealedElsewhere, err := newRing(t, k1).Seal("another.purpose", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := page(l, "ann", "a.one", base64.RawURLEncoding.EncodeToString(sealedElsewhere)); !errors.Is(err, activity.ErrBadCursor) {
		t.Errorf("of another purpose: %v", err)
	}

	for name, c := range map[string]struct {
		keys *keyring.Ring
		want error
	}{
		"rotated": {newRing(t, k2, k1), nil},
		"dropped": {newRing(t, k2), activity.ErrBadCursor},
	} {
		l, err := activity.New(activity.Config{Store: store, Keys: c.keys})
		if err != nil {
			t.Fatal(err)
		}
		if err := page(l, "ann", "a.one", good); !errors.Is(err, c.want) {
			t.Errorf("key %s: %v", name, err)
		}
	}
}

func TestPurge(t *testing.T) {
	l, store := newLog(t, newRing(t, keyring.Generate()))
	var events []activity.Event
	for i := range 2500 {
		events = append(events, activity.NewEvent(t.Context(), "a.one", "ann", start.Add(time.Duration(i)*time.Second), nil))
	}
	if err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	n, err := l.Purge(t.Context(), start.Add(2400*time.Second))
	if n != 2400 || err != nil {
		t.Fatalf("removed %d, %v", n, err)
	}
	if ids, _ := pages(t, l, "ann", activity.PageRequest{Limit: 100}); len(ids) != 100 {
		t.Errorf("%d are left", len(ids))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Purge(ctx, start.Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := activity.New(activity.Config{Keys: newRing(t, keyring.Generate())}); err == nil {
		t.Error("no store")
	}
	if _, err := activity.New(activity.Config{Store: memstore.New().Activity()}); err == nil {
		t.Error("no keys")
	}
}

func FuzzR39_Cursor(f *testing.F) {
	l, _ := newLog(f, newRing(f, keyring.Generate()))
	fill(f, l, "ann", "a.one", 3)
	f.Add("AQNrMTIzNDU2")
	f.Add(strings.Repeat("A", 600))
	f.Add("ÿ")
	f.Fuzz(func(t *testing.T, cursor string) {
		_, err := l.Page(t.Context(), "ann", activity.PageRequest{Cursor: cursor})
		if cursor != "" && !errors.Is(err, activity.ErrBadCursor) {
			t.Fatalf("%q: %v", cursor, err)
		}
	})
}

func Example() {
	ctx := context.Background()
	store := memstore.New().Activity() // in a server: that of storage/sqlite or storage/postgres
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		fmt.Println(err)
		return
	}
	feed, err := activity.New(activity.Config{Store: store, Keys: ring})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx = activity.WithSource(ctx, activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux"})
	for i, colour := range []string{"red", "green", "blue"} {
		at := time.Date(2026, 3, 1, 12, i, 0, 0, time.UTC)
		err := feed.Record(ctx, activity.NewEvent(ctx, "shop.ordered", "7", at, map[string]string{"colour": colour}))
		if err != nil {
			fmt.Println(err)
			return
		}
	}

	request := activity.PageRequest{Limit: 2}
	for {
		page, err := feed.Page(ctx, "7", request)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range page.Items {
			fmt.Println(e.At.Format(time.TimeOnly), e.Kind, e.Detail["colour"], e.Source.Device)
		}
		if page.Next == "" {
			break
		}
		request.Cursor = page.Next
	}
	// Output:
	// 12:02:00 shop.ordered blue Firefox on Linux
	// 12:01:00 shop.ordered green Firefox on Linux
	// 12:00:00 shop.ordered red Firefox on Linux
}
