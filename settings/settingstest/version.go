package settingstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

func versionCases(t *testing.T, h Harness) {
	t.Run("it rises with every put", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		r := settings.Record{Data: json.RawMessage(`{"a":1}`)}
		for range 5 {
			// put checks that it rises; equal data is a Put like any other.
			r = put(t, ctx, h, user, r)
		}
	})
	t.Run("a stale version changes nothing", func(t *testing.T) { stale(t, h) })
	t.Run("no record is version 0 and no other", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		for _, v := range []int64{1, 7, -1} {
			_, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{}`), Version: v})
			if !errors.Is(err, storage.ErrStale) {
				t.Errorf("Put of version %d where there is no record: error %v, want one matching storage.ErrStale", v, err)
			}
		}
		if r := get(t, ctx, h, user); r.Version != 0 || r.Data != nil {
			t.Errorf("a refused Put made a record: %+v", r)
		}
	})
	t.Run("of 50 concurrent first puts one wins", func(t *testing.T) {
		oneWinner(t, h, h.NewUser(t), 0)
	})
	t.Run("of 50 concurrent puts of one version one wins", func(t *testing.T) {
		user := h.NewUser(t)
		r := put(t, conform.Context(t), h, user, settings.Record{Data: json.RawMessage(`{"first":true}`)})
		oneWinner(t, h, user, r.Version)
	})
	t.Run("concurrent writers that retry lose nothing", func(t *testing.T) { counter(t, h) })
}

func stale(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	first := put(t, ctx, h, user, settings.Record{Data: json.RawMessage(`{"n":1}`)})
	first.Data = json.RawMessage(`{"n":2}`)
	second := put(t, ctx, h, user, first)
	for _, v := range []int64{0, first.Version, second.Version + 1, -second.Version} {
		e := conform.Event(user, "conform.stale", conform.Time())
		r, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{"n":3}`), Version: v}, e)
		if !errors.Is(err, storage.ErrStale) {
			t.Errorf("Put of version %d over %d: %+v and error %v, want one matching storage.ErrStale", v, second.Version, r, err)
		}
		if conform.HasEvent(t, ctx, h.Activity, user, e.ID) {
			t.Errorf("Put of stale version %d wrote its event", v)
		}
	}
	if got := get(t, ctx, h, user); got.Version != second.Version || !conform.SameJSON(got.Data, second.Data) {
		t.Errorf("stale puts changed the record: %+v, want %+v", got, second)
	}
}

func oneWinner(t *testing.T, h Harness, user string, version int64) {
	t.Helper()
	ctx := conform.Context(t)
	var winner int
	won := 0
	for i, err := range conform.Together(50, func(i int) error {
		_, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(fmt.Sprintf(`{"by":%d}`, i)), Version: version})
		return err
	}) {
		switch {
		case err == nil:
			winner = i
			won++
		case !errors.Is(err, storage.ErrStale):
			t.Errorf("a loser got %v, want an error matching storage.ErrStale", err)
		}
	}
	if won != 1 {
		t.Fatalf("%d of 50 concurrent puts of version %d succeeded, want 1", won, version)
	}
	if got := get(t, ctx, h, user); !conform.SameJSON(got.Data, json.RawMessage(fmt.Sprintf(`{"by":%d}`, winner))) {
		t.Errorf("put %d won and the record is %s", winner, got.Data)
	}
}

// counter has writers add 1 to a number, each reading again when it was late.
func counter(t *testing.T, h Harness) {
	const writers, rounds = 8, 5
	ctx, user := conform.Context(t), h.NewUser(t)
	type doc struct {
		N int `json:"n"`
	}
	for i, err := range conform.Together(writers, func(int) error {
		for done := 0; done < rounds; {
			r, err := h.Store.Get(ctx, user)
			if err != nil {
				return err
			}
			var d doc
			if r.Data != nil {
				if err := json.Unmarshal(r.Data, &d); err != nil {
					return err
				}
			}
			d.N++
			r.Data = json.RawMessage(fmt.Sprintf(`{"n":%d}`, d.N))
			switch _, err := h.Store.Put(ctx, user, r); {
			case err == nil:
				done++
			case !errors.Is(err, storage.ErrStale):
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	want := json.RawMessage(fmt.Sprintf(`{"n":%d}`, writers*rounds))
	if got := get(t, ctx, h, user); !conform.SameJSON(got.Data, want) {
		t.Errorf("%d writers added 1 %d times each and the record is %s, want %s", writers, rounds, got.Data, want)
	}
}
