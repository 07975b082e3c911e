package conform_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
)

func TestEventIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	var ids []string
	for _, at := range []time.Time{conform.Time(), conform.Time().Add(time.Millisecond)} {
		for _, seq := range []uint16{0, 1, 15, 16, 255, 4095, 4096, 65535} {
			id := conform.EventID(at, seq)
			if !form.MatchString(id) {
				t.Errorf("%s is no UUID of version 7", id)
			}
			ids = append(ids, id)
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("IDs are not in the order of instant and number: %v", ids)
	}
}

func TestTogetherKeepsErrorsInOrder(t *testing.T) {
	odd := errors.New("odd")
	var calls atomic.Int32
	errs := conform.Together(9, func(i int) error {
		calls.Add(1)
		if i%2 == 1 {
			return odd
		}
		return nil
	})
	if calls.Load() != 9 || len(errs) != 9 {
		t.Fatalf("%d calls and %d errors, want 9 of each", calls.Load(), len(errs))
	}
	for i, err := range errs {
		if (i%2 == 1) != errors.Is(err, odd) {
			t.Errorf("error %d is %v", i, err)
		}
	}
}

func TestSameJSON(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{``, ``, true},
		{`{}`, ``, false},
		{`{"a":1,"b":[2,3]}`, ` { "b" : [2, 3], "a" : 1 } `, true},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"n":9007199254740993}`, `{"n":9007199254740992}`, false},
		{`{"s":"\u00e9"}`, `{"s":"é"}`, true},
		{`{`, `{`, false},
	} {
		if got := conform.SameJSON(json.RawMessage(c.a), json.RawMessage(c.b)); got != c.want {
			t.Errorf("SameJSON(%s, %s) is %v", c.a, c.b, got)
		}
	}
}

func TestSameEvent(t *testing.T) {
	base := conform.Event("1", "conform.kind", conform.Time())
	same := base
	same.Detail = map[string]string{"note": base.Detail["note"], "fields": base.Detail["fields"]}
	if !conform.SameEvent(base, same) {
		t.Error("equal events are not the same")
	}
	for name, change := range map[string]func(e *activity.Event){
		"ID":           func(e *activity.Event) { e.ID = conform.EventID(conform.Time(), 1) },
		"user":         func(e *activity.Event) { e.UserID = "2" },
		"kind":         func(e *activity.Event) { e.Kind = "conform" },
		"instant":      func(e *activity.Event) { e.At = e.At.Add(time.Microsecond) },
		"nanoseconds":  func(e *activity.Event) { e.At = e.At.Add(1) },
		"zone":         func(e *activity.Event) { e.At = e.At.In(time.FixedZone("", 3600)) },
		"source":       func(e *activity.Event) { e.Source.Place = "" },
		"detail":       func(e *activity.Event) { e.Detail = map[string]string{"note": "other"} },
		"no detail":    func(e *activity.Event) { e.Detail = nil },
		"the year one": func(e *activity.Event) { e.At = time.Time{} },
	} {
		other := base
		change(&other)
		if conform.SameEvent(base, other) {
			t.Errorf("events of different %s are the same", name)
		}
	}
}

func TestMeetingLetsTwoGoOn(t *testing.T) {
	m := conform.NewMeeting()
	for _, err := range conform.Together(7, func(int) error { m.Wait(); return nil }) {
		conform.Must(t, "Wait", err)
	}
}
