package storage

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
)

// maxDecorators ends a chain of decorators that leads back to itself.
const maxDecorators = 64

// As finds an ability of a store beyond the interface that every store has: a
// [Lister] in a BlobStore, say. T is the ability and I the interface.
//
// A decorator, which is a store around another one for tracing or counting, does not
// have the abilities of the store inside it. A decorator that has the method
//
//	Unwrap() I
//
// consents that As passes it: the ability is then used without the decorator. One
// that changes keys, refuses calls or translates what it is given must not have
// Unwrap, because its change would be passed too. It can have methods of the ability
// itself, which are found first.
//
// Every part of this module that asks a store for an ability asks As.
func As[T, I any](store I) (T, bool) {
	for s := range Unwrapped(store) {
		if t, ok := any(s).(T); ok {
			return t, true
		}
	}
	var none T
	return none, false
}

// Need is As for whoever cannot do without: where As finds no T, the error says why, as
// Missing does, and matches errors.ErrUnsupported.
func Need[T, I any](store I) (T, error) {
	t, ok := As[T](store)
	if ok {
		return t, nil
	}
	why, _ := Missing[T](store)
	return t, fmt.Errorf("%w: %s", errors.ErrUnsupported, why)
}

// Unwrapped yields store and then, from the outside to the inside, what its
// decorators lead to by Unwrap; see As. A nil store, and a nil pointer, yield nothing.
func Unwrapped[I any](store I) iter.Seq[I] {
	return func(yield func(I) bool) {
		for range maxDecorators {
			if isNil(store) || !yield(store) {
				return
			}
			next, ok := any(store).(interface{ Unwrap() I })
			if !ok {
				return
			}
			store = next.Unwrap()
		}
	}
}

// isNil reports whether store is nil, or an interface that holds a nil pointer, whose
// methods are not to be called.
func isNil(store any) bool {
	if store == nil {
		return true
	}
	v := reflect.ValueOf(store)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// Missing says why As finds no T in store, in words for a person who wires stores
// together; "" is that it does. hidden reports that a store with the ability is
// there, inside a decorator without Unwrap.
func Missing[T, I any](store I) (why string, hidden bool) {
	if _, ok := As[T](store); ok {
		return "", false
	}
	ability, role := reflect.TypeFor[T](), reflect.TypeFor[I]()
	var last any
	for s := range Unwrapped(store) {
		last = s
	}
	switch {
	case last == nil:
		return fmt.Sprintf("there is no %v", role), false
	case holds(reflect.ValueOf(last), role, ability, map[uintptr]bool{}):
		return fmt.Sprintf("%T hides it: it is a decorator without Unwrap() %v", last, role), true
	}
	return fmt.Sprintf("%T is no %v", last, ability), false
}

// holds reports whether v is a decorator: whether one of its fields is a store of the
// role that has the ability, or is such a decorator. It looks at types alone and calls
// nothing. seen are the decorators that were looked at, which may lead to each other.
func holds(v reflect.Value, role, ability reflect.Type, seen map[uintptr]bool) bool {
	if v.Kind() == reflect.Pointer {
		if seen[v.Pointer()] {
			return false
		}
		seen[v.Pointer()] = true
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return false
	}
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() == reflect.Interface {
			field = field.Elem()
		}
		if !field.IsValid() || !field.Type().Implements(role) {
			continue
		}
		if field.Type().Implements(ability) || holds(field, role, ability, seen) {
			return true
		}
	}
	return false
}
