package jsonscan

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// str scans a string and returns what is between its quotes, and whether that
// holds escapes. The result is not nil and part of the input.
func (s *scanner) str() (raw []byte, escaped bool, err error) {
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			raw = s.data[start:s.pos:s.pos]
			s.pos++
			return raw, escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < ' ':
			return nil, false, s.fail("a string holds a control character")
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, false, s.fail("a string is not valid UTF-8")
			}
			s.pos += n
		}
	}
	return nil, false, s.fail("a string does not end")
}

func (s *scanner) escape() error {
	if s.pos+1 >= len(s.data) {
		return s.fail("a string does not end")
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		r, ok := hex4(s.data[s.pos:])
		switch {
		case !ok:
			return s.fail("an escape is not one of JSON")
		case r == 0:
			return s.fail("a string holds a NUL character")
		case utf16.IsSurrogate(r):
			low, ok := hex4(s.data[s.pos+6:])
			if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
				return s.fail("a string holds half a surrogate pair")
			}
			s.pos += 12
		default:
			s.pos += 6
		}
		return nil
	}
	return s.fail("an escape is not one of JSON")
}

// hex4 reads the escape \uXXXX that b begins with.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape returns the text of a string that str accepted.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw[i-1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(raw[i+1:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default: // '"', '\\', '/'
			out = append(out, raw[i])
		}
	}
	return out
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) number(schema *Schema) error {
	start, whole := s.pos, true
	if s.peek() == '-' {
		s.pos++
	}
	switch {
	case s.peek() == '0':
		s.pos++
	case !s.digits():
		return s.fail("a number is not one of JSON")
	}
	if s.peek() == '.' {
		whole = false
		s.pos++
		if !s.digits() {
			return s.fail("a number is not one of JSON")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		whole = false
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("a number is not one of JSON")
		}
	}
	text := string(s.data[start:s.pos])
	k, bits := kindFloat, 64
	if schema != nil {
		k, bits = schema.kind, schema.bits
	}
	var err error
	switch k {
	case kindInt:
		if whole {
			_, err = strconv.ParseInt(text, 10, bits)
		}
	case kindUint:
		if whole && text[0] != '-' {
			_, err = strconv.ParseUint(text, 10, bits)
		} else if whole {
			err = strconv.ErrRange
		}
	case kindFloat:
		whole = true
		_, err = strconv.ParseFloat(text, bits)
	default:
		s.wrongType(schema)
		return nil
	}
	switch {
	case !whole:
		s.wrongType(schema)
	case err != nil:
		s.problem(input.OutOfRange, bounds(k, bits))
	}
	return nil
}

// bounds are the parameters of a number that a Go type of that kind and size
// cannot hold.
func bounds(k kind, bits int) input.Params {
	switch k {
	case kindInt:
		return input.Params{"min": int64(-1) << (bits - 1), "max": int64(math.MaxInt64) >> (64 - bits)}
	case kindUint:
		return input.Params{"min": 0, "max": uint64(math.MaxUint64) >> (64 - bits)}
	}
	if bits == 32 {
		return input.Params{"min": -math.MaxFloat32, "max": math.MaxFloat32}
	}
	return input.Params{"min": -math.MaxFloat64, "max": math.MaxFloat64}
}
