// Package input says what is wrong with what somebody sent: which field, a code
// for programs, the numbers and words that belong to the code, and a sentence for
// people. Every package that takes input returns the same type, so that one piece
// of a client shows all of it, in any language.
//
//	if n < 15 {
//		return input.Invalid(input.New("password", input.TooShort, input.Params{"min": 15, "unit": "characters"}))
//	}
//
//	var bad *input.InvalidError
//	if errors.As(err, &bad) {
//		for _, f := range bad.Fields { … f.Field, f.Code, f.Params, f.Message … }
//	}
//
// No FieldError repeats the value that was refused, since values can be secrets
// and the text may end in a log.
package input

import (
	"cmp"
	"strings"
)

// FieldError is one value that was refused.
type FieldError struct {
	// Field is the path of the value in the JSON that was sent, such as
	// "address.country" or "links[2]"; "" is the whole.
	Field string
	// Code is for programs. It is one of Codes, or one of the host's own.
	Code Code
	// Params are the numbers and words of Code, by the names that Codes lists; nil
	// when there are none.
	Params Params
	// Message is an English sentence without its subject, such as "must be 15
	// characters or more". It never repeats the value.
	Message string
}

// Params are what a client needs besides the code to say the same in its own
// language. A value is an integer, a float64, a string or a []string.
type Params map[string]any

// New returns a FieldError whose Message is the English text of code, with params
// filled in. A code that is not one of Codes has no text: its user builds the
// FieldError, with a Message, by hand.
func New(field string, code Code, params Params) FieldError {
	return FieldError{Field: field, Code: code, Params: params, Message: sentence(code, params)}
}

// InvalidError says which values of an input were refused. Nothing of the input
// was stored. Find it with errors.As.
type InvalidError struct{ Fields []FieldError }

// Error names each field and what is wrong with it, without the value.
func (e *InvalidError) Error() string {
	var b strings.Builder
	b.WriteString("invalid")
	for i, f := range e.Fields {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(" " + cmp.Or(f.Field, "value") + ": " + f.Message)
	}
	return b.String()
}

// Invalid returns an *InvalidError of fields, or nil when there are none.
func Invalid(fields ...FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: fields}
}

// Under returns f as an error of what is inside path: the field "country" under
// "address" is "address.country", and "[2]" under "links" is "links[2]".
func Under(path string, f FieldError) FieldError {
	switch {
	case f.Field == "":
		f.Field = path
	case f.Field[0] == '[':
		f.Field = path + f.Field
	default:
		f.Field = path + "." + f.Field
	}
	return f
}
