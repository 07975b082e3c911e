package jsonscan

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

type kind uint8

const (
	kindAny     kind = iota
	kindPointer      // null, or elem
	kindObject       // fields, by their exact names
	kindMap          // any names, elem
	kindList         // elem
	kindString
	kindBool
	kindInt
	kindUint
	kindFloat
)

// Schema is the JSON that a Go type takes, by the rules of encoding/json but
// with exact names. It is immutable and safe for concurrent use.
type Schema struct {
	kind   kind
	null   bool // null is a value of it, as for slices and maps
	bits   int  // of a number
	elem   *Schema
	names  map[string]int // into fields
	fields []*Schema
}

// Wrapper is a type that decodes as null or as another type; that it has its
// own UnmarshalJSON does not hide what is inside from the scan.
type Wrapper interface{ JSONElem() reflect.Type }

// Names is a map type that takes these names only.
type Names interface{ JSONNames() []string }

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	wrapper         = reflect.TypeFor[Wrapper]()
	namesType       = reflect.TypeFor[Names]()
	numberType      = reflect.TypeFor[json.Number]()
)

// Of returns the schema of t. Types with their own UnmarshalJSON take any
// JSON, as far as the scan goes. It is an error for a type that encoding/json
// cannot decode into, or only with the "string" option or ambiguous names.
func Of(t reflect.Type) (*Schema, error) { return build(t, map[reflect.Type]*Schema{}) }

func build(t reflect.Type, done map[reflect.Type]*Schema) (*Schema, error) {
	if s, ok := done[t]; ok {
		return s, nil
	}
	s := &Schema{}
	done[t] = s // first, so that a type may hold itself
	elem := func(k kind, null bool, t reflect.Type) (err error) {
		s.kind, s.null = k, null
		s.elem, err = build(t, done)
		return err
	}
	switch p := reflect.PointerTo(t); {
	case t.Kind() == reflect.Pointer:
		return s, elem(kindPointer, true, t.Elem())
	case t.Kind() != reflect.Interface && t.Implements(wrapper):
		return s, elem(kindPointer, true, reflect.Zero(t).Interface().(Wrapper).JSONElem())
	case t.Kind() != reflect.Interface && p.Implements(unmarshaler):
		return s, nil
	case t.Kind() != reflect.Interface && p.Implements(textUnmarshaler):
		s.kind = kindString
		return s, nil
	case t == numberType:
		s.kind, s.bits = kindFloat, 64
		return s, nil
	}
	switch t.Kind() {
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil, fmt.Errorf("jsonscan: cannot decode into %s", t)
		}
		return s, nil
	case reflect.Struct:
		s.kind = kindObject
		return s, s.structFields(t, done)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return nil, fmt.Errorf("jsonscan: the names of %s are not strings", t)
		}
		if err := elem(kindMap, true, t.Elem()); err != nil || !t.Implements(namesType) {
			return s, err
		}
		s.kind, s.names = kindObject, map[string]int{}
		for _, name := range reflect.Zero(t).Interface().(Names).JSONNames() {
			s.names[name] = len(s.fields)
			s.fields = append(s.fields, s.elem)
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // base64
			s.kind, s.null = kindString, true
			return s, nil
		}
		return s, elem(kindList, true, t.Elem())
	case reflect.Array:
		return s, elem(kindList, false, t.Elem())
	case reflect.String:
		s.kind = kindString
	case reflect.Bool:
		s.kind = kindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.kind, s.bits = kindInt, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.kind, s.bits = kindUint, t.Bits()
	case reflect.Float32, reflect.Float64:
		s.kind, s.bits = kindFloat, t.Bits()
	default:
		return nil, fmt.Errorf("jsonscan: cannot decode into %s", t)
	}
	return s, nil
}

func (s *Schema) structFields(t reflect.Type, done map[reflect.Type]*Schema) error {
	s.names = map[string]int{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			ft := f.Type
			if ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
			if ft.Kind() == reflect.Struct {
				continue // its fields are visible fields of t
			}
		}
		if !f.IsExported() {
			continue
		}
		// Names inside a tagged struct are not promoted by encoding/json,
		// though they are by Go.
		if !promoted(t, f.Index) {
			continue
		}
		if options == "string" || strings.HasSuffix(options, ",string") || strings.HasPrefix(options, "string,") {
			return fmt.Errorf("jsonscan: %s.%s has the option \"string\"", t, f.Name)
		}
		if name == "" {
			name = f.Name
		}
		if _, twice := s.names[name]; twice {
			return fmt.Errorf("jsonscan: %s has two fields %q", t, name)
		}
		elem, err := build(f.Type, done)
		if err != nil {
			return err
		}
		s.names[name] = len(s.fields)
		s.fields = append(s.fields, elem)
	}
	return nil
}

// promoted reports whether every struct on the way to index is embedded
// without a name of its own.
func promoted(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			return false
		}
		t = f.Type
	}
	return true
}

// Object returns the schema of an object with these members.
func Object(members map[string]*Schema) *Schema {
	s := &Schema{kind: kindObject, names: map[string]int{}}
	for name, m := range members {
		s.names[name] = len(s.fields)
		s.fields = append(s.fields, m)
	}
	return s
}

// Member returns the schema of the member name of an object, or nil when s is
// not an object of known names or has no such one.
func (s *Schema) Member(name string) *Schema {
	for s != nil && s.kind == kindPointer {
		s = s.elem
	}
	if s == nil || s.kind != kindObject {
		return nil
	}
	i, ok := s.names[name]
	if !ok {
		return nil
	}
	return s.fields[i]
}

// IsObject reports whether s is of an object with known names.
func (s *Schema) IsObject() bool {
	for s != nil && s.kind == kindPointer {
		s = s.elem
	}
	return s != nil && s.kind == kindObject
}

// want names the JSON type that the schema takes, as input.WrongType does.
func (s *Schema) want() string {
	switch s.kind {
	case kindPointer:
		return s.elem.want()
	case kindObject, kindMap:
		return "object"
	case kindList:
		return "array"
	case kindString:
		return "string"
	case kindBool:
		return "boolean"
	case kindInt, kindUint:
		return "integer"
	}
	return "number"
}
