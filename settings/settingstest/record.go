package settingstest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings"
)

func recordCases(t *testing.T, h Harness) {
	t.Run("a user without one has the zero record", func(t *testing.T) {
		r := get(t, conform.Context(t), h, h.NewUser(t))
		if r.Data != nil || r.Version != 0 {
			t.Errorf("Get of a user without a record: %+v, want the zero record", r)
		}
	})
	t.Run("data comes back as the same JSON", func(t *testing.T) { roundTrip(t, h) })
	t.Run("put replaces the whole object", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		r := put(t, ctx, h, user, settings.Record{Data: json.RawMessage(`{"a":1,"b":{"c":2}}`)})
		r.Data = json.RawMessage(`{"b":{"d":3}}`)
		put(t, ctx, h, user, r)
		if got := get(t, ctx, h, user).Data; !conform.SameJSON(got, r.Data) {
			t.Errorf("Put left %s, want %s and nothing of what was there", got, r.Data)
		}
	})
	t.Run("users are apart", func(t *testing.T) {
		ctx, ada, bob := conform.Context(t), h.NewUser(t), h.NewUser(t)
		put(t, ctx, h, ada, settings.Record{Data: json.RawMessage(`{"who":"ada"}`)})
		if r := get(t, ctx, h, bob); r.Version != 0 || r.Data != nil {
			t.Errorf("another user's Put is in the record: %+v", r)
		}
		put(t, ctx, h, bob, settings.Record{Data: json.RawMessage(`{"who":"bob"}`)})
		if r := get(t, ctx, h, ada); !conform.SameJSON(r.Data, json.RawMessage(`{"who":"ada"}`)) {
			t.Errorf("another user's Put replaced the record: %s", r.Data)
		}
	})
	t.Run("the caller's bytes are not kept", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		want := json.RawMessage(`{"a":"before"}`)
		data := append(json.RawMessage(nil), want...)
		r := put(t, ctx, h, user, settings.Record{Data: data})
		clear(data)
		clear(r.Data)
		r = get(t, ctx, h, user)
		clear(r.Data)
		if got := get(t, ctx, h, user).Data; !conform.SameJSON(got, want) {
			t.Errorf("the store shares its bytes with callers: it holds %q now", got)
		}
	})
}

// get reads the user's record or ends the test.
func get(t *testing.T, ctx context.Context, h Harness, user string) settings.Record {
	t.Helper()
	r, err := h.Store.Get(ctx, user)
	conform.Must(t, "Get", err)
	return r
}

// put writes the record, checks that the answer is what Get then gives, and
// returns it.
func put(t *testing.T, ctx context.Context, h Harness, user string, r settings.Record) settings.Record {
	t.Helper()
	want := append(json.RawMessage(nil), r.Data...)
	next, err := h.Store.Put(ctx, user, r)
	conform.Must(t, "Put", err)
	if next.Version <= r.Version {
		t.Errorf("Put of version %d returned version %d, want a greater one", r.Version, next.Version)
	}
	if !conform.SameJSON(next.Data, want) {
		t.Errorf("Put returned data %s, want %s", next.Data, want)
	}
	if got := get(t, ctx, h, user); got.Version != next.Version || !conform.SameJSON(got.Data, want) {
		t.Errorf("Get after Put: version %d, data %s; want version %d, data %s", got.Version, got.Data, next.Version, want)
	}
	return next
}

func roundTrip(t *testing.T, h Harness) {
	members := make([]string, 1000)
	for i := range members {
		members[i] = fmt.Sprintf(`"key %d":"%s"`, i, strings.Repeat("ü", 30))
	}
	for name, data := range map[string]string{
		"empty object":   `{}`,
		"every type":     `{"s":"x","n":-12.75,"t":true,"f":false,"z":null,"a":[1,"two",[],{}],"o":{"p":{"q":{}}}}`,
		"text":           `{"emoji 👩‍👩‍👧":"combining é, bidi א, quote \" backslash \\ percent % underscore _ apostrophe ' tab \t"}`,
		"escapes":        `{"a":"\u00e9\n\u2028\ud83d\ude00"}`,
		"big number":     `{"n":9007199254740993}`,
		"exact fraction": `{"n":0.1234567890123456789}`,
		"60 kilobytes":   "{" + strings.Join(members, ",") + "}",
	} {
		t.Run(name, func(t *testing.T) {
			put(t, conform.Context(t), h, h.NewUser(t), settings.Record{Data: json.RawMessage(data)})
		})
	}
}
