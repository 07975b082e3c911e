package hash_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/auth/hash"
)

// A host that takes over bcrypt hashes, and gives Argon2id more memory, lets
// every sign-in replace the old form.
func ExampleNew() {
	hashers := hash.New(hash.Argon2id{Memory: 47104, Time: 1}, hash.Bcrypt{})
	ok, rehash, err := hashers.Verify(context.Background(),
		"$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", "abcdefghijklmnopqrstuvwxyz")
	fmt.Println(ok, rehash, err)
	// Output: true true <nil>
}
