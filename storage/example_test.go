package storage_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Stores tell their failures by a few errors, whatever they are made of.
func Example() {
	var err error = fmt.Errorf("users: %w", &storage.TakenError{Field: "email"})
	var taken *storage.TakenError
	if errors.As(err, &taken) {
		fmt.Println(taken.Field, "is taken:", errors.Is(err, storage.ErrTaken))
	}
	err = &storage.UnavailableError{RetryAfter: 2 * time.Second}
	fmt.Println(errors.Is(err, storage.ErrUnavailable))
	// Output:
	// email is taken: true
	// true
}

func ExampleValidKey() {
	fmt.Println(storage.ValidKey("k3v9q2-512.jpg"), storage.ValidKey("../secret"))
	// Output: true false
}
