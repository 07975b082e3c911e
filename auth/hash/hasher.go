package hash

// Hasher is one way of storing passwords. Implementations are safe for
// concurrent use and check lengths themselves; they never cut a password.
type Hasher interface {
	// Hash returns a new encoded hash with a fresh salt.
	Hash(password string) (string, error)
	// Match says whether encoded is of password.
	Match(encoded, password string) Result
}

// Result is the answer of Hasher.Match.
type Result struct {
	// Known is whether the hash is of the Hasher's form at all: well formed and within
	// its bounds. A hash that is not known never matches and costs nothing.
	Known bool
	// Match is whether the hash is of the password.
	Match bool
	// Weak is whether the hash was made with parameters below those that Hash uses.
	Weak bool
}
