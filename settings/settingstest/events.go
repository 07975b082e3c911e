package settingstest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

const kind activity.Kind = "conform.settings"

func eventCases(t *testing.T, h Harness) {
	t.Run("put writes its events", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		a, b := conform.Event(user, kind, conform.Time()), conform.Event(user, kind, conform.Time())
		_, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{}`)}, a, b)
		conform.Must(t, "Put", err)
		if h.Activity == nil {
			return
		}
		got := conform.Events(t, ctx, h.Activity, user)
		if len(got) != 2 {
			t.Fatalf("Put with 2 events: %d are in the history", len(got))
		}
		for _, e := range got {
			if !conform.SameEvent(e, a) && !conform.SameEvent(e, b) {
				t.Errorf("an event was written as %+v", e)
			}
		}
	})
	t.Run("an event that cannot be written undoes the put", func(t *testing.T) {
		if h.Activity == nil {
			return
		}
		ctx, user := conform.Context(t), h.NewUser(t)
		first := put(t, ctx, h, user, settings.Record{Data: json.RawMessage(`{"n":1}`)})
		there := conform.Event(user, kind, conform.Time())
		conform.Must(t, "Append", h.Activity.Append(ctx, there))
		fresh := conform.Event(user, kind, conform.Time())
		if _, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{"n":2}`), Version: first.Version}, fresh, there); err == nil {
			t.Error("Put with an event whose ID exists: nil, want an error")
		}
		if got := get(t, ctx, h, user); got.Version != first.Version || !conform.SameJSON(got.Data, first.Data) {
			t.Errorf("the event was refused and the record is %+v, want it as before", got)
		}
		if conform.HasEvent(t, ctx, h.Activity, user, fresh.ID) {
			t.Error("Put failed and one of its events is in the history")
		}

		late := h.NewUser(t)
		if _, err := h.Store.Put(ctx, late, settings.Record{Data: json.RawMessage(`{}`)}, there); err == nil {
			t.Error("a first Put with an event whose ID exists: nil, want an error")
		}
		if got := get(t, ctx, h, late); got.Version != 0 || got.Data != nil {
			t.Errorf("the event was refused and there is a record: %+v", got)
		}
	})
}

func eraseCases(t *testing.T, h Harness) {
	t.Run("a missing record is not an error", func(t *testing.T) {
		conform.Must(t, "Erase", h.Store.Erase(conform.Context(t), h.NewUser(t)))
	})
	t.Run("the record goes and no other", func(t *testing.T) {
		ctx, ada, bob := conform.Context(t), h.NewUser(t), h.NewUser(t)
		old := put(t, ctx, h, ada, settings.Record{Data: json.RawMessage(`{"a":1}`)})
		put(t, ctx, h, bob, settings.Record{Data: json.RawMessage(`{"b":1}`)})
		conform.Must(t, "Erase", h.Store.Erase(ctx, ada))
		conform.Must(t, "Erase again", h.Store.Erase(ctx, ada))
		if r := get(t, ctx, h, ada); r.Version != 0 || r.Data != nil {
			t.Errorf("after Erase the record is %+v, want the zero record", r)
		}
		if r := get(t, ctx, h, bob); !conform.SameJSON(r.Data, json.RawMessage(`{"b":1}`)) {
			t.Errorf("Erase of one user left %q of another's record", r.Data)
		}
		if _, err := h.Store.Put(ctx, ada, old); !errors.Is(err, storage.ErrStale) {
			t.Errorf("Put of a version from before Erase: error %v, want one matching storage.ErrStale", err)
		}
		put(t, ctx, h, ada, settings.Record{Data: json.RawMessage(`{"a":2}`)})
	})
}

func endedCases(t *testing.T, h Harness) {
	user := h.NewUser(t)
	before := put(t, conform.Context(t), h, user, settings.Record{Data: json.RawMessage(`{"n":1}`)})
	e := conform.Event(user, kind, conform.Time())
	conform.EndedContext(t, []conform.Call{
		{Name: "Get", Do: func(ctx context.Context) error {
			_, err := h.Store.Get(ctx, user)
			return err
		}},
		{Name: "Put", Do: func(ctx context.Context) error {
			_, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{"n":2}`), Version: before.Version}, e)
			return err
		}},
		{Name: "Erase", Do: func(ctx context.Context) error { return h.Store.Erase(ctx, user) }},
	})
	if got := get(t, conform.Context(t), h, user); got.Version != before.Version {
		t.Errorf("calls with an ended context changed the record: %+v", got)
	}
	if conform.HasEvent(t, conform.Context(t), h.Activity, user, e.ID) {
		t.Error("Put with an ended context wrote its event")
	}
}

func txCases(t *testing.T, h Harness) {
	conform.Refusals(t, h.Tx, []conform.Refusal{{Name: "a stale version", Is: storage.ErrStale, Do: func(ctx context.Context) error {
		_, err := h.Store.Put(ctx, h.NewUser(t), settings.Record{Data: json.RawMessage(`{}`), Version: 3})
		return err
	}}})
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "Put", Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
			user := h.NewUser(t)
			e := conform.Event(user, kind, conform.Time())
			do := func(ctx context.Context) error {
				_, err := h.Store.Put(ctx, user, settings.Record{Data: json.RawMessage(`{"n":1}`)}, e)
				return err
			}
			return do, func(ctx context.Context) bool {
				made := get(t, ctx, h, user).Version != 0
				if h.Activity != nil && conform.HasEvent(t, ctx, h.Activity, user, e.ID) != made {
					t.Errorf("the record being there is %v, and its event is not the same", made)
				}
				return made
			}
		}},
		{Name: "Erase", Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
			user := h.NewUser(t)
			put(t, conform.Context(t), h, user, settings.Record{Data: json.RawMessage(`{"n":1}`)})
			return func(ctx context.Context) error { return h.Store.Erase(ctx, user) },
				func(ctx context.Context) bool { return get(t, ctx, h, user).Version == 0 }
		}},
	})
}
