package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/strictjson"
	"github.com/profilekit/profilekit/settings/input"
)

type inner struct {
	City    *string `json:"city"`
	Country string  `json:"country"`
}

type shared struct {
	Kind string `json:"kind"`
}

type body struct {
	shared
	Name    string                        `json:"name"`
	Nick    *string                       `json:"nick"`
	Opt     strictjson.Optional[string]   `json:"opt"`
	OptList strictjson.Optional[[]string] `json:"optList"`
	Age     int8                          `json:"age"`
	Size    uint16                        `json:"size"`
	Scale   float64                       `json:"scale"`
	On      bool                          `json:"on"`
	Address *inner                        `json:"address"`
	Places  []inner                       `json:"places"`
	Links   []string                      `json:"links"`
	Pair    [2]int                        `json:"pair"`
	Map     map[string]inner              `json:"map"`
	Raw     json.RawMessage               `json:"raw"`
	Any     any                           `json:"any"`
	At      time.Time                     `json:"at"`
	Bytes   []byte                        `json:"bytes"`
	Hidden  string                        `json:"-"`
	Plain   string
}

// fields are the code that comes first, and the paths, each with its code where
// that is another.
func fields(err error) (code string, paths []string) {
	var ie *input.InvalidError
	if errors.As(err, &ie) {
		for _, f := range ie.Fields {
			if code == "" {
				code = string(f.Code)
			}
			path := f.Field
			if string(f.Code) != code {
				path += " " + string(f.Code)
			}
			paths = append(paths, path)
		}
	}
	return code, paths
}

func TestS51_Accepts(t *testing.T) {
	for _, in := range []string{
		`{}`, " {\t}\r\n", `{"name":"x"}`, `{"kind":"embedded"}`,
		`{"nick":null,"address":null,"links":null,"map":null,"raw":null,"any":null,"opt":null,"optList":null}`,
		`{"opt":"v","optList":["a","b"]}`,
		`{"n\u0061me":"spelled with an escape"}`,
		`{"name":"\ud83d\ude00 \u00fc ü \"\\\/\b\f\n\r\t"}`,
		`{"age":-128,"size":65535,"scale":-1.5e-3,"on":true,"pair":[1,2]}`,
		`{"address":{"city":null,"country":"DE"},"places":[{"city":"x"},{}]}`,
		`{"map":{"NAME":{},"name":{"country":"FR"}}}`,
		`{"raw":{"ROLE":1,"role":[null,true,{"a":{"A":0}}]},"any":[1e308,"x"]}`,
		`{"at":"2026-01-02T03:04:05Z","bytes":"AAEC","Plain":"p"}`,
		`{"raw":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`,
	} {
		var got, want body
		if err := strictjson.Decode([]byte(in), &got, strictjson.Options{}); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if err := json.Unmarshal([]byte(in), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, encoding/json has %+v (%v)", in, got, want, err)
		}
	}
}

func TestS51_RefusesSyntax(t *testing.T) {
	for name, in := range map[string]string{
		"empty":               "",
		"spaces":              " \n",
		"byte order mark":     "\ufeff{}",
		"trailing value":      `{}{}`,
		"trailing brace":      `{}}`,
		"trailing NUL":        "{}\x00",
		"trailing comma":      `{"name":"x",}`,
		"comma only":          `{,}`,
		"no colon":            `{"name" "x"}`,
		"single quotes":       `{'name':'x'}`,
		"bare name":           `{name:"x"}`,
		"comment":             `{/**/}`,
		"unended":             `{"name":"x"`,
		"unended string":      `{"name":"x`,
		"unended escape":      `{"name":"\`,
		"raw NUL":             "{\"name\":\"a\x00b\"}",
		"escaped NUL":         `{"name":"a\u0000b"}`,
		"NUL in a name":       `{"na\u0000me":"x"}`,
		"NUL in raw":          `{"raw":{"a":["\u0000"]}}`,
		"raw newline":         "{\"name\":\"a\nb\"}",
		"bad escape":          `{"name":"\x41"}`,
		"short escape":        `{"name":"\u12"}`,
		"bad hex":             `{"name":"\u12g4"}`,
		"lone high surrogate": `{"name":"\ud83d"}`,
		"high then text":      `{"name":"\ud83dabcdef"}`,
		"two highs":           `{"name":"\ud83d\ud83d"}`,
		"lone low surrogate":  `{"name":"\ude00"}`,
		"surrogate in a name": `{"\ud83d":1}`,
		"bad UTF-8":           "{\"name\":\"\xff\"}",
		"overlong UTF-8":      "{\"name\":\"\xc0\xaf\"}",
		"UTF-8 surrogate":     "{\"name\":\"\xed\xa0\x80\"}",
		"bad UTF-8 in a name": "{\"\xff\":1}",
		"plus":                `{"age":+1}`,
		"leading zero":        `{"age":01}`,
		"bare point":          `{"scale":.5}`,
		"open point":          `{"scale":1.}`,
		"open exponent":       `{"scale":1e}`,
		"minus alone":         `{"age":-}`,
		"NaN":                 `{"scale":NaN}`,
		"infinity":            `{"scale":Infinity}`,
		"hex":                 `{"age":0x1}`,
		"True":                `{"on":True}`,
		"cut literal":         `{"on":tru`,
		"literal with tail":   `{"on":truex}`,
		"too deep":            `{"raw":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
		"very deep":           strings.Repeat(`{"raw":`, 8000),
		"list comma":          `{"links":["a",]}`,
		"list without comma":  `{"links":["a" "b"]}`,
		"wrong close":         `{"links":["a"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dst := body{Name: "before"}
			err := strictjson.Decode([]byte(in), &dst, strictjson.Options{})
			if !errors.Is(err, strictjson.ErrSyntax) {
				t.Errorf("got %v", err)
			}
			if err2 := strictjson.Check([]byte(in)); !errors.Is(err2, strictjson.ErrSyntax) {
				t.Errorf("Check: %v", err2)
			}
			if dst.Name != "before" {
				t.Error("dst was changed")
			}
		})
	}
}

func TestS51_RefusesFields(t *testing.T) {
	opt := strictjson.Options{ReadOnly: []string{"id", "role"}}
	for _, c := range []struct {
		in, code string
		paths    []string
	}{
		{`{"NAME":"x"}`, "unknown_field", []string{"NAME"}},
		{`{"name":"x","Name":"y"}`, "unknown_field", []string{"Name"}},
		{`{"plain":"x"}`, "unknown_field", []string{"plain"}},
		{`{"\u004eame":"x"}`, "unknown_field", []string{"Name"}},
		{`{"name ":"x"}`, "unknown_field", []string{"name "}},
		{`{"":1}`, "unknown_field", []string{""}},
		{`{"Hidden":"x","-":1,"shared":{}}`, "unknown_field", []string{"Hidden", "-", "shared"}},
		{`{"address":{"contry":"DE"},"places":[{},{"x":1}],"map":{"k":{"City":""}}}`, "unknown_field", []string{"address.contry", "places[1].x", "map.k.City"}},
		{`{"name":"a","name":"b"}`, "duplicate_field", []string{"name"}},
		{`{"name":"a","n\u0061me":"b"}`, "duplicate_field", []string{"name"}},
		{`{"raw":{"a":[{"b":1,"b":2}]}}`, "duplicate_field", []string{"raw.a[0].b"}},
		{`{"any":{"a":1,"a":1}}`, "duplicate_field", []string{"any.a"}},
		{`{"map":{"k":{},"k":{}}}`, "duplicate_field", []string{"map.k"}},
		{`{"x":1,"name":"a","name":"b","age":""}`, "duplicate_field", []string{"name", "x unknown_field", "age type"}},
		{`{"x":1,"age":""}`, "unknown_field", []string{"x", "age type"}},
		{`{"role":"admin","id":7}`, "read_only", []string{"role", "id"}},
		{`{"ROLE":"admin"}`, "unknown_field", []string{"ROLE"}},
		{`{"address":{"role":"x"}}`, "unknown_field", []string{"address.role"}},
		{`{"role":1,"role":2}`, "duplicate_field", []string{"role", "role read_only", "role read_only"}},
		{
			`{"name":1,"age":"1","on":0,"links":"a","address":[],"places":{},"map":[],"nick":false,"opt":1,"pair":null}`, "type",
			[]string{"name", "age", "on", "links", "address", "places", "map", "nick", "opt", "pair"},
		},
		{`{"links":["a",1,null],"optList":[true]}`, "type", []string{"links[1]", "links[2]", "optList[0]"}},
		{`{"name":null,"age":null,"on":null,"scale":null}`, "type", []string{"name", "age", "on", "scale"}},
		{`{"age":1.0,"size":1e2}`, "type", []string{"age", "size"}},
		{`{"age":128,"size":-1,"scale":1e999,"raw":-1e999}`, "out_of_range", []string{"age", "size", "scale", "raw"}},
		{`[]`, "type", []string{""}},
		{`null`, "type", []string{""}},
		{`"x"`, "type", []string{""}},
		{`{"bytes":"?"}`, "format", []string{""}},
	} {
		dst := body{Name: "before"}
		err := strictjson.Decode([]byte(c.in), &dst, opt)
		if code, paths := fields(err); code != c.code || !slices.Equal(paths, c.paths) {
			t.Errorf("%s: %v: %s %q, want %s %q", c.in, err, code, paths, c.code, c.paths)
		}
		if dst.Name != "before" {
			t.Errorf("%s: dst was changed", c.in)
		}
	}
}

// A body of the greatest size that the adapter reads must cost no more than a
// moment, whatever is in it.
func TestS51_HostileBodiesAreCheap(t *testing.T) {
	const size = 64 << 10
	many := func(f func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-20; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(f(i))
		}
		return b.String()
	}
	for name, in := range map[string]string{
		"many unknown names":     `{` + many(func(i int) string { return fmt.Sprintf(`"k%d":0`, i) }) + `}`,
		"many equal names":       `{` + many(func(int) string { return `"name":""` }) + `}`,
		"many names in raw":      `{"raw":{` + many(func(i int) string { return fmt.Sprintf(`"k%d":0`, i) }) + `}}`,
		"many wrong values":      `{"links":[` + many(func(int) string { return `0` }) + `]}`,
		"many objects":           `{"places":[` + many(func(int) string { return `{}` }) + `]}`,
		"deep":                   strings.Repeat(`[`, size),
		"deep and back":          `{"raw":[` + many(func(int) string { return strings.Repeat(`[`, 29) + strings.Repeat(`]`, 29) }) + `]}`,
		"long name":              `{"` + strings.Repeat("k", size) + `":0}`,
		"long name of escapes":   `{"` + strings.Repeat(`\u00fc`, size/6) + `":0}`,
		"long number":            `{"scale":` + strings.Repeat("9", 300) + strings.Repeat("0", 8) + "." + strings.Repeat("1", size) + `}`,
		"long integer":           `{"age":` + strings.Repeat("9", size) + `}`,
		"long exponent":          `{"raw":1e` + strings.Repeat("9", size) + `}`,
		"long string of escapes": `{"name":"` + strings.Repeat(`\ud83d\ude00`, size/12) + `"}`,
		"spaces":                 strings.Repeat(" ", size) + `{}`,
		"long path":              strings.Repeat(`{"`+strings.Repeat("k", 1000)+`":`, 31) + `0` + strings.Repeat(`}`, 31),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			quickest := time.Hour // of a few, since the machine may be busy
			for try := 0; try < 10 && quickest > 100*time.Millisecond; try++ {
				var dst body
				start := time.Now()
				err = strictjson.Decode([]byte(in), &dst, strictjson.Options{})
				quickest = min(quickest, time.Since(start))
			}
			if quickest > 100*time.Millisecond {
				t.Errorf("took %v", quickest)
			}
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestOptional(t *testing.T) {
	var in struct {
		A, B, C strictjson.Optional[string]
	}
	if err := strictjson.Decode([]byte(`{"B":null,"C":"c"}`), &in, strictjson.Options{}); err != nil {
		t.Fatal(err)
	}
	if in.A.Pointer() != nil {
		t.Error("an absent field has a value")
	}
	if p := in.B.Pointer(); p == nil || *p != "" || !in.B.Null {
		t.Error("null is not the zero value")
	}
	if p := in.C.Pointer(); p == nil || *p != "c" || in.C.Null {
		t.Error("a value is not itself")
	}
}

func TestDecodeWrongDestination(t *testing.T) {
	var nobody *body
	for _, dst := range []any{nil, body{}, nobody, new(chan int), new(map[int]string), new(struct {
		F int `json:"f,string"`
	})} {
		err := strictjson.Decode([]byte(`{}`), dst, strictjson.Options{})
		if code, _ := fields(err); err == nil || errors.Is(err, strictjson.ErrSyntax) || code != "" {
			t.Errorf("%T: %v", dst, err)
		}
	}
}

// FuzzR39_StrictJSON: no panic, and what is accepted is what encoding/json
// reads, also when it is told to refuse unknown fields.
func FuzzR39_StrictJSON(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","address":{"city":null},"raw":{"a":[1,{"b":"\ud83d\ude00"}]}}`, `{"NAME":1,"name":2}`, `{"age":1e400}`,
		`[]`, "\xff", `{"map":{"":{}},"pair":[1],"at":"2026-01-02T03:04:05Z"}`, `{"opt":null,"optList":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want body
		if strictjson.Check(data) == nil && !json.Valid(data) {
			t.Fatal("Check accepts what is not JSON")
		}
		if err := strictjson.Decode(data, &got, strictjson.Options{}); err != nil {
			code, _ := fields(err)
			if !errors.Is(err, strictjson.ErrSyntax) && code == "" {
				t.Fatalf("an error of no known kind: %v", err)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("accepted, but: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, encoding/json has %+v", got, want)
		}
	})
}

func ExampleDecode() {
	var in struct {
		Name strictjson.Optional[string] `json:"name"`
	}
	for _, body := range []string{`{"name":"Ann"}`, `{"NAME":"Ann"}`, `{"role":"admin"}`} {
		fmt.Println(strictjson.Decode([]byte(body), &in, strictjson.Options{ReadOnly: []string{"role"}}))
	}
	// Output:
	// <nil>
	// invalid NAME: is not a field here
	// invalid role: cannot be set here
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(`{"name":"Ann","nick":"A","age":7,"address":{"city":"Paris","country":"FR"},"links":["https://example.org/a","https://example.org/b"]}`)
	b.Run("strict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var dst body
			if err := strictjson.Decode(data, &dst, strictjson.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var dst body
			if err := json.Unmarshal(data, &dst); err != nil {
				b.Fatal(err)
			}
		}
	})
}
