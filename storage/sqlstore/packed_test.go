package sqlstore

import "testing"

func TestPackedRows(t *testing.T) {
	var text, other string
	var n int64
	var yes bool
	if err := (packed{[]any{&text, &n, &yes, &other}}).Scan(`["a\"\\\u0000é,]",-7,1,""]`); err != nil {
		t.Fatal(err)
	}
	if text != "a\"\\\x00é,]" || n != -7 || !yes || other != "" {
		t.Errorf("got %q, %d, %v, %q", text, n, yes, other)
	}
	for _, damaged := range []string{
		``, `[`, `]`, `[]`, `{}`, `["a"]`, `["a",1,1]`, `["a",1,1,"b",2]`, `["a",1,1,"b"`, `["a",1,1,"b]`, `["a\",1,1,"b"]`,
		`["a",1.5,1,"b"]`, `["a",null,1,"b"]`, `["a","1",1,"b"]`, `[1,1,1,"b"]`, `["a" 1,1,"b"]`, `["\x",1,1,"b"]`, `["a",99999999999999999999,1,"b"]`,
	} {
		if err := (packed{[]any{&text, &n, &yes, &other}}).Scan(damaged); err == nil {
			t.Errorf("%s is taken for a row", damaged)
		}
	}
}

func FuzzPackedRow(f *testing.F) {
	f.Add(`["a",1,0,"b"]`)
	f.Fuzz(func(t *testing.T, row string) {
		var a, b string
		var n int64
		var yes bool
		_ = (packed{[]any{&a, &n, &yes, &b}}).Scan(row) // must not panic
	})
}
