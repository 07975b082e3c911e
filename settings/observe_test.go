package settings_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// heard notes what an Observer was called with.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) add(format string, a ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf(format, a...))
}

func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.lines
	h.lines = nil
	return lines
}

// inTx is in a context of a transaction of transacting.
type inTx struct{}

// transacting marks the contexts of its transactions.
type transacting struct{ storage.Transactor }

func (tx transacting) InTx(ctx context.Context, fn func(context.Context) error) error {
	return tx.Transactor.InTx(ctx, func(ctx context.Context) error { return fn(context.WithValue(ctx, inTx{}, true)) })
}

// observing is a service with an observer of the locale and what it heard. before
// and in, if set, are what it answers.
type observing struct {
	*settings.Service
	heard
	db         *memstore.Store
	before, in func() error
}

func newObserving(t *testing.T) *observing {
	t.Helper()
	o := &observing{db: memstore.New()}
	var err error
	o.Service, err = settings.New(settings.Config{
		Store: o.db.Settings(), Tx: transacting{o.db},
		Sections: []settings.Declaration{settings.LocaleSection.Declare(), settings.TimeZoneSection.Declare()},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := func(ctx context.Context) string {
		if ctx.Value(inTx{}) != nil {
			return "in a transaction"
		}
		return "outside"
	}
	err = settings.Observe(o.Service, settings.LocaleSection, settings.Observer[string]{
		Before: func(ctx context.Context, c settings.Change[string]) error {
			o.add("before %s: %s to %s, %s", c.UserID, c.Old, c.New, in(ctx))
			if o.before != nil {
				return o.before()
			}
			return nil
		},
		In: func(ctx context.Context, c settings.Change[string]) error {
			o.add("in %s: %s to %s, %s", c.UserID, c.Old, c.New, in(ctx))
			if o.in != nil {
				return o.in()
			}
			return nil
		},
		After: func(ctx context.Context, c settings.Change[string], err error) {
			o.add("after %s: %s to %s, %s, %v", c.UserID, c.Old, c.New, in(ctx), err)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *observing) locale(t *testing.T) string {
	t.Helper()
	v, err := settings.Get(t.Context(), o.Service, settings.LocaleSection, "ann")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func hears(t *testing.T, o *observing, want ...string) {
	t.Helper()
	if got := o.take(); !slices.Equal(got, want) {
		t.Errorf("the observer heard\n%q, want\n%q", got, want)
	}
}

// An observer acts around every change of its section, by whatever way, with the
// values before and after; of other sections, of what is refused and of what
// changes nothing it hears nothing.
func TestObserverActsAroundAChange(t *testing.T) {
	o := newObserving(t)
	patch := func(p string) error {
		_, err := o.Patch(t.Context(), "ann", []byte(p), 0)
		return err
	}
	if err := patch(`{"locale":"fr"}`); err != nil {
		t.Fatal(err)
	}
	hears(t, o, "before ann: en to fr, outside", "in ann: en to fr, in a transaction", "after ann: en to fr, outside, <nil>")
	if err := settings.Set(t.Context(), o.Service, settings.LocaleSection, "ann", "de"); err != nil {
		t.Fatal(err)
	}
	hears(t, o, "before ann: fr to de, outside", "in ann: fr to de, in a transaction", "after ann: fr to de, outside, <nil>")
	if err := patch(`{"locale":null}`); err != nil { // back to the default
		t.Fatal(err)
	}
	hears(t, o, "before ann: de to en, outside", "in ann: de to en, in a transaction", "after ann: de to en, outside, <nil>")
	for _, p := range []string{`{"timeZone":"Europe/Paris"}`, `{"locale":null}`, `{}`, `{"locale":"no such tag"}`, `{"locale":"it","nothing":1}`} {
		_ = patch(p)
		hears(t, o)
	}
	if _, err := o.Patch(t.Context(), "ann", []byte(`{"locale":"it"}`), 99); !errors.Is(err, storage.ErrStale) {
		t.Errorf("a stale patch: %v", err)
	}
	hears(t, o)
}

// What Before refuses is not written, and it hears how it ended; what In refuses is
// undone.
func TestObserverRefusesAChange(t *testing.T) {
	o := newObserving(t)
	errNo := errors.New("no")
	o.before = func() error { return errNo }
	if _, err := o.Patch(t.Context(), "ann", []byte(`{"locale":"fr"}`), 0); !errors.Is(err, errNo) {
		t.Errorf("error %v", err)
	}
	hears(t, o, "before ann: en to fr, outside", "after ann: en to fr, outside, no")
	o.before, o.in = nil, func() error { return errNo }
	if _, err := o.Patch(t.Context(), "ann", []byte(`{"locale":"fr","timeZone":"Europe/Paris"}`), 0); !errors.Is(err, errNo) {
		t.Errorf("error %v", err)
	}
	hears(t, o, "before ann: en to fr, outside", "in ann: en to fr, in a transaction", "after ann: en to fr, outside, no")
	if got := o.locale(t); got != "en" {
		t.Errorf("the locale is %s", got)
	}
	if d, err := o.Document(t.Context(), "ann"); err != nil || d.Version != 0 {
		t.Errorf("version %d, %v", d.Version, err)
	}
}

// Somebody else changes the section between the observer's Before and the write:
// the observer hears of the change that is made in the end, and After once.
func TestObserverHearsOfTheChangeThatIsMade(t *testing.T) {
	o := newObserving(t)
	raced := false
	o.before = func() error {
		if raced {
			return nil
		}
		raced = true
		other, err := settings.New(settings.Config{Store: o.db.Settings(), Sections: []settings.Declaration{settings.LocaleSection.Declare()}})
		if err != nil {
			return err
		}
		return settings.Set(t.Context(), other, settings.LocaleSection, "ann", "de")
	}
	if _, err := o.Patch(t.Context(), "ann", []byte(`{"locale":"fr"}`), 0); err != nil {
		t.Fatal(err)
	}
	hears(t, o, "before ann: en to fr, outside", "before ann: de to fr, outside",
		"in ann: de to fr, in a transaction", "after ann: de to fr, outside, <nil>")
}

// Each observer whose Before was called hears the end, and those behind one that
// refuses hear nothing.
func TestObserversActInOrder(t *testing.T) {
	o := newObserving(t)
	var h heard
	refuse := errors.New("refused by the second")
	for i := range 3 {
		err := settings.Observe(o.Service, settings.LocaleSection, settings.Observer[string]{
			Before: func(context.Context, settings.Change[string]) error {
				h.add("before %d", i)
				if i == 1 {
					return refuse
				}
				return nil
			},
			After: func(_ context.Context, _ settings.Change[string], err error) { h.add("after %d: %v", i, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Patch(t.Context(), "ann", []byte(`{"locale":"fr"}`), 0); !errors.Is(err, refuse) {
		t.Errorf("error %v", err)
	}
	want := []string{"before 0", "before 1", "after 0: refused by the second", "after 1: refused by the second"}
	if got := h.take(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestObserveWantsItsSection(t *testing.T) {
	s, err := settings.New(settings.Config{Store: memstore.New().Settings(), Sections: []settings.Declaration{settings.LocaleSection.Declare()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := settings.Observe(s, settings.TimeZoneSection, settings.Observer[string]{}); err == nil {
		t.Error("a section that is not declared is observed")
	}
	in := func(context.Context, settings.Change[string]) error { return nil }
	if err := settings.Observe(s, settings.LocaleSection, settings.Observer[string]{In: in}); err == nil {
		t.Error("In without a transaction to be in")
	}
}

// A host is told when somebody chooses another language, in the transaction of the
// change.
func ExampleObserve() {
	db, ctx := memstore.New(), context.Background()
	prefs, err := settings.New(settings.Config{
		Store: db.Settings(), Tx: db, Sections: []settings.Declaration{settings.LocaleSection.Declare()},
	})
	if err != nil {
		panic(err)
	}
	err = settings.Observe(prefs, settings.LocaleSection, settings.Observer[string]{
		In: func(ctx context.Context, c settings.Change[string]) error {
			fmt.Printf("user %s reads %s now, not %s\n", c.UserID, c.New, c.Old)
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	_, err = prefs.Patch(ctx, "7", []byte(`{"locale":"fr"}`), 0)
	fmt.Println(err)
	// Output:
	// user 7 reads fr now, not en
	// <nil>
}
