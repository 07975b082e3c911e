package sqlstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// statementFiles has every statement of the newest program of each version of the
// schema, by that version. internal/faults/upgrade asks all of them of today's.
const statementFiles = "testdata/statements"

// TestStatementFiles: the file of the present version of the schema is what the
// present code asks. With -update it is written. Once there is a newer migration it
// changes no more.
func TestStatementFiles(t *testing.T) {
	versions := everyVersion(t)
	name := filepath.Join(statementFiles, fmt.Sprintf("%05d.json", versions[len(versions)-1]))
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(sqlstore.Statements()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the code asks (%v): go test ./storage/sqlstore -run TestStatementFiles -update", name, err)
	}
}
