package authtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// nearAnswers are those that a factor which cuts or normalises would take.
func nearAnswers(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	answer := e.answer(t)
	for what, near := range map[string]string{
		"without its end":    answer[:len(answer)-1],
		"with one more":      answer + "0",
		"twice":              answer + answer,
		"with a sign":        "+" + answer,
		"with NUL":           answer + "\x00",
		"with invalid UTF-8": answer + "\xff",
		"full-width digits":  digitsFrom(answer, '０'),
		"Arabic digits":      digitsFrom(answer, '٠'),
		"a line more":        answer + "\n" + answer,
	} {
		if near != answer {
			e.wrong(t, e.record, what, near)
		}
	}
	e.right(t, e.record, "the answer itself, after all of them", answer)
}

// digitsFrom writes the ASCII digits of s as those of another script.
func digitsFrom(s string, zero rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return zero + r - '0'
		}
		return r
	}, s)
}

// hostileAnswers are of nobody's factor.
func hostileAnswers(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	for what, answer := range map[string]string{
		"empty":                 "",
		"a space":               " ",
		"spaces":                strings.Repeat(" ", 1000),
		"10 KB of digits":       strings.Repeat("1", 10<<10),
		"10 KB of letters":      strings.Repeat("a", 10<<10),
		"10 KB of spaces":       strings.Repeat(" ", 10<<10),
		"NUL":                   "\x00",
		"NULs":                  strings.Repeat("\x00", 6),
		"invalid UTF-8":         "\xff\xfe\xfd",
		"half a character":      "12345\xe2\x82",
		"a byte order mark":     "\ufeff123456",
		"no digits of ours":     "１２３４５６",
		"a number out of range": "-99999999999999999999999",
		"a verb of fmt":         "%s%d%n",
		"JSON":                  `{"code":null}`,
		"a line end":            "\r\n",
	} {
		e.wrong(t, e.record, what, answer)
	}
}

// damagedData must neither panic nor open anything.
func damagedData(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	answer := e.answer(t)
	for what, data := range map[string][]byte{
		"none":     nil,
		"one byte": {0},
		"zeros":    make([]byte, len(e.record.Data)),
		"no text":  bytes.Repeat([]byte{0xff}, authstore.MaxData),
	} {
		if bytes.Equal(data, e.record.Data) {
			continue
		}
		r := e.record
		r.Data = data
		if _, _, err := e.verify(t, conform.Context(t), r, answer); err == nil {
			t.Errorf("%s: the answer was taken", what)
		}
	}
	for n := range min(len(e.record.Data), 64) { // cut off: it may be noticed or not
		r := e.record
		r.Data = bytes.Clone(e.record.Data[:n])
		_, _, _ = e.verify(t, conform.Context(t), r, answer)
	}
}

// endedVerify lets a factor ignore the context, or say that it ended.
func endedVerify(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	ctx, cancel := context.WithCancel(conform.Context(t))
	cancel()
	if _, _, err := e.verify(t, ctx, e.record, e.answer(t)); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the right answer: %v, want nil or context.Canceled, which is no guess", err)
	}
}

func concurrentVerify(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	answer := e.answer(t)
	for _, err := range conform.Together(32, func(i int) error {
		given := answer
		if i%2 == 1 {
			given = strings.Repeat("x", 7)
		}
		switch _, _, err := f.Factor.Verify(conform.Context(t), e.record, given, f.now); {
		case i%2 == 0 && err != nil:
			return fmt.Errorf("the right answer: %w", err)
		case i%2 == 1 && !errors.Is(err, authfactor.ErrInvalidCode):
			return fmt.Errorf("a wrong answer: %w, want ErrInvalidCode", err)
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
}

// resealedData is what authfactor.Resealer promises; other factors have nothing to show.
func resealedData(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	if sealed, ok := storage.As[authfactor.Resealer](f.Factor); ok {
		data, changed, err := sealed.Reseal(e.record)
		conform.Must(t, "Reseal", err)
		if changed == bytes.Equal(data, e.record.Data) {
			t.Errorf("changed is %v and equal data %v", changed, !changed)
		}
		broken := e.record
		broken.Data = []byte("nothing that was sealed")
		if _, _, err := sealed.Reseal(broken); err == nil {
			t.Error("Reseal took what cannot be opened")
		}
		e.record.Data = data
	}
	e.right(t, e.record, "the answer", e.answer(t))
}
