package pgtest

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// Dump returns the database of dsn, schema and rows, as pg_dump writes it;
// schemaOnly leaves the rows out. Dumps of equal databases are equal.
func Dump(t testing.TB, dsn string, schemaOnly ...bool) string {
	t.Helper()
	program, err := binary("pg_dump")
	if err != nil {
		without(t, "pg_dump", "Install postgresql-client.", err)
	}
	args := []string{"--no-comments", "--dbname", dsn}
	if len(schemaOnly) > 0 && schemaOnly[0] {
		args = append(args, "--schema-only")
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pgtest: pg_dump: %v\n%s", err, &problems)
	}
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		// \restrict carries a password of its own in every dump.
		if !strings.HasPrefix(line, `\restrict `) && !strings.HasPrefix(line, `\unrestrict `) {
			b.WriteString(line)
		}
	}
	return b.String()
}
