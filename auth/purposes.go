package auth

import "github.com/profilekit/profilekit/auth/authstore"

// The purposes of this package's own tickets.
const (
	// forReset sets a new password.
	forReset authstore.Purpose = "reset"
	// forVerify proves the address of sign-up.
	forVerify authstore.Purpose = "verify"
	// forEmailChange proves the new address of a change, forEmailUndo takes the
	// change back.
	forEmailChange authstore.Purpose = "email.change"
	forEmailUndo   authstore.Purpose = "email.undo"
	// forResetDone says that the password was reset, for as long as a code by e-mail then
	// opens nothing.
	forResetDone authstore.Purpose = "reset.done"
	// forReport is the link "this wasn't me" of a notice.
	forReport authstore.Purpose = "report"
	// forPhone is a code that proves a phone number, or that codes by e-mail arrive.
	forPhone authstore.Purpose = "phone"
	// forSecondFactor is a code sent for the sign-in or the proof that its Data
	// names.
	forSecondFactor authstore.Purpose = "code"
	// forRecoveryCode is a recovery code.
	forRecoveryCode authstore.Purpose = "recovery"
	// forLostFactors removes second factors that were lost, from the time in its
	// Data on.
	forLostFactors authstore.Purpose = "factor.recovery"
	// forMailCode is a code that proves the mailbox to the session in its Data, and
	// forMailProof says that the session has proved it.
	forMailCode  authstore.Purpose = "mail.code"
	forMailProof authstore.Purpose = "mail.proof"
	// forWait is the wait of somebody who cannot prove the mailbox.
	forWait authstore.Purpose = "wait"
	// forChallenge is the challenge of a passkey's ceremony.
	forChallenge authstore.Purpose = "challenge"
)
