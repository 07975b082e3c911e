package httpadapter

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
)

// TestS43_ViewsShowTheTableAndNothingElse: each row of the table of profile fields is in
// both views, and what else is in one was decided on here.
func TestS43_ViewsShowTheTableAndNothingElse(t *testing.T) {
	names := func(rows func(profile.Field) []member) (all []string) {
		for _, f := range profile.Fields() {
			list := rows(f)
			if len(list) == 0 {
				t.Errorf("the row %s has no place in a view", f.Name)
			}
			if f.Name != "picture" && !slices.ContainsFunc(list, func(m member) bool { return m.name == f.Name }) {
				t.Errorf("the row %s is not shown under its name", f.Name)
			}
			for _, m := range list {
				all = append(all, m.name)
			}
		}
		return all
	}
	rows := func(beside ...string) []string {
		for _, f := range profile.Fields() {
			if f.Name != "picture" {
				beside = append(beside, f.Name)
			}
		}
		slices.Sort(beside)
		return beside
	}
	picture := []string{"profilePicture", "pictureSizes", "picturePlaceholder"}
	own := append(names(func(f profile.Field) []member { return members(f).own }), "id", "role", "createdAt", "updatedAt")
	slices.Sort(own)
	if want := rows(append(picture, "id", "emailVerified", "pendingEmail", "role", "createdAt", "updatedAt")...); !slices.Equal(own, want) {
		t.Errorf("the owner sees\n%q, want\n%q", own, want)
	}
	others := names(func(f profile.Field) []member { return members(f).others })
	slices.Sort(others)
	if want := rows(picture...); !slices.Equal(others, want) {
		t.Errorf("others may see\n%q, want\n%q", others, want)
	}
	// The lists that are walked are made of these.
	a := &App{}
	for view, want := range map[string][]string{"own": own, "others": nil} {
		var body []byte
		var err error
		if view == "own" {
			body, err = a.own(&profile.User{})
		} else {
			want = []string{"username"}
			body, err = a.others(&profile.User{}, profile.Visible{})
		}
		var got map[string]any
		if err == nil {
			err = json.Unmarshal(body, &got)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%s has %s, want %q", view, body, want)
		}
	}
}

// TestS42_TheBodySetsEveryFieldOfAnEdit and no other: a field of Edit without a member
// in the body could be set by nobody.
func TestS42_TheBodySetsEveryFieldOfAnEdit(t *testing.T) {
	kind := reflect.TypeFor[profile.Edit]()
	set := map[string]bool{}
	for _, f := range editFields {
		if set[f.name] {
			t.Errorf("%s is in the body twice", f.name)
		}
		set[f.name] = true
		value := reflect.New(f.body)
		var e profile.Edit
		if f.set(value.Interface(), &e); !reflect.DeepEqual(e, profile.Edit{}) {
			t.Errorf("%s is absent and changes %+v", f.name, e)
		}
		value.Elem().FieldByName("Present").SetBool(true)
		value.Elem().FieldByName("Null").SetBool(true)
		f.set(value.Interface(), &e)
		for i := range kind.NumField() {
			name := kind.Field(i).Name
			changed := !reflect.ValueOf(e).Field(i).IsZero()
			if name == "ClearCustom" {
				name = "Custom"
			} else if name == "Custom" {
				continue
			}
			if changed != strings.EqualFold(name, f.name) {
				t.Errorf("%s sets %s: %v", f.name, kind.Field(i).Name, changed)
			}
		}
	}
	for i := range kind.NumField() {
		if name := kind.Field(i).Name; name != "ClearCustom" && !set[strings.ToLower(name[:1])+name[1:]] {
			t.Errorf("no member of the body sets Edit.%s", name)
		}
	}
	if editBody.NumField() != kind.NumField()-1 {
		t.Errorf("the body has %d members, and an edit %d fields", editBody.NumField(), kind.NumField()-1)
	}
}

// TestViewsAreWrittenAsByTheStandardLibrary compares random values, of letters that are
// hard, with what encoding/json makes of them.
func TestViewsAreWrittenAsByTheStandardLibrary(t *testing.T) {
	letters := []string{
		"a", "Z", " ", "~", "\x7f", "é", "日", "👩‍💻", "\u2028", "\u2029", "\u2027", "\ufffd", "\uffff", "\xff", "\xc3", "\xed\xa0\x80",
		"<", ">", "&", "\"", "\\", "/", "\x00", "\x1f", "\b", "\f", "\n", "\r", "\t", "'", "\U0010ffff",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range rnd.IntN(6) {
			b.WriteString(letters[rnd.IntN(len(letters))])
		}
		return b.String()
	}
	for range 5000 {
		s, list := text(), []string{text(), text(), text()}[:rnd.IntN(4)]
		at := time.Unix(rnd.Int64N(1<<34), rnd.Int64N(1e9)/1000*1000)
		raw, err := json.Marshal(map[string]string{text(): text()})
		if err != nil {
			t.Fatal(err)
		}
		for want, write := range map[any]func(w *viewWriter){
			s:                          func(w *viewWriter) { w.text(s) },
			&list:                      func(w *viewWriter) { w.list(list) },
			at.UTC():                   func(w *viewWriter) { w.time(at) },
			&[]json.RawMessage{raw}[0]: func(w *viewWriter) { w.object(raw) },
		} {
			var w viewWriter
			write(&w)
			std, err := json.Marshal(want)
			if err != nil || w.err != nil || string(w.out) != string(std) {
				t.Fatalf("%q is written as %s, want %s (%v, %v)", want, w.out, std, w.err, err)
			}
		}
	}
	var w viewWriter
	if w.time(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); w.err == nil {
		t.Error("a time that JSON has no form for is written")
	}
}
