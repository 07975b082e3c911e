// Package strictjson decodes the JSON bodies of requests: what
// internal/jsonscan accepts for the type, decoded by encoding/json, with the
// errors that the HTTP layer answers with.
//
//	var in struct {
//		Name strictjson.Optional[string] `json:"name"`
//	}
//	err := strictjson.Decode(body, &in, strictjson.Options{ReadOnly: []string{"id", "role"}})
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/settings/input"
)

// ErrSyntax is matched by the error of a body that is not JSON of the strict
// form at all: 400 malformed_json.
var ErrSyntax = jsonscan.ErrSyntax

// Options adjust Decode.
type Options struct {
	// ReadOnly are top-level names that exist in the contract but may not be
	// set here. In exactly this spelling they are an InvalidError with code
	// read_only; in any other they are unknown.
	ReadOnly []string
}

// Decode decodes data into dst, a pointer to a struct with json tags, strictly:
// one value in valid UTF-8, at most 32 deep, no NUL, no lone surrogate, no name
// twice, no name that dst does not have in exactly that spelling, no value of
// another JSON type. null is taken by pointers, slices, maps, Optional and
// json.RawMessage only. The time is linear in len(data); bounding that is the
// caller's.
//
// The error matches ErrSyntax, or is an *input.InvalidError: names that are
// there twice first, then names that are unknown, then values. dst is not touched then, except when one
// of its types has an UnmarshalJSON or UnmarshalText that fails. A dst of a
// type that cannot be decoded into is an error of none of these kinds.
func Decode(data []byte, dst any, opt Options) error {
	t := reflect.TypeOf(dst)
	if t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(dst).IsNil() {
		return errors.New("strictjson: dst is not a pointer")
	}
	schema, err := schemaOf(t.Elem())
	if err != nil {
		return err
	}
	if err := jsonscan.Scan(data, schema, jsonscan.Options{ReadOnly: opt.ReadOnly}); err != nil {
		return convert(err)
	}
	return decoded(json.Unmarshal(data, dst))
}

// Check is Decode of any JSON, without decoding.
func Check(data []byte) error { return convert(jsonscan.Scan(data, nil, jsonscan.Options{})) }

// schemas remembers what types take; there are as many as the program has
// bodies.
var schemas sync.Map // reflect.Type -> *jsonscan.Schema

func schemaOf(t reflect.Type) (*jsonscan.Schema, error) {
	if s, ok := schemas.Load(t); ok {
		return s.(*jsonscan.Schema), nil
	}
	s, err := jsonscan.Of(t)
	if err != nil {
		return nil, fmt.Errorf("strictjson: %w", err)
	}
	schemas.Store(t, s)
	return s, nil
}

func convert(err error) error {
	if e, ok := errors.AsType[*jsonscan.Error](err); ok {
		return input.Invalid(e.Fields()...)
	}
	return err
}

// decoded translates what is left for encoding/json to refuse: values that a
// type's own UnmarshalJSON or UnmarshalText does not take.
func decoded(err error) error {
	if err == nil {
		return nil
	}
	var invalid *input.InvalidError
	if errors.As(err, &invalid) {
		return invalid
	}
	f := input.New("", input.Malformed, nil)
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		f.Field = te.Field
	}
	return input.Invalid(f)
}
