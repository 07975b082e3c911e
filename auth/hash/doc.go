// Package hash keeps passwords as hashes, and verifies those of other programs.
//
// [Hashers] store new passwords with one [Hasher], usually [Argon2id], and verify the
// hashes of older ones beside it: [Bcrypt], [Scrypt], [FirebaseScrypt], [PBKDF2], [Argon2].
// Package auth replaces an older hash when its user signs in.
//
//	policy.Hashers = hash.New(hash.Argon2id{}, hash.Bcrypt{}, hash.PBKDF2{})
//
// Hashing takes memory and a core, so a [Gate] lets few run at once, queues some more and
// answers the rest with *storage.UnavailableError.
//
// A Hasher of a host's own passes authtest.RunHasher.
package hash
