package sqlstore

import (
	"errors"
	"fmt"
	"strings"
)

// ErrForeignUsers is Migrate's answer to a database that has a table users
// which profilekit did not make. Nothing was changed. With
// MigrateOptions.AdoptUsers, Migrate takes such a table over.
var ErrForeignUsers = errors.New("sqlstore: there is a table users that profilekit did not make; MigrateOptions.AdoptUsers takes it over")

// AdoptError is why a table of users cannot be taken over. Nothing was changed.
// It names columns and ids, never a user name or an e-mail address.
type AdoptError struct {
	// Problems are what is in the way, each with the column or object it is
	// about: "column id: is uuid, want integer or bigint".
	Problems []string
	// Collisions are the users who would be one: `Bob` and `bob`. At most 100;
	// More counts the rest.
	Collisions []Collision
	More       int
}

// Collision is users whose user names, or whose e-mail addresses, differ in
// ways that do not tell people apart, such as the case of letters. All but one
// must get another before the table can be taken over.
type Collision struct {
	// Field is "username" or "email".
	Field string
	// IDs are the users, ascending, at most 20; More counts the rest.
	IDs  []string
	More int
}

func (c Collision) String() string {
	return fmt.Sprintf("the %s of ids %s is the same to us", c.Field, someIDs(c.IDs, c.More))
}

func (e *AdoptError) Error() string {
	parts := append([]string{}, e.Problems...)
	for _, c := range e.Collisions {
		parts = append(parts, c.String())
	}
	if e.More > 0 {
		parts = append(parts, fmt.Sprintf("%d more groups of ids collide", e.More))
	}
	return "sqlstore: the table users cannot be adopted, nothing was changed: " + strings.Join(parts, "; ")
}

func (e *AdoptError) problem(format string, args ...any) {
	e.Problems = append(e.Problems, fmt.Sprintf(format, args...))
}

func (e *AdoptError) orNil() error {
	if len(e.Problems) == 0 && len(e.Collisions) == 0 {
		return nil
	}
	return e
}

func someIDs(ids []string, more int) string {
	text := strings.Join(ids, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func onlyPostgres() error {
	return &AdoptError{Problems: []string{"profilekit takes over tables of Postgres, not of SQLite"}}
}
