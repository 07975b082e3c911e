package input_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/settings/input"
)

// declared are the constants of type Code in codes.go with their comments.
func declared(t *testing.T) map[input.Code]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[input.Code]string{}
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Code" {
				continue
			}
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := out[input.Code(value)]; twice {
				t.Errorf("%s is the code of two things", value)
			}
			if !strings.HasPrefix(v.Doc.Text(), v.Names[0].Name+": ") {
				t.Errorf("%s has the comment %q", v.Names[0].Name, v.Doc.Text())
			}
			out[input.Code(value)] = v.Doc.Text()
		}
	}
	return out
}

// Every constant has a text and is one of Codes, in their order; its comment
// names its parameters, and the text says the value of each.
func TestEveryCodeHasAText(t *testing.T) {
	left := declared(t)
	if len(left) < 30 {
		t.Fatalf("only %d codes were found", len(left))
	}
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	var order []input.Code
	for code, names := range input.Codes() {
		order = append(order, code)
		comment, ok := left[code]
		if !ok {
			t.Errorf("%s is no constant", code)
		}
		delete(left, code)
		if !form.MatchString(string(code)) {
			t.Errorf("%s is not of the form of codes", code)
		}
		params := input.Params{}
		for i, name := range names {
			params[name] = 1000 + i
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(comment) {
				t.Errorf("the comment of %s does not name %s: %s", code, name, comment)
			}
		}
		if len(params) != len(names) {
			t.Errorf("%s names a parameter twice: %q", code, names)
		}
		f := input.New("a.b", code, params)
		if f.Field != "a.b" || f.Code != code || !maps.Equal(f.Params, params) {
			t.Errorf("%s: %+v", code, f)
		}
		for name, value := range params {
			if !strings.Contains(f.Message, fmt.Sprint(value)) {
				t.Errorf("%s does not say %s: %q", code, name, f.Message)
			}
		}
		if f.Message == "" || strings.ContainsAny(f.Message, "{}") || strings.HasSuffix(f.Message, ".") {
			t.Errorf("%s: %q", code, f.Message)
		}
	}
	for code := range left {
		t.Errorf("%s is not one of Codes", code)
	}
	if !slices.IsSorted(order) {
		t.Errorf("the order is %q", order)
	}
	for code := range input.Codes() { // it can be left at any code
		if code != order[0] {
			t.Errorf("it begins with %s", code)
		}
		break
	}
}

func TestMessages(t *testing.T) {
	known := map[input.Code][]string{}
	for code, names := range input.Codes() {
		known[code] = slices.Sorted(slices.Values(names))
	}
	for _, c := range []struct {
		field input.FieldError
		want  string
	}{
		{input.Short("f", 15), "must be 15 characters or more"},
		{input.Short("f", 1), "must be 1 character or more"},
		{input.Long("f", 100), "must be 100 characters or less"},
		{input.Long("f", 21), "must be 21 characters or less"},
		{input.LongBytes("f", 1024), "must be 1024 bytes or less"},
		{input.LongBytes("f", 1), "must be 1 byte or less"},
		{input.OneOf("f", "light", "dark"), "must be one of: light, dark"},
		{input.New("f", input.TooMany, input.Params{"max": 10}), "must be 10 items or fewer"},
		{input.New("f", input.TooMany, input.Params{"max": 1}), "must be 1 item or fewer"},
		{input.New("f", input.TooLarge, input.Params{"max": 4096}), "must be 4096 bytes or less together with what is there"},
		{input.New("f", input.OutOfRange, input.Params{"min": 0.8, "max": 1.5}), "must be from 0.8 to 1.5"},
		{input.New("f", input.OutOfRange, input.Params{"min": "1900-01-01", "max": "2026-03-01"}), "must be from 1900-01-01 to 2026-03-01"},
		{input.New("f", input.WrongType, input.Params{"type": "string or null"}), "must be of the JSON type string or null"},
		{input.New("f", input.Personal, input.Params{"min": 8}), "needs 8 characters or more beside the names of the account and the service"},
		{input.New("f", input.Unconfirmed, nil), "must be confirmed first"},
		// What is filled in is not looked at again.
		{input.New("f", input.OutOfRange, input.Params{"min": "{max}", "max": "{min}"}), "must be from {max} to {min}"},
	} {
		if c.field.Message != c.want || c.field.Field != "f" {
			t.Errorf("%+v, want %q", c.field, c.want)
		}
		if got := slices.Sorted(maps.Keys(c.field.Params)); !slices.Equal(got, known[c.field.Code]) {
			t.Errorf("%s has the parameters %q, Codes says %q", c.field.Code, got, known[c.field.Code])
		}
	}
}
