package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// Every file is written, under its own name and nowhere else.
func TestS59_CorpusIsWritten(t *testing.T) {
	dir := t.TempDir()
	n, err := write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for folder, files := range map[string][]imagetest.File{"accepted": imagetest.Accepted(), "refused": imagetest.Refused()} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil || len(entries) != len(files) {
			t.Errorf("%d files in %s, want %d: %v", len(entries), folder, len(files), err)
		}
		n -= len(files)
		for _, f := range files {
			got, err := os.ReadFile(filepath.Join(dir, folder) + "/" + f.Name)
			if err != nil || !bytes.Equal(got, f.Data) {
				t.Errorf("%q is not as it must be: %v", f.Name, err)
			}
		}
	}
	if n != 0 {
		t.Errorf("%d more files were written than there are", n)
	}
	list, err := os.ReadFile(filepath.Join(dir, "list.jsonl"))
	if err != nil || bytes.Count(list, []byte("\n")) != len(imagetest.Corpus()) {
		t.Errorf("the list has %d lines: %v", bytes.Count(list, []byte("\n")), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("beside them there are %v: %v", entries, err)
	}
}
