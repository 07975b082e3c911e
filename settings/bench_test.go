package settings_test

import "testing"

func BenchmarkDocument(b *testing.B) {
	w := newWorld(b)
	w.patch(b, `{"appearance":{"theme":"dark","accent":"#112233"},"locale":"fr","timeZone":"UTC","app":{"editor":{"tab":2}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Document(b.Context(), "ann"); err != nil {
			b.Fatal(err)
		}
	}
}
