// Package auth is who is calling and how sure we are: passwords, sessions, sign-up,
// sign-in, second factors and the limits on all of them. It knows nothing of HTTP; package
// httpadapter puts it behind cookies and JSON.
//
//	svc, err := auth.New(auth.Config{
//		Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db,
//	})
//	in, err := svc.SignIn(ctx, client, auth.Credentials{Login: name, Password: password})
//	// give in.Token to the caller; it is stored nowhere
//	id, err := svc.Authenticate(ctx, token) // on every request
//	if !svc.Fresh(id) {                     // before what matters
//		proof, err := svc.Reauthenticate(ctx, client, id, password)
//	}
//
// # What a host calls
//
//   - Sign-up and sign-in: [Service.Register], [Service.SignIn], [Service.SignInWithPasskey];
//     [Service.AuthenticateHalf] and [Service.FinishSignIn] when a second factor is owed.
//   - Sessions: [Service.Authenticate], [Service.AuthenticateRead], [Service.Sessions],
//     [Service.EndSession], [Service.SignOut]; [Service.Devices] that are trusted.
//   - Proofs: [Service.Fresh], [Service.Reauthenticate], [Service.ReauthenticateWith];
//     [Service.SendMailCode], [Service.ProveMailbox]; [Service.BeginWait].
//   - Factors: [Service.BeginFactor], [Service.BeginPhone], [Service.BeginEmailCodes] and
//     [Service.ConfirmFactor]; [Service.AddPasskey]; [Service.RenewRecoveryCodes];
//     [Service.BeginFactorRecovery] for who lost every one.
//   - Links in mail: [Service.Forgot] and [Service.Reset], [Service.Verify], [Service.Report].
//   - The account: [Service.ChangePassword], [Service.BeginEmailChange],
//     [Service.UndoEmailChange], [Service.Restore].
//   - The host, of one user: [Service.Disable], [Service.Enable], [Service.EndUserSessions],
//     [Service.BeginHandover], [Service.BeginFactorRemoval].
//   - Upkeep: [Service.PurgeExpired], [Service.Reseal], [Service.EndAllSessions].
//
// # What a host implements
//
// Only what it wants otherwise, each checked by a suite of package authtest: stores and their
// records (package authstore), a form of passwords (package hash), a Courier (authmail), a
// second factor (authfactor), a BreachChecker. Package authevent names what is in the feed.
//
// # What holds
//
// A password is verified exactly as sent. Of the token of a session or a link, 256 random
// bits, only the SHA-256 is kept. No answer, and no time that an answer takes, tells whether
// there is an account; only a sign-up in the mode Open does. Tries are counted before
// anything is verified. When a store fails, nobody is let in.
//
// An account whose address was never proved holds nothing: whoever proves it without a
// session or the password gets the account without anything of its maker, see Verify.
//
// Two proofs, or a wait, are asked of who changes what opens an account: package authrule has
// the rule, and [Service.May] asks. Methods whose comment says that the caller must be Fresh
// are profile.ErrNotFresh otherwise. Every success and change is an activity.Event in the
// transaction of the change. docs/account-states.md has the states of an account.
package auth
