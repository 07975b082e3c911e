// Package auth is who is calling and how sure we are: passwords, sessions,
// sign-up, sign-in, step-up and the limits on all of them.
//
// It knows nothing of HTTP. A program gives New its stores and calls the
// Service; package httpadapter does so behind cookies and JSON.
//
//	svc, err := auth.New(auth.Config{
//		Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(),
//		Activity: db.Activity(), Tx: db,
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
// # Links in mail
//
// Forgot, Verify, BeginEmailChange and Report work by links that a Courier brings
// to the stored address, never to a typed one. A token is 256 random bits, of
// which the SHA-256 is kept, for one purpose, once. What is answered, and what is
// done for it, is the same whether there is an account or not.
//
// An account whose address was never proved holds nothing: whoever proves it
// without being signed in to it gets the account without password, sessions and
// factors of the one who made it.
//
// # Changing the e-mail address
//
// The states are: settled; begun, when User.PendingEmail is the new address;
// changed, when the new address is the account's and the old one can still take
// that back, for EmailUndoWindow at least. The old inbox is not needed to change
// the address, so losing it locks nobody out. With Config.Holds the old address
// is the account's alone for as long, and UndoEmailChange does not find it taken.
//
//	state    what happens                             then
//	settled  BeginEmailChange, fresh                  begun: link to the new address, notice with undo to the old
//	settled  BeginEmailChange, not fresh              settled
//	settled  BeginEmailChange to an account's address begun, but that account's owner gets a notice and no link
//	begun    BeginEmailChange to a third address      begun: the first link is dead, its undo is not
//	begun    ConfirmEmailChange                       changed: other sessions and pending links end
//	begun    ConfirmEmailChange, address taken, held  settled
//	begun    EmailChangeLife passes                   begun, but the link is dead; another change may begin
//	begun    Reset, Report                            settled: the link is dead
//	begun    UndoEmailChange                          settled: sessions end, the password must be reset
//	changed  BeginEmailChange                         begun: the first undo stays
//	changed  UndoEmailChange                          settled at the old address: sessions end, factors added since go,
//	                                                  later undos are dead, the password must be reset
//	changed  UndoEmailChange, old address taken       disabled: the host decides; without Config.Holds alone
//	changed  EmailUndoWindow passes                   settled
//
// # The end of an account
//
// The states are: kept; leaving, when User.DeletesAt is ahead and nobody but the
// owner is told that there is an account; erasing, when that time has come.
//
//	state    what happens                             then
//	kept     profile.Deletions.Request, fresh         leaving: all sessions, trusted devices and pending links end
//	kept     profile.Deletions.Request, not fresh     kept
//	leaving  SignIn with every factor                 leaving: DeletionPending, which opens Restore alone, for 10 minutes
//	leaving  Restore                                  kept: other sessions end
//	leaving  Report, UndoEmailChange                  kept: whoever asked was not the owner
//	leaving  Reset                                    leaving; kept, if the address was never proved before
//	leaving  the grace passes                         erasing
//	erasing  SignIn, Forgot, any link                 erasing: as if there were no account
//	erasing  profile.Eraser.Erase                     gone: everything in every table and the pictures, and the ID is never
//	                                                  given out again; a process that dies is followed by the next
//
// # Lost second factors
//
// With Config.FactorRecovery somebody who has the password, but no second factor
// and no recovery code any more, gets back in by the mailbox after a wait. The
// states are: settled; begun, when the link is sent and does not work yet; due,
// when it works, for RecoveryWindow.
//
//	state    what happens                                     then
//	settled  BeginFactorRecovery, half signed in              begun: link and notice to the stored address, notice to the phone
//	settled  BeginFactorRecovery, address never proved        settled: a reset by that address removes the factors anyway
//	begun    BeginFactorRecovery                              begun, at the same times: the first link is dead, what stops it is not
//	begun    RecoverFactors                                   begun: *TooEarlyError, the link stays good
//	begun    the wait passes                                  due
//	due      BeginFactorRecovery                              due, until the same time, by a new link
//	due      RecoverFactors, half signed in                   settled without factors, recovery codes, devices and sessions
//	due      RecoverFactors, half signed in to another        due
//	due      RecoveryWindow passes                            settled: the link is dead
//	both     any use of a factor or recovery code             settled
//	both     a factor added or removed, new recovery codes    settled
//	both     ChangePassword, Reset                            settled: the wait begins anew, so that a reset shortens nothing
//	both     ConfirmEmailChange, UndoEmailChange              settled
//	both     profile.Deletions.Request                                  settled
//	both     Report, by the link in the message               settled: sessions end, the password must be reset
//
// A sign-in by a trusted device uses no factor and ends nothing.
//
// # A host's own
//
// Stores, a Hasher and a Factor of a host's own pass authtest.Run, RunHasher and
// RunFactor; what these check is what the interfaces promise. A Factor keeps no state:
// package totp is one in 160 lines, and the example of RunFactor one in 30.
//
// # Limits
//
// Tries are counted in Config.LimitStore before a password is looked at, by
// account (whatever the spelling, the identifier and the method) and by network
// of the client. Of any number of parallel tries no more are evaluated than
// Limits allows. A code that was sent is dead after CodeTries. When a store fails,
// nobody is let in.
//
// # Fresh proofs
//
// Methods whose comment says that the caller must be Fresh look for it themselves,
// and are profile.ErrNotFresh otherwise. It is one definition, profile.Fresh, which
// also holds for a host's own sign-in.
//
// # Events
//
// Every success and change, and every failure of a known account, is an
// activity.Event in the transaction of the change, and one slog record. Neither
// holds a password, a token or what was typed.
package auth
