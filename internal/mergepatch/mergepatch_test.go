package mergepatch_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/profilekit/profilekit/internal/mergepatch"
)

// The test cases of RFC 7396, appendix A; "" is a removed whole.
func TestAppendixA(t *testing.T) {
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, ``},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{``, ` { "b" : [ 1 , null ], "a" : "<&>" } `, `{"a":"<&>","b":[1,null]}`},
		{`{"n":1.10}`, `{"m":1e2}`, `{"m":1e2,"n":1.10}`},
	} {
		got, err := mergepatch.Apply(json.RawMessage(c.target), json.RawMessage(c.patch))
		if err != nil || string(got) != c.want {
			t.Errorf("%s with %s: %s, %v, want %s", c.target, c.patch, got, err, c.want)
		}
	}
	for _, bad := range []string{``, `{`, `{"a":{]}`} {
		if got, err := mergepatch.Apply(json.RawMessage(`{}`), json.RawMessage(bad)); err == nil {
			t.Errorf("%s: %s", bad, got)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{``, ``, true},
		{``, `null`, false},
		{`1`, ` 1`, true},
		{`{"a":1,"b":2}`, `{ "b": 2, "a": 1 }`, true},
		{`[1,2]`, `[2,1]`, false},
		{`1`, `1.0`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`"\u0061"`, `"a"`, true},
	} {
		raw := func(s string) json.RawMessage {
			if s == "" {
				return nil
			}
			return json.RawMessage(s)
		}
		if got := mergepatch.Equal(raw(c.a), raw(c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func Example() {
	out, err := mergepatch.Apply([]byte(`{"a":1,"b":{"c":2}}`), []byte(`{"b":{"c":null,"d":3}}`))
	fmt.Println(string(out), err)
	// Output: {"a":1,"b":{"d":3}} <nil>
}
