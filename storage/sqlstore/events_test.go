package sqlstore_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

// TestAppendManyKeepsEveryCharacter writes what means something to arrays,
// JSON or SQL, several events at once and one by one, to the same end.
func TestAppendManyKeepsEveryCharacter(t *testing.T) {
	strange := []string{
		"", " ", "NULL", "null", "{}", "{", "}", ",", `"`, `""`, `\`, `\\`, `\"`, `a\`, `"},{"`, "'", "''", "$1", "?1", "\n", "\t\r", "é", "日本", "\U0001F600",
		"a\x00b", "a\xffb",
	}
	onBoth(t, func(t *testing.T, p place) {
		store, ctx := p.open(t).Activity(), t.Context()
		var many []activity.Event
		for i, s := range strange {
			e := activity.Event{
				ID: fmt.Sprintf("many-%02d", i), UserID: "many", Kind: activity.Kind("k" + s), At: scaleStart.Add(time.Duration(i) * time.Microsecond),
				Source: activity.Source{IP: s, Device: s + s, Place: "x" + s}, Detail: map[string]string{"k" + s: s, "other": `"` + s},
			}
			many = append(many, e)
			e.ID, e.UserID = fmt.Sprintf("one-%02d", i), "one"
			if err := store.Append(ctx, e); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
		}
		if err := store.Append(ctx, many...); err != nil {
			t.Fatal(err)
		}
		ones, err1 := store.Page(ctx, activity.Query{UserID: "one", Limit: 100})
		manies, err2 := store.Page(ctx, activity.Query{UserID: "many", Limit: 100})
		if err := errors.Join(err1, err2); err != nil || len(ones) != len(strange) || len(manies) != len(strange) {
			t.Fatalf("%d and %d events, want %d; error %v", len(ones), len(manies), len(strange), err)
		}
		for i, one := range ones {
			e, s := manies[i], strange[len(strange)-1-i]
			if e.Kind != one.Kind || !e.At.Equal(one.At) || e.Source != one.Source || !maps.Equal(e.Detail, one.Detail) {
				t.Errorf("%q among many: %+v\nby itself: %+v", s, e, one)
			}
			if valid := s != "a\x00b" && s != "a\xffb"; valid && (e.Source.Device != s+s || e.Detail["k"+s] != s) {
				t.Errorf("%q came back as %+v", s, e)
			}
		}
	})
}

// TestAppendIsAllOrNoneInAnyNumber appends more than one statement takes.
func TestAppendIsAllOrNoneInAnyNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		const n = 2345
		events := make([]activity.Event, n)
		for i := range events {
			events[i] = activity.Event{ID: fmt.Sprintf("%05d", i), UserID: "7", Kind: "test.one", At: scaleStart.Add(time.Duration(i) * time.Second)}
		}
		events[n-1].ID = events[0].ID
		if err := db.Activity().Append(ctx, events...); !errors.Is(err, storage.ErrTaken) {
			t.Errorf("an ID twice, far apart: %v, want ErrTaken", err)
		}
		if left := count(t, db, "SELECT count(*) FROM profilekit_activity"); left != 0 {
			t.Errorf("%d events of a refused append are there", left)
		}
		events[n-1].ID = "last"
		if err := db.Activity().Append(ctx, events...); err != nil {
			t.Fatal(err)
		}
		if left := count(t, db, "SELECT count(*) FROM profilekit_activity"); left != n {
			t.Errorf("%d events, want %d", left, n)
		}
	})
}
