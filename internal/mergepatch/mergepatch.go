// Package mergepatch applies JSON merge patches (RFC 7396) to raw JSON, so
// that members nobody here knows survive.
//
//	out, err := mergepatch.Apply([]byte(`{"a":1,"b":{"c":2}}`), []byte(`{"b":{"c":null,"d":3}}`))
//	// {"a":1,"b":{"d":3}}
package mergepatch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Apply returns target changed by patch: objects are merged, a null member
// removes, anything else replaces. A nil target is nothing; nil comes back
// when patch is null. The result is compact with names in order, so equal
// values give equal bytes as far as the target's numbers and strings are
// spelled alike. Both must be valid JSON; how deep they go bounds the cost.
func Apply(target, patch json.RawMessage) (json.RawMessage, error) {
	patch = bytes.TrimSpace(patch)
	if len(patch) == 0 {
		return nil, fmt.Errorf("mergepatch: empty patch")
	}
	if patch[0] != '{' {
		if string(patch) == "null" {
			return nil, nil
		}
		return Compact(patch)
	}
	changes := map[string]json.RawMessage{}
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, fmt.Errorf("mergepatch: %w", err)
	}
	members, err := Members(target)
	if err != nil {
		return nil, err
	}
	for name, change := range changes {
		merged, err := Apply(members[name], change)
		if err != nil {
			return nil, err
		}
		if merged == nil {
			delete(members, name)
		} else {
			members[name] = merged
		}
	}
	return Marshal(members)
}

// Members splits an object; anything else, nil included, has none.
func Members(object json.RawMessage) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if object = bytes.TrimSpace(object); len(object) > 0 && object[0] == '{' {
		if err := json.Unmarshal(object, &members); err != nil {
			return nil, fmt.Errorf("mergepatch: %w", err)
		}
	}
	return members, nil
}

// Marshal is json.Marshal that leaves <, > and & as they are.
func Marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("mergepatch: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Compact removes insignificant space.
func Compact(v json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, v); err != nil {
		return nil, fmt.Errorf("mergepatch: %w", err)
	}
	return b.Bytes(), nil
}

// Equal compares values, not spelling: a database may keep JSON in an order
// and with spaces of its own. nil equals nil only; numbers are compared as
// they are written.
func Equal(a, b json.RawMessage) bool {
	if a == nil || b == nil || bytes.Equal(a, b) {
		return (a == nil) == (b == nil)
	}
	var va, vb any
	return decode(a, &va) == nil && decode(b, &vb) == nil && reflect.DeepEqual(va, vb)
}

func decode(data json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}
