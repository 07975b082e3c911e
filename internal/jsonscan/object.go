package jsonscan

import (
	"bytes"
	"slices"

	"github.com/profilekit/profilekit/settings/input"
)

// anything is the schema of a value that takes every JSON.
var anything *Schema

func (s *scanner) object(schema *Schema, depth int) error {
	if depth > MaxDepth {
		return s.fail("it is nested too deep")
	}
	s.pos++
	s.space()
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	s.path = append(s.path, step{})
	here := len(s.path) - 1
	var seen names
	for {
		s.space()
		if s.peek() != '"' {
			return s.fail("a name in quotes must be here")
		}
		name, escaped, err := s.str()
		if err != nil {
			return err
		}
		if escaped {
			name = unescape(name)
		}
		s.path[here].name = name
		s.space()
		if s.peek() != ':' {
			return s.fail("a name must be followed by ':'")
		}
		s.pos++
		s.space()
		if !seen.add(name) {
			s.report(&s.found.Duplicate)
		}
		elem := s.member(schema, name, depth)
		if err := s.value(elem, depth+1, s.opt.Null); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			s.path = s.path[:here]
			return nil
		default:
			return s.fail("an object must go on with ',' or '}'")
		}
	}
}

// member is the schema of the value under name, and notes a name that should
// not be there.
func (s *scanner) member(schema *Schema, name []byte, depth int) *Schema {
	if schema == nil {
		return anything
	}
	if schema.kind == kindMap {
		return schema.elem
	}
	if depth == 1 && slices.ContainsFunc(s.opt.ReadOnly, func(r string) bool { return r == string(name) }) {
		s.problem(input.ReadOnly, nil)
		return anything
	}
	i, ok := schema.names[string(name)]
	if !ok {
		s.report(&s.found.Unknown)
		return anything
	}
	return schema.fields[i]
}

// names is a set of the names of one object. Most objects are small; a map
// keeps a large one linear.
type names struct {
	few  [12][]byte
	n    int
	many map[string]struct{}
}

// add reports whether name was not there yet.
func (s *names) add(name []byte) bool {
	if s.many != nil {
		if _, twice := s.many[string(name)]; twice {
			return false
		}
		s.many[string(name)] = struct{}{}
		return true
	}
	for _, other := range s.few[:s.n] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	s.many = make(map[string]struct{}, 2*len(s.few))
	for _, other := range s.few {
		s.many[string(other)] = struct{}{}
	}
	s.many[string(name)] = struct{}{}
	return true
}
