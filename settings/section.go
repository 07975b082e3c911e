package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/internal/mergepatch"
	"github.com/profilekit/profilekit/settings/input"
)

// Section declares one part of the settings: its name, its Go type with json
// tags, what a user has who never chose, and what may be chosen. It is a value
// that packages export; it holds no state.
type Section[T any] struct {
	// Name is the member of the document, in letters and digits, such as
	// "locale". "app.<namespace>" is nested: the document's member app holds
	// the sections of the host.
	Name string
	// Default is what members that were never set have. It must itself be
	// valid. Objects are filled in member by member, at any depth.
	Default T
	// Validate refuses values; nil takes all of T. It returns an *input.InvalidError
	// whose fields are relative to the section ("" is the section itself).
	// Any other error is a failure of the server. It is called on reads too,
	// so it should be quick.
	Validate func(T) error
	// Unreadable is what a stored value reads as that this program cannot
	// decode or would refuse, because a newer one wrote it; nil is Default.
	// A section that decides who may see something names its most careful
	// value here.
	Unreadable *T
}

// Declaration is a Section without its type, for Config.
type Declaration struct {
	name   string
	typ    reflect.Type
	schema *jsonscan.Schema
	// defaults is Section.Default as JSON.
	defaults json.RawMessage
	// check is nil for a stored value that is valid once defaults are filled in.
	check func(stored json.RawMessage) error
	// careful is Section.Unreadable as JSON, nil when there is none.
	careful json.RawMessage
	// view is the member of the document.
	view func(stored json.RawMessage) (json.RawMessage, error)
	err  error
}

// Declare returns what Config.Sections takes. Faults of the section, such as
// an invalid Default, are told by New.
func (s Section[T]) Declare() Declaration {
	d := Declaration{name: s.Name, typ: reflect.TypeFor[T]()}
	if d.err = checkName(s.Name); d.err != nil {
		return d
	}
	if d.schema, d.err = jsonscan.Of(d.typ); d.err != nil {
		return d
	}
	defaults, err := mergepatch.Marshal(s.Default)
	if err != nil {
		d.err = err
		return d
	}
	d.defaults = defaults
	if s.Unreadable != nil {
		if d.careful, d.err = mergepatch.Marshal(*s.Unreadable); d.err != nil {
			return d
		}
	}
	d.check = func(stored json.RawMessage) error {
		_, err := s.decode(defaults, stored)
		return err
	}
	var whole json.RawMessage // what most users have
	d.view = func(stored json.RawMessage) (json.RawMessage, error) {
		if stored == nil {
			return whole, nil
		}
		v, err := s.read(defaults, stored)
		if err != nil {
			return nil, err
		}
		return mergepatch.Marshal(v)
	}
	if err := jsonscan.Scan(defaults, d.schema, jsonscan.Options{}); err != nil {
		d.err = fmt.Errorf("the default of section %q: %w", s.Name, err)
	} else if v, err := s.decode(defaults, nil); err != nil {
		d.err = fmt.Errorf("the default of section %q: %w", s.Name, err)
	} else {
		whole, d.err = mergepatch.Marshal(v)
	}
	return d
}

// decode fills in defaults and validates. The value shares nothing with
// Default.
func (s Section[T]) decode(defaults, stored json.RawMessage) (T, error) {
	var v T
	merged := defaults
	if stored != nil {
		var err error
		if merged, err = mergepatch.Apply(defaults, stored); err != nil {
			return v, err
		}
		if merged == nil {
			merged = json.RawMessage("null")
		}
	}
	if err := json.Unmarshal(merged, &v); err != nil {
		return v, input.Invalid(typeError(err))
	}
	if s.Validate != nil {
		return v, s.Validate(v)
	}
	return v, nil
}

// read is decode for a value that is stored already, whoever wrote it.
func (s Section[T]) read(defaults, stored json.RawMessage) (T, error) {
	v, err := s.decode(defaults, stored)
	var invalid *input.InvalidError
	if !errors.As(err, &invalid) {
		return v, err
	}
	if s.Unreadable != nil {
		return *s.Unreadable, nil
	}
	return s.decode(defaults, nil)
}

// typeError is a stored value that does not decode, by the field it is in.
func typeError(err error) input.FieldError {
	f := input.New("", input.Malformed, nil)
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		f.Field = te.Field
	}
	return f
}

// checkName accepts "word" and "app.word".
func checkName(name string) error {
	word, nested := strings.CutPrefix(name, "app.")
	ok := word != "" && len(word) <= 64 && (nested || word != "app")
	for i := range len(word) {
		switch c := word[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case c >= '0' && c <= '9', c == '_', c == '-':
			ok = ok && i > 0
		default:
			ok = false
		}
	}
	if !ok {
		return fmt.Errorf("settings: %q cannot name a section: it is a word, or app. and a word", name)
	}
	return nil
}

// split is the members under which the section is found: ("app", "word") or
// ("word", "").
func (d Declaration) split() (top, sub string) {
	top, sub, _ = strings.Cut(d.name, ".")
	return top, sub
}

// under prefixes the fields of an *input.InvalidError with the name of a section;
// other errors are failures and say where.
func under(name string, err error) error {
	var invalid *input.InvalidError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("settings: section %s: %w", name, err)
	}
	out := &input.InvalidError{}
	for _, f := range invalid.Fields {
		out.Fields = append(out.Fields, input.Under(name, f))
	}
	return out
}
