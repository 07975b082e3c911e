package settings_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

func TestPatchMerges(t *testing.T) {
	w := newWorld(t)
	for _, step := range []struct{ patch, want string }{
		{`{"appearance":{"theme":"dark"}}`, `"theme":"dark","accent":"#2563eb"`},
		{`{"appearance":{"accent":"#00FF00"},"locale":"pt-BR"}`, `"theme":"dark","accent":"#00FF00"`},
		{`{"appearance":{"theme":null}}`, `"theme":"system","accent":"#00FF00"`},
		{`{"appearance":null}`, `"theme":"system","accent":"#2563eb"`},
		{`{"app":{"editor":{"tab":2,"font":"Fira","rules":{"b":true,"a":false}}}}`, `"tab":2,"font":"Fira","rules":{"a":false,"b":true}`},
		{`{"app":{"editor":{"rules":{"a":null,"zzz":null}}}}`, `"rules":{"a":true,"b":true}`},
		{`{"app":{"editor":{"keys":["x","y"],"inner":{"On":true}},"note":"hi <b>"}}`, `"keys":["x","y"],"inner":{"On":true}},"note":"hi <b>"`},
		{`{"app":{"editor":{"keys":["z"]}}}`, `"keys":["z"],`},
		{`{"app":{"editor":null}}`, `"tab":4,"font":null,"rules":{"a":true},"keys":[],"inner":{"On":false}},"note":"hi <b>"`},
		{`{"app":null,"locale":null}`, `"locale":"en","timeZone":"UTC","app":{"editor":{"tab":4`},
		{` { } `, `"note":""`},
	} {
		d := w.patch(t, step.patch)
		if !strings.Contains(string(d.JSON), step.want) {
			t.Errorf("%s: %s", step.patch, d.JSON)
		}
		again, err := w.Document(t.Context(), "ann")
		if err != nil || string(again.JSON) != string(d.JSON) || again.Version != d.Version {
			t.Errorf("%s: reading it again gives %s", step.patch, again.JSON)
		}
	}
	if d := w.patch(t, `{}`); string(d.JSON) != defaults {
		t.Errorf("after all resets: %s", d.JSON)
	}
}

func TestPatchRecordsWhatChanged(t *testing.T) {
	w := newWorld(t)
	v1 := w.patch(t, `{"appearance":{"theme":"dark"},"app":{"note":"x"},"timeZone":"UTC"}`).Version
	for _, same := range []string{`{}`, `{"appearance":{"theme":"dark"}}`, `{"appearance":{}}`, `{"locale":null}`, `{"app":{"editor":{"font":null}}}`} {
		if v := w.patch(t, same).Version; v != v1 {
			t.Errorf("%s changes the version from %d to %d", same, v1, v)
		}
	}
	if v := w.patch(t, `{"locale":"fr"}`).Version; v <= v1 {
		t.Errorf("the version went from %d to %d", v1, v)
	}
	want := []string{"settings.changed appearance,timeZone,app.note", "settings.changed locale"}
	if got := w.events(t); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestS42_S51_PatchIsStrict(t *testing.T) {
	w := newWorld(t)
	w.patch(t, `{"locale":"fr"}`)
	before, err := w.db.Settings().Get(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		patch string
		want  []string
	}{
		{`{"role":"admin"}`, []string{"role unknown_field"}},
		{`{"id":1,"emailVerified":true}`, []string{"id unknown_field", "emailVerified unknown_field"}},
		{`{"Locale":"de"}`, []string{"Locale unknown_field"}},
		{`{"Locale":null}`, []string{"Locale unknown_field"}},
		{`{"$schema":2}`, []string{"$schema unknown_field"}},
		{`{"app":{"other":{}}}`, []string{"app.other unknown_field"}},
		{`{"app.editor":{}}`, []string{"app.editor unknown_field"}},
		{`{"appearance":{"Theme":"dark","colour":null}}`, []string{"appearance.Theme unknown_field", "appearance.colour unknown_field"}},
		{`{"locale":"de","locale":"en"}`, []string{"locale duplicate_field"}},
		{`{"appearance":{"theme":"dark","th\u0065me":"light"}}`, []string{"appearance.theme duplicate_field"}},
		{`{"locale":1,"appearance":[],"app":"x"}`, []string{"locale type", "appearance type", "app type"}},
		{
			`{"app":{"editor":{"keys":[null],"tab":1.5,"rules":{"a":1},"font":false}}}`,
			[]string{"app.editor.keys[0] type", "app.editor.tab type", "app.editor.rules.a type", "app.editor.font type"},
		},
		{`null`, []string{" type"}},
		{`[]`, []string{" type"}},
		{
			`{"appearance":{"theme":"sepia","fontScale":0.79,"accent":"red","density":"tight"},"locale":"x y","timeZone":"Mars/Base","app":{"editor":{"tab":9}}}`,
			[]string{
				"appearance.theme not_allowed", "appearance.accent invalid_color", "appearance.density not_allowed", "appearance.fontScale out_of_range",
				"app.editor.tab out_of_range", "locale invalid_language", "timeZone invalid_time_zone",
			},
		},
		{`{"app":{"editor":{"keys":["1","2","3","4"]}},"locale":"de"}`, []string{"app.editor.keys too_long"}},
	} {
		_, err := w.Patch(t.Context(), "ann", []byte(c.patch), 0)
		if got := problems(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v: %q, want %q", c.patch, err, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "sepia") {
			t.Errorf("the error repeats a value: %v", err)
		}
	}
	for _, broken := range []string{``, `{`, `{}{}`, "{\"app\":{\"note\":\"\x00\"}}", `{"app":{"note":"\u0000"}}`, "{\"app\":{\"note\":\"\xff\"}}"} {
		if _, err := w.Patch(t.Context(), "ann", []byte(broken), 0); !errors.Is(err, jsonscan.ErrSyntax) {
			t.Errorf("%q: %v", broken, err)
		}
	}
	after, err := w.db.Settings().Get(t.Context(), "ann")
	if err != nil || string(after.Data) != string(before.Data) || after.Version != before.Version {
		t.Errorf("the record changed: %s, %v", after.Data, err)
	}
	if got := w.events(t); len(got) != 1 {
		t.Errorf("events %q", got)
	}
}

func TestPatchVersions(t *testing.T) {
	w := newWorld(t)
	patch := func(value string, version int64) (settings.Document, error) {
		return w.Patch(t.Context(), "ann", []byte(`{"app":{"note":"`+value+`"}}`), version)
	}
	if _, err := patch("a", 1); !errors.Is(err, storage.ErrStale) {
		t.Errorf("version 1 of nothing: %v", err)
	}
	d, err := patch("a", -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := patch("b", -1); !errors.Is(err, storage.ErrStale) {
		t.Errorf("-1 when there is a row: %v", err)
	}
	e, err := patch("b", d.Version)
	if err != nil || e.Version <= d.Version {
		t.Errorf("the right version: %+v, %v", e, err)
	}
	if _, err := patch("c", d.Version); !errors.Is(err, storage.ErrStale) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := patch("b", d.Version); !errors.Is(err, storage.ErrStale) {
		t.Errorf("an old version that would change nothing: %v", err)
	}
	if v, err := settings.Get(t.Context(), w.Service, noteSection, "ann"); v != "b" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

// Of 50 concurrent patches of different members none is lost; of 50 that name
// one version exactly one wins.
func TestR12_ConcurrentPatches(t *testing.T) {
	w := newWorld(t)
	first := w.patch(t, `{"locale":"fr"}`)
	const n = 50
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			_, errs[i] = w.Patch(t.Context(), "ann", fmt.Appendf(nil, `{"app":{"editor":{"rules":{"r%d":true}}}}`, i), 0)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	e, err := settings.Get(t.Context(), w.Service, editorSection, "ann")
	if err != nil || len(e.Rules) != n+1 {
		t.Errorf("%d members, want %d (%v)", len(e.Rules), n+1, err)
	}
	if got := w.events(t); len(got) != n+1 {
		t.Errorf("%d events, want %d", len(got), n+1)
	}

	d, err := w.Document(t.Context(), "ann")
	if err != nil || d.Version != first.Version+n {
		t.Fatalf("version %d, %v", d.Version, err)
	}
	for i := range n {
		wg.Go(func() {
			_, errs[i] = w.Patch(t.Context(), "ann", fmt.Appendf(nil, `{"app":{"note":"%d"}}`, i), d.Version)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, storage.ErrStale) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// FuzzR39_SettingsPatch: no panic, and the document stays one that every
// section accepts.
func FuzzR39_SettingsPatch(f *testing.F) {
	for _, s := range []string{
		`{"appearance":{"theme":"dark"}}`, `{"app":{"editor":{"rules":{"x":true},"keys":["a"],"inner":null}}}`, `{"app":null}`,
		`{"locale":"zh-Hant-TW","timeZone":"UTC"}`, `{"appearance":{"fontScale":1e0}}`,
	} {
		f.Add([]byte(s), []byte(`{}`))
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if err := w.db.Settings().Erase(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		for _, p := range [][]byte{first, second} {
			d, err := w.Patch(t.Context(), "ann", p, 0)
			if err != nil {
				if problems(err) == nil && !errors.Is(err, jsonscan.ErrSyntax) {
					t.Fatalf("%q: %v", p, err)
				}
				continue
			}
			if _, err := w.Patch(t.Context(), "ann", d.JSON, d.Version); err != nil && d.Version != 0 {
				t.Fatalf("%q: the document is not a patch of itself: %v", p, err)
			}
		}
	})
}
