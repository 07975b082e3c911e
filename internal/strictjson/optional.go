package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Optional tells a field that is absent from one that is null and from one
// with a value, as a JSON merge patch needs. Decode looks inside it.
type Optional[T any] struct {
	Present bool // the name is there
	Null    bool // and its value is null
	Value   T    // else this is its value
}

// JSONElem is for the scan.
func (Optional[T]) JSONElem() reflect.Type { return reflect.TypeFor[T]() }

// UnmarshalJSON implements json.Unmarshaler.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	*o = Optional[T]{Present: true}
	if bytes.Equal(data, []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// Pointer is nil for an absent field, and else points to the value: the zero
// value for null, which clears.
func (o Optional[T]) Pointer() *T {
	if !o.Present {
		return nil
	}
	return &o.Value
}
