// Package auth is who is calling and how sure we are: passwords, sessions,
// sign-up, sign-in, step-up and the limits on all of them.
//
// It knows nothing of HTTP. A program gives New its stores and calls the
// Service; package httpadapter does so behind cookies and JSON.
//
//	svc, err := auth.New(auth.Config{
//		Users: db.Users(), Stores: db.Auth(), Activity: db.Activity(), Tx: db,
//	})
//	in, err := svc.Register(ctx, client, auth.Registration{Username: name, Email: email, Password: password})
//	in, err = svc.SignIn(ctx, client, auth.Credentials{Login: name, Password: password})
//	// give in.Token to the caller; it is stored nowhere
//	id, err := svc.Authenticate(ctx, token) // on every request
//	if !svc.Fresh(id) {                     // before what matters
//		sess, token, err := svc.Reauthenticate(ctx, client, id, password, true)
//	}
//	err = svc.SignOut(ctx, id)
//
// # Passwords
//
// A password is a text of DefaultMinPassword code points to MaxPasswordBytes
// bytes, verified exactly as sent: not trimmed, cut or normalised. One that is
// not UTF-8 or contains a NUL is refused, and so is a new one that is common,
// little more than a name of the account, or known to Config.Breaches. Hashers
// stores it as Argon2id and verifies older forms (Bcrypt, Scrypt, FirebaseScrypt,
// PBKDF2, Argon2), which it replaces when their user signs in. Hashing
// takes memory and a core, so a Gate lets few run at once, queues some more and
// answers the rest with *storage.UnavailableError.
//
// # Sessions
//
// A session is a row; its token is 256 random bits, of which only the SHA-256
// is kept. Every sign-in makes a new one, and a token that we did not make is
// never adopted. It ends by the limits of SessionLimits, by its user, by a
// change of the password, and with the account. A session begins in the
// transaction that confirms the password it was opened with, so none that was
// opened with an old password outlives the change.
//
// With Config.SessionCache, AuthenticateRead answers requests that only read
// from memory for a second. Every change through the stores of this node empties
// the memory of its user before it returns, so here a sign-out is still at once;
// on another node it is within that second. Authenticate never asks the memory.
//
// # Limits
//
// Tries are counted in the ThrottleStore before a password is looked at, by
// account (whatever the spelling, the identifier and the method) and by network
// of the client. Of any number of parallel tries no more are evaluated than
// Limits allows. When a store fails, nobody is let in.
//
// # Events
//
// Every success and change, and every failure of a known account, is an
// activity.Event in the transaction of the change, and one slog record. Neither
// holds a password, a token or what was typed.
package auth
