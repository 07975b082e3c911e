package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/settings/input"
)

// documented is one code of the file.
type documented struct {
	Code   string   `json:"const"`
	Status int      `json:"x-profilekit-status"` // of a problem
	Params []string `json:"x-profilekit-params"`
	Words  string   `json:"description"`
}

// document is what the file says of codes.
type document struct {
	problems map[string]documented
	fields   map[string]documented
	reasons  []string        // of picture_rejected
	answered map[string]bool // codes of problems that a response has
}

func codesOfFile(t *testing.T) document {
	t.Helper()
	data, err := os.ReadFile("../../httpadapter/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Components struct {
			Responses map[string]any
			Schemas   struct {
				Problem struct {
					Properties struct{ Code struct{ OneOf []documented } }
				}
				FieldError struct {
					Properties struct {
						Code struct {
							AnyOf []struct{ OneOf []documented }
						}
					}
				}
				InvalidProblem, BadParameter any
				PictureRejectedParams        struct {
					Properties struct{ Reason struct{ Enum []string } }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	schemas := file.Components.Schemas
	d := document{problems: map[string]documented{}, fields: map[string]documented{}, answered: map[string]bool{}}
	d.reasons = schemas.PictureRejectedParams.Properties.Reason.Enum
	fill := func(to map[string]documented, list []documented) {
		for _, c := range list {
			if _, twice := to[c.Code]; twice || c.Words == "" || c.Params == nil {
				t.Errorf("%s is there twice, or without a description or x-profilekit-params", c.Code)
			}
			to[c.Code] = c
		}
	}
	fill(d.problems, schemas.Problem.Properties.Code.OneOf)
	for _, list := range schemas.FieldError.Properties.Code.AnyOf {
		fill(d.fields, list.OneOf)
	}
	if len(d.problems) < 30 || len(d.fields) < 30 || len(d.reasons) < 5 {
		t.Fatalf("%d codes of problems, %d of fields and %d reasons were found", len(d.problems), len(d.fields), len(d.reasons))
	}
	for _, r := range file.Components.Responses {
		codesIn(r, d.answered)
	}
	codesIn(schemas.InvalidProblem, d.answered)
	codesIn(schemas.BadParameter, d.answered)
	return d
}

// codesIn collects what schemas allow as "code".
func codesIn(v any, to map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			codesIn(e, to)
		}
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			if code, ok := properties["code"].(map[string]any); ok {
				if c, ok := code["const"].(string); ok {
					to[c] = true
				}
				several, _ := code["enum"].([]any)
				for _, c := range several {
					to[c.(string)] = true
				}
			}
		}
		for _, e := range v {
			codesIn(e, to)
		}
	}
}

// The codes of fields are those of the library with the same parameters, and
// every code of a problem belongs to a response.
func TestCodesOfTheFile(t *testing.T) {
	d := codesOfFile(t)
	left := maps.Clone(d.fields)
	for code, params := range input.Codes() {
		c, ok := left[string(code)]
		if !ok {
			t.Errorf("the file lacks the code %s of fields", code)
		} else if !slices.Equal(c.Params, params) {
			t.Errorf("%s has the parameters %q, in the file %q", code, params, c.Params)
		}
		for _, name := range params {
			if !strings.Contains(c.Words, "`"+name+"`") {
				t.Errorf("the description of %s does not name %s", code, name)
			}
		}
		delete(left, string(code))
	}
	for code := range left {
		t.Errorf("%s is no code of the library", code)
	}
	for code := range d.answered {
		if _, ok := d.problems[code]; !ok {
			t.Errorf("a response has the code %s, which Problem does not", code)
		}
	}
	for code := range d.problems {
		// The host's own routes answer it, not those of the file.
		if !d.answered[code] && code != "role_required" {
			t.Errorf("no response has the code %s", code)
		}
	}
}

// TestEveryCodeIsProvoked causes every code of the file over HTTP, and none that
// the file lacks; the status, the field and the parameters are as it says.
func TestEveryCodeIsProvoked(t *testing.T) {
	d, v := codesOfFile(t), validator(t)
	problems, fields, reasons := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range slices.Concat(problemProvocations, parameterProvocations, pictureProvocations(), fieldProvocations) {
		t.Run(p.name(), func(t *testing.T) {
			got := p.by(openProvoked(t, v, p.config)).problem
			if got.Status != p.status || got.Code != p.code {
				t.Fatalf("%+v, want %d %s", got, p.status, p.code)
			}
			problems[got.Code] = true
			said, ok := d.problems[got.Code]
			if !ok || said.Status != got.Status {
				t.Errorf("the file has %+v", said)
			}
			if told := paramsText(got.Params); told != p.params {
				t.Errorf("parameters %s, want %s", told, p.params)
			}
			if !sameNames(got.Params, said.Params) {
				t.Errorf("parameters %v, the file has %q", got.Params, said.Params)
			}
			if got.Code == "picture_rejected" {
				reasons[fmt.Sprint(got.Params["reason"])] = true
			}
			var told []string
			for _, f := range got.Errors {
				told = append(told, strings.TrimSuffix(f.Field+" "+f.Code+" "+paramsText(f.Params), " "))
				fields[f.Code] = true
				if said, ok := d.fields[f.Code]; !ok || !sameNames(f.Params, said.Params) {
					t.Errorf("%+v, the file has %+v", f, said)
				}
				// A client can say all of it from the code and the parameters.
				if want := input.New(f.Field, input.Code(f.Code), f.plain()).Message; f.Message != want {
					t.Errorf("%s says %q, its code and parameters %q", f.Field, f.Message, want)
				}
			}
			if !slices.Equal(told, p.fields) {
				t.Errorf("refused %q, want %q", told, p.fields)
			}
		})
	}
	for code := range d.problems {
		if !problems[code] {
			t.Errorf("nothing provokes the code %s of problems", code)
		}
	}
	for code := range d.fields {
		if !fields[code] {
			t.Errorf("nothing provokes the code %s of fields", code)
		}
	}
	if got := slices.Sorted(maps.Keys(reasons)); !slices.Equal(got, slices.Sorted(slices.Values(d.reasons))) {
		t.Errorf("pictures were rejected for %q, the file has %q", got, d.reasons)
	}
}

// A code that the file does not list is not taken for one that it does.
func TestUnlistedCodes(t *testing.T) {
	v := validator(t)
	for name, answer := range map[string]string{
		"a field's":        `{"status":422,"title":"t","detail":"d","code":"invalid","errors":[{"field":"f","code":"range","message":"m"}]}`,
		"a problem's":      `{"status":422,"title":"t","detail":"d","code":"conflict"}`,
		"empty parameters": `{"status":422,"title":"t","detail":"d","code":"invalid","errors":[{"field":"f","code":"required","params":{},"message":"m"}]}`,
	} {
		s := sample{method: "PATCH", path: "/api/settings", status: 422, answerType: problem, answer: answer}
		if v.Check(s.exchange(t)) == nil {
			t.Errorf("%s: %s passes", name, answer)
		}
	}
}

func sameNames(params map[string]any, names []string) bool {
	return slices.Equal(slices.Sorted(maps.Keys(params)), slices.Sorted(slices.Values(names)))
}

// paramsText is params as JSON, "" when there are none.
func paramsText(params map[string]any) string {
	if params == nil {
		return ""
	}
	b, err := json.Marshal(params)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
