package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

type editor struct {
	Tab   int               `json:"tab"`
	Font  *string           `json:"font"`
	Rules map[string]bool   `json:"rules"`
	Keys  []string          `json:"keys"`
	Inner struct{ On bool } `json:"inner"`
}

var editorSection = settings.Section[editor]{
	Name:    "app.editor",
	Default: editor{Tab: 4, Rules: map[string]bool{"a": true}, Keys: []string{}},
	Validate: func(e editor) error {
		if e.Tab < 1 || e.Tab > 8 {
			return input.Invalid(input.FieldError{Field: "tab", Code: input.OutOfRange, Message: "must be 1 to 8"})
		}
		if len(e.Keys) > 3 {
			return input.Invalid(input.FieldError{Field: "keys", Code: input.TooLong, Message: "may be 3 at most"})
		}
		return nil
	},
}

var noteSection = settings.Section[string]{Name: "app.note"}

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	*settings.Service
	db *memstore.Store
}

func newWorld(t testing.TB) world {
	t.Helper()
	db := memstore.New()
	return world{newService(t, db), db}
}

func newService(t testing.TB, db *memstore.Store, more ...settings.Declaration) *settings.Service {
	t.Helper()
	s, err := settings.New(settings.Config{
		Store: db.Settings(),
		Sections: append([]settings.Declaration{
			settings.AppearanceSection.Declare(), editorSection.Declare(), settings.LocaleSection.Declare(),
			settings.TimeZoneSection.Declare(), noteSection.Declare(),
		}, more...),
		Now: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w world) patch(t testing.TB, patch string) settings.Document {
	t.Helper()
	d, err := w.Patch(t.Context(), "ann", []byte(patch), 0)
	if err != nil {
		t.Fatalf("%s: %v", patch, err)
	}
	return d
}

func (w world) events(t testing.TB) []string {
	t.Helper()
	events, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: "ann", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, string(e.Kind)+" "+e.Detail["sections"])
		if len(e.Detail) != 1 || e.At != at {
			t.Errorf("event %+v", e)
		}
	}
	slices.Sort(out)
	return out
}

// problems is "path code" of each refused field.
func problems(err error) []string {
	var invalid *input.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	var out []string
	for _, f := range invalid.Fields {
		out = append(out, f.Field+" "+string(f.Code))
	}
	return out
}

const defaults = `{"appearance":{"theme":"system","accent":"#2563eb","density":"comfortable","fontScale":1,"reducedMotion":false},` +
	`"locale":"en","timeZone":"UTC",` +
	`"app":{"editor":{"tab":4,"font":null,"rules":{"a":true},"keys":[],"inner":{"On":false}},"note":""}}`

func TestDocumentOfNobodyIsDefaults(t *testing.T) {
	w := newWorld(t)
	d, err := w.Document(t.Context(), "ann")
	if err != nil || string(d.JSON) != defaults || d.Version != 0 {
		t.Errorf("%s %d %v", d.JSON, d.Version, err)
	}
	e, err := settings.Get(t.Context(), w.Service, editorSection, "ann")
	if err != nil || e.Tab != 4 || !e.Rules["a"] {
		t.Errorf("%+v, %v", e, err)
	}
	e.Rules["a"] = false // must not reach the default
	if again, _ := settings.Get(t.Context(), w.Service, editorSection, "ann"); !again.Rules["a"] {
		t.Error("a caller changed the default")
	}
}

func put(t testing.TB, db *memstore.Store, data string) {
	t.Helper()
	r, err := db.Settings().Get(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	r.Data = json.RawMessage(data)
	if _, err := db.Settings().Put(t.Context(), "ann", r); err != nil {
		t.Fatal(err)
	}
}

// What a newer program stored survives this one.
func TestUnknownKeysSurvive(t *testing.T) {
	w := newWorld(t)
	put(t, w.db, `{"$schema": 2, "future": {"a": [1, {"b": null}]}, "appearance": {"theme": "dark", "contrast": "high"},
		"app": {"editor": {"tab": 3, "inner": {"On": true, "mode": "vim"}, "beta": true}, "other": {"x": 1}}}`)
	d := w.patch(t, `{"appearance":{"theme":"light"},"app":{"editor":{"inner":{"On":false}},"note":"n"}}`)
	for _, hidden := range []string{"future", "contrast", "beta", "mode", "other", "$schema"} {
		if strings.Contains(string(d.JSON), hidden) {
			t.Errorf("%s is shown: %s", hidden, d.JSON)
		}
	}
	stored := func() string {
		r, err := w.db.Settings().Get(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Data)
	}
	want := `{"$schema":2,"app":{"editor":{"beta":true,"inner":{"On":false,"mode":"vim"},"tab":3},"note":"n","other":{"x":1}},` +
		`"appearance":{"contrast":"high","theme":"light"},"future":{"a":[1,{"b":null}]}}`
	if got := stored(); got != want {
		t.Errorf("stored\n%s, want\n%s", got, want)
	}
	e, err := settings.Get(t.Context(), w.Service, editorSection, "ann")
	if err != nil {
		t.Fatal(err)
	}
	e.Tab, e.Rules = 5, nil
	if err := settings.Set(t.Context(), w.Service, editorSection, "ann", e); err != nil {
		t.Fatal(err)
	}
	if got := stored(); !strings.Contains(got, `"beta":true`) || !strings.Contains(got, `"mode":"vim"`) || !strings.Contains(got, `"tab":5`) {
		t.Errorf("after Set: %s", got)
	}
	w.patch(t, `{"app":null}`)
	if got := stored(); !strings.Contains(got, `"other":{"x":1}`) || strings.Contains(got, "editor") {
		t.Errorf("after resetting app: %s", got)
	}
}

// A stored value that this program does not understand reads as the default,
// or as what the section calls safe.
func TestUnreadableValues(t *testing.T) {
	db := memstore.New()
	careful := settings.Section[string]{Name: "careful", Default: "open", Unreadable: new(string), Validate: func(s string) error {
		if s != "open" && s != "" {
			return input.Invalid(input.FieldError{Code: input.OutOfRange, Message: "must be open"})
		}
		return nil
	}}
	s := newService(t, db, careful.Declare())
	w := world{s, db}
	put(t, db, `{"appearance":{"theme":"sepia","accent":"#112233"},"locale":["de"],"careful":"half","app":{"editor":{"tab":"wide"}}}`)
	d, err := s.Document(t.Context(), "ann")
	if err != nil || !strings.Contains(string(d.JSON), `"theme":"system","accent":"#2563eb"`) || !strings.Contains(string(d.JSON), `"locale":"en"`) ||
		!strings.Contains(string(d.JSON), `"careful":""`) || !strings.Contains(string(d.JSON), `"tab":4`) {
		t.Errorf("%s, %v", d.JSON, err)
	}
	if v, err := settings.Get(t.Context(), s, careful, "ann"); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if d := w.patch(t, `{"appearance":{"theme":"dark"},"locale":"de"}`); !strings.Contains(string(d.JSON), `"theme":"dark","accent":"#112233"`) ||
		!strings.Contains(string(d.JSON), `"careful":""`) {
		t.Errorf("after mending: %s", d.JSON)
	}
}

func TestSet(t *testing.T) {
	w := newWorld(t)
	if err := settings.Set(t.Context(), w.Service, settings.LocaleSection, "ann", "de"); err != nil {
		t.Fatal(err)
	}
	if err := settings.Set(t.Context(), w.Service, settings.LocaleSection, "ann", "de"); err != nil {
		t.Fatal(err)
	}
	if got := w.events(t); !slices.Equal(got, []string{"settings.changed locale"}) {
		t.Errorf("events %q", got)
	}
	if got := problems(settings.Set(t.Context(), w.Service, settings.LocaleSection, "ann", "?")); !slices.Equal(got, []string{"locale invalid_language"}) {
		t.Errorf("%q", got)
	}
	if got := problems(settings.Set(t.Context(), w.Service, noteSection, "ann", "a\x00b")); !slices.Equal(got, []string{"app.note invalid_json"}) {
		t.Errorf("a NUL: %q", got)
	}
	undeclared := settings.Section[string]{Name: "nowhere"}
	if err := settings.Set(t.Context(), w.Service, undeclared, "ann", "x"); err == nil {
		t.Error("an undeclared section is set")
	}
	otherType := settings.Section[int]{Name: "locale"}
	if _, err := settings.Get(t.Context(), w.Service, otherType, "ann"); err == nil {
		t.Error("a section is read as another type")
	}
}

func TestStoredSizeIsBounded(t *testing.T) {
	w := newWorld(t)
	big := strings.Repeat("x", 40<<10)
	w.patch(t, `{"app":{"note":"`+big+`"}}`)
	_, err := w.Patch(t.Context(), "ann", []byte(`{"app":{"editor":{"font":"`+big+`"}}}`), 0)
	if got := problems(err); !slices.Equal(got, []string{" too_large"}) {
		t.Errorf("%v", err)
	}
}

// failing is a store that is broken in one way.
type failing struct {
	settings.Store
	get, put error
}

func (f failing) Get(ctx context.Context, id string) (settings.Record, error) {
	if f.get != nil {
		return settings.Record{}, f.get
	}
	return f.Store.Get(ctx, id)
}

func (f failing) Put(context.Context, string, settings.Record, ...activity.Event) (settings.Record, error) {
	return settings.Record{}, f.put
}

func TestStoreFailures(t *testing.T) {
	for name, c := range map[string]struct {
		store failing
		want  error
	}{
		"get":          {failing{get: storage.ErrUnavailable}, storage.ErrUnavailable},
		"put":          {failing{put: storage.ErrFull}, storage.ErrFull},
		"stale always": {failing{put: storage.ErrStale}, storage.ErrUnavailable},
	} {
		c.store.Store = memstore.New().Settings()
		s, err := settings.New(settings.Config{Store: c.store, Sections: []settings.Declaration{noteSection.Declare()}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Patch(t.Context(), "ann", []byte(`{"app":{"note":"x"}}`), 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Patch(ctx, "ann", []byte(`{"locale":"fr"}`), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	boom := errors.New("boom")
	broken := settings.Section[int]{Name: "broken", Validate: func(i int) error {
		if i > 0 {
			return boom
		}
		return nil
	}}
	s := newService(t, memstore.New(), broken.Declare())
	if _, err := s.Patch(t.Context(), "ann", []byte(`{"broken":1,"locale":"?"}`), 0); !errors.Is(err, boom) || problems(err) != nil {
		t.Errorf("a section that fails: %v", err)
	}
}

func TestNewRefusesFaultySections(t *testing.T) {
	type quoted struct {
		A int `json:"x,string"`
	}
	name := func(n string) settings.Declaration { return settings.Section[string]{Name: n}.Declare() }
	for what, sections := range map[string][]settings.Declaration{
		"no name":        {name("")},
		"app":            {name("app")},
		"app.":           {name("app.")},
		"two dots":       {name("app.a.b")},
		"another parent": {name("host.a")},
		"a dollar":       {name("$schema")},
		"a quote":        {name(`a"b`)},
		"a digit first":  {name("1a")},
		"too long":       {name(strings.Repeat("a", 65))},
		"twice":          {name("a"), name("a")},
		"zero":           {{}},
		"channel":        {settings.Section[chan int]{Name: "a"}.Declare()},
		"quoted numbers": {settings.Section[quoted]{Name: "a"}.Declare()},
		"bad default": {settings.Section[int]{Name: "a", Validate: func(int) error {
			return input.Invalid(input.FieldError{Code: input.OutOfRange, Message: "never"})
		}}.Declare()},
	} {
		if _, err := settings.New(settings.Config{Store: memstore.New().Settings(), Sections: sections}); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := settings.New(settings.Config{}); err == nil {
		t.Error("no store: accepted")
	}
}
