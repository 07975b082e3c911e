// Package main, the command generate, makes list.bin of a list of passwords, one a line or a
// JSON array, the most frequent first:
//
//	go run ./internal/knownpasswords/generate -n 12000 passwords.json >internal/knownpasswords/list.bin
//
// The list in use is passwords.json of the npm package
// @zxcvbn-ts/language-common 3.0.4.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	most := flag.Int("n", 12000, "how many passwords to take")
	least := flag.Int("least", 8, "length of the shortest one")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "generate: name one file")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *most, *least); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(file string, most, least int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var words []string
	if json.Unmarshal(data, &words) != nil {
		words = strings.Split(string(data), "\n")
	}
	seen := map[string]bool{}
	var hashes []string
	for _, w := range words {
		w = strings.ToLower(strings.TrimSpace(w))
		if len(w) < least || seen[w] {
			continue
		}
		seen[w] = true
		sum := sha256.Sum256([]byte(w))
		if hashes = append(hashes, string(sum[:5])); len(hashes) == most {
			break
		}
	}
	slices.Sort(hashes)
	out := bufio.NewWriter(os.Stdout)
	for _, h := range slices.Compact(hashes) {
		if _, err := out.WriteString(h); err != nil {
			return err
		}
	}
	return out.Flush()
}
