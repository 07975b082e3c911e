package input_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/settings/input"
)

func TestUnder(t *testing.T) {
	for _, c := range []struct{ path, field, want string }{
		{"address", "country", "address.country"},
		{"links", "[2]", "links[2]"},
		{"links", "[2].title", "links[2].title"},
		{"locale", "", "locale"},
		{"app.shop", "currency", "app.shop.currency"},
	} {
		f := input.Short(c.field, 3)
		got := input.Under(c.path, f)
		if got.Field != c.want || f.Field != c.field {
			t.Errorf("%q under %q is %q, want %q", c.field, c.path, got.Field, c.want)
		}
		if got.Code != f.Code || got.Message != f.Message || len(got.Params) != len(f.Params) {
			t.Errorf("it changed the rest: %+v", got)
		}
	}
}

func TestInvalid(t *testing.T) {
	if err := input.Invalid(); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	err := fmt.Errorf("outside: %w", input.Invalid(input.New("", input.Language, nil), input.New("b", input.Required, nil)))
	bad, ok := errors.AsType[*input.InvalidError](err)
	if !ok || len(bad.Fields) != 2 {
		t.Fatalf("%v", err)
	}
	if got, want := bad.Error(), "invalid value: must be a language tag such as en or pt-BR; b: is required"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// New is not given the value that was refused, so neither its text nor that
// of the error can hold it; the parameters are in the text only where the code
// names them.
func TestErrorRepeatsNoValue(t *testing.T) {
	const secret = "hunter2-hunter2"
	for code := range input.Codes() {
		f := input.New("password", code, input.Params{"value": secret})
		if text := input.Invalid(f).Error(); strings.Contains(text, secret) || strings.Contains(f.Message, secret) {
			t.Errorf("%s: %s", code, text)
		}
	}
	own := input.FieldError{Field: "seats", Code: "shop.sold_out", Params: input.Params{"left": secret}, Message: "are sold out"}
	if got, want := input.Invalid(own).Error(), "invalid seats: are sold out"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if f := input.New("seats", "shop.sold_out", nil); f.Message != "" {
		t.Errorf("a code of a host's own has the text %q", f.Message)
	}
}
