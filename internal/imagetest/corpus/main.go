// Package main is the command corpus. It writes every picture of the corpus to a
// folder, so that other programs can look at them and other servers be sent them:
//
//	go run ./internal/imagetest/corpus DIR
//
// What must be taken is in DIR/accepted, what must be refused in DIR/refused,
// under the names that they have in the tests, some of which are hostile: mind
// them in a shell. DIR/list.jsonl says of each what must become of it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/profilekit/profilekit/internal/imagetest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: corpus DIR")
		os.Exit(2)
	}
	n, err := write(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
	fmt.Println(n, "files")
}

// line is what list.jsonl says of a file.
type line struct {
	Folder  string `json:"folder"`
	Name    string `json:"name"` // as JSON writes it: bytes that are no UTF-8 are replaced
	Bytes   int    `json:"bytes"`
	Refused string `json:"refused,omitempty"`
	Ext     string `json:"ext,omitempty"`
	Card    bool   `json:"card,omitempty"`
	Color   string `json:"color,omitempty"`
}

// write makes the folders and returns how many files are in them. A name that
// is there twice is an error.
func write(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir) // the names are hostile
	if err != nil {
		return 0, err
	}
	defer root.Close()
	var list bytes.Buffer
	seen := map[string]bool{}
	enc := json.NewEncoder(&list)
	for _, f := range imagetest.Corpus() {
		l := line{Folder: "accepted", Name: f.Name, Bytes: len(f.Data), Refused: f.Refused, Ext: f.Ext, Card: f.Card}
		if f.Refused != "" {
			l.Folder = "refused"
		}
		if f.Color != nil {
			l.Color = fmt.Sprintf("#%02x%02x%02x", f.Color.R, f.Color.G, f.Color.B)
		}
		path := l.Folder + "/" + f.Name
		if seen[path] {
			return 0, fmt.Errorf("two files are %q", path)
		}
		seen[path] = true
		if err := root.MkdirAll(l.Folder, 0o700); err != nil {
			return 0, err
		}
		if err := root.WriteFile(path, f.Data, 0o600); err != nil {
			return 0, err
		}
		if err := enc.Encode(l); err != nil {
			return 0, err
		}
	}
	return len(seen), root.WriteFile("list.jsonl", list.Bytes(), 0o600)
}
