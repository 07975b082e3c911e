// Package jsonscan reads JSON from people who may mean harm: one pass over the
// bytes, in linear time, that accepts only what every reader understands the
// same way, and compares it with what a Go type takes.
//
// encoding/json is lenient where it matters: it matches names without case, so
// that {"ROLE":"admin"} fills a field `json:"role"`, lets the last of two equal
// names win, and turns broken UTF-8 into U+FFFD. What this package accepts
// decodes with encoding/json to the one thing it says.
//
//	schema, err := jsonscan.Of(reflect.TypeFor[Body]())
//	err = jsonscan.Scan(data, schema, jsonscan.Options{})
package jsonscan

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// MaxDepth is how deep objects and lists may be nested; the outermost is 1.
const MaxDepth = 32

// maxReported bounds how many paths of a kind an Error lists, and maxPathPart
// how many bytes of one name, so that the answer to a hostile body is small.
const (
	maxReported = 20
	maxPathPart = 64
)

// ErrSyntax is matched by a *SyntaxError.
var ErrSyntax = errors.New("malformed JSON")

// SyntaxError is JSON that is broken or not of the strict form.
type SyntaxError struct {
	// Offset is the byte at which it was noticed.
	Offset int
	// Reason is for people and repeats nothing of the input.
	Reason string
}

func (e *SyntaxError) Error() string {
	return "malformed JSON at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Is makes errors.Is(err, ErrSyntax) true.
func (e *SyntaxError) Is(target error) bool { return target == ErrSyntax }

// Error is well-formed JSON that does not fit. At most 20 of each are listed.
type Error struct {
	Duplicate []string // paths that are there twice
	Unknown   []string // paths that the schema does not know
	// Values are those that the schema does not take, by input.WrongType,
	// input.OutOfRange or input.ReadOnly.
	Values []input.FieldError
}

// Fields are all that was found: names that are there twice first, then names that
// are unknown, then values.
func (e *Error) Fields() []input.FieldError {
	var out []input.FieldError
	for _, path := range e.Duplicate {
		out = append(out, input.New(path, input.DuplicateField, nil))
	}
	for _, path := range e.Unknown {
		out = append(out, input.New(path, input.UnknownField, nil))
	}
	return append(out, e.Values...)
}

func (e *Error) Error() string {
	switch {
	case len(e.Duplicate) > 0:
		return "duplicate field " + e.Duplicate[0]
	case len(e.Unknown) > 0:
		return "unknown field " + e.Unknown[0]
	}
	return e.Values[0].Field + " " + e.Values[0].Message
}

// Options adjust a Scan.
type Options struct {
	// ReadOnly are names at the top that exist but may not be set: an
	// input.ReadOnly instead of an unknown field, in this exact spelling.
	ReadOnly []string
	// Null accepts null for every member of every object, as a JSON merge
	// patch (RFC 7396) does. It has no meaning inside lists, and for the whole.
	Null bool
}

// Scan checks that data is one JSON value (RFC 8259) in valid UTF-8 without a
// NUL character, a lone surrogate, or a name twice in one object, at most
// MaxDepth deep, with every number in the range of a float64; and that schema
// takes it. A nil schema takes everything. The error is a *SyntaxError or an
// *Error.
func Scan(data []byte, schema *Schema, opt Options) error {
	s := scanner{data: data, opt: opt}
	s.space()
	if err := s.value(schema, 1, false); err != nil {
		return err
	}
	s.space()
	if s.pos < len(data) {
		return s.fail("there is more after the value")
	}
	if s.found.Duplicate != nil || s.found.Unknown != nil || s.found.Values != nil {
		return &s.found
	}
	return nil
}

type scanner struct {
	data  []byte
	pos   int
	opt   Options
	path  []step
	found Error
}

// step is one part of the path to where the scanner is.
type step struct {
	name  []byte // nil for an index
	index int
}

func (s *scanner) fail(reason string) error { return &SyntaxError{Offset: s.pos, Reason: reason} }

func (s *scanner) problem(code input.Code, params input.Params) {
	if len(s.found.Values) < maxReported {
		s.found.Values = append(s.found.Values, input.New(s.where(), code, params))
	}
}

// wrongType reports a value of another JSON type than schema takes.
func (s *scanner) wrongType(schema *Schema) {
	s.problem(input.WrongType, input.Params{"type": schema.want()})
}

func (s *scanner) report(list *[]string) {
	if len(*list) < maxReported {
		*list = append(*list, s.where())
	}
}

func (s *scanner) where() string {
	var b bytes.Buffer
	for i, p := range s.path {
		if p.name == nil {
			b.WriteString("[" + strconv.Itoa(p.index) + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		name := p.name
		if len(name) > maxPathPart {
			for name = name[:maxPathPart]; !utf8.Valid(name); {
				name = name[:len(name)-1]
			}
		}
		b.Write(name)
		if len(name) < len(p.name) {
			b.WriteString("…")
		}
	}
	return b.String()
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek is the next byte, or 0, which no JSON holds.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// value scans one value. depth is that of an object or list found here;
// nullOK is whether null removes what is here.
func (s *scanner) value(schema *Schema, depth int, nullOK bool) error {
	for schema != nil && schema.kind == kindPointer {
		schema, nullOK = schema.elem, true
	}
	if schema != nil && schema.kind == kindAny {
		schema = nil
	}
	switch c := s.peek(); {
	case c == '{':
		if schema != nil && schema.kind != kindObject && schema.kind != kindMap {
			s.wrongType(schema)
			schema = nil
		}
		return s.object(schema, depth)
	case c == '[':
		nulls := s.opt.Null
		s.opt.Null = false
		if schema != nil && schema.kind != kindList {
			s.wrongType(schema)
			schema = nil
		}
		err := s.list(schema, depth)
		s.opt.Null = nulls
		return err
	case c == '"':
		if schema != nil && schema.kind != kindString {
			s.wrongType(schema)
		}
		_, _, err := s.str()
		return err
	case c == '-', c >= '0' && c <= '9':
		return s.number(schema)
	case c == 't':
		return s.literal("true", schema == nil || schema.kind == kindBool, schema)
	case c == 'f':
		return s.literal("false", schema == nil || schema.kind == kindBool, schema)
	case c == 'n':
		return s.literal("null", schema == nil || nullOK || schema.null, schema)
	case s.pos == len(s.data):
		return s.fail("it ends too early")
	}
	return s.fail("a value must begin here")
}

func (s *scanner) literal(word string, fits bool, schema *Schema) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.fail("a value must begin here")
	}
	if !fits {
		s.wrongType(schema)
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) list(schema *Schema, depth int) error {
	if depth > MaxDepth {
		return s.fail("it is nested too deep")
	}
	var elem *Schema
	if schema != nil {
		elem = schema.elem
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	s.path = append(s.path, step{})
	here := len(s.path) - 1
	for i := 0; ; i++ {
		s.path[here].index = i
		s.space()
		if err := s.value(elem, depth+1, false); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			s.path = s.path[:here]
			return nil
		default:
			return s.fail("a list must go on with ',' or ']'")
		}
	}
}
