package sqlstore

import (
	"slices"
	"strings"

	"github.com/profilekit/profilekit/profile"
)

// textFields are the rows of the table of profile fields that have a column of text of
// their own, in the order of their columns: those of one line come first. The
// statements of users_columns.go are made from the same rows.
var textFields = byColumn(profile.TextFields())

func byColumn(fields []profile.Field) []profile.Field {
	slices.SortStableFunc(fields, func(a, b profile.Field) int {
		switch {
		case a.Lines == b.Lines:
			return 0
		case b.Lines:
			return -1
		}
		return 1
	})
	return fields
}

// columnOf is the column of a field: display_name for displayName.
func columnOf(f profile.Field) string {
	var b strings.Builder
	for _, r := range f.Name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// appendTexts appends the texts of u as parameters, and appendChanges those of p, where
// NULL leaves a column.
func appendTexts(args []any, u *profile.User) []any {
	for _, f := range textFields {
		args = append(args, *f.Of(u))
	}
	return args
}

func appendChanges(args []any, p *profile.Patch) []any {
	for _, f := range textFields {
		args = append(args, set(*f.InPatch(p)))
	}
	return args
}
