package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBlobDriversCheckNothingAgain: keys are checked by the front, storage/blobs, and by
// no driver; every driver is behind the front, and registers itself nowhere.
func TestBlobDriversCheckNothingAgain(t *testing.T) {
	checks := regexp.MustCompile(`\b(CheckKey|ValidKey|ErrInvalidKey)\(?`)
	folders, err := filepath.Glob("../../storage/*blob")
	if err != nil || len(folders) < 5 {
		t.Fatalf("drivers %v, %v", folders, err)
	}
	for _, folder := range append(folders, "../../storage/blobs") {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		var code strings.Builder
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for line := range strings.SplitSeq(read(t, file), "\n") {
				if text, _, _ := strings.Cut(line, "//"); text != "" {
					code.WriteString(text + "\n")
				}
			}
		}
		name, front := filepath.Base(folder), strings.HasSuffix(folder, "/blobs")
		if found := checks.FindString(code.String()); (found != "") != front {
			t.Errorf("%s checks keys (%q): %t, want it in the front alone", name, found, found != "")
		}
		if n := strings.Count(code.String(), `blobs.New("`+name+`", `); !front && n != 1 {
			t.Errorf("%s has the front before it %d times, want once and by its own name", name, n)
		}
		if strings.Contains(code.String(), "func init()") {
			t.Errorf("%s does something before it is asked to", name)
		}
		if _, err := os.Stat(folder + "/opener.go"); !front && err != nil {
			t.Errorf("%s is not opened by an address: %v", name, err)
		}
	}
}
