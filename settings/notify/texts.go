package notify

import (
	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/profile"
)

// words are the text of a kind of message. What stands in braces is replaced;
// the paragraphs before and after the link or the code are plain text.
type words struct {
	subject string
	lead    string
	where   bool   // whether the lead goes on with where and when it was asked for
	action  string // what the link does
	after   string
	sms     string
}

// {account} is "your account", or the account by its name. Who reads the first mail to an
// address may not be who signed up, so those that ask for something say for which account.
var texts = map[authmail.Kind]words{
	authmail.Verify: {
		subject: "Confirm your e-mail address",
		lead:    "Somebody, perhaps you, signed up with this address. Please confirm that it is the address of {account}.", action: "Confirm the address",
		after: "The link works once, for a day, and may ask for the password that was chosen. If you did not sign up, you can say so there, or do nothing.",
	},
	authmail.SignUpTaken: {
		subject: "You have an account already",
		lead:    "Somebody, perhaps you, wanted to sign up with this address. It is the address of {account} already; nothing was changed.",
		action:  "Set a new password", after: "If it was not you, you need do nothing.",
	},
	authmail.Reset: {
		subject: "Set a new password",
		lead:    "You, or somebody who knows your address, asked to set a new password for {account}.", where: true, action: "Set a new password",
		after: "The link works once, for an hour. If you did not ask for it, you need do nothing: the password stays as it is.",
	},
	authmail.TakenOver: {
		subject: "The account is yours: set your password",
		lead:    "You confirmed this address: {account} is yours now.{emptied} It has no password yet; set one by this link.", action: "Set your password",
		after: "The link works once, for an hour. Later you can have another one sent where you sign in.",
	},
	authmail.EmailChange: {
		subject: "Confirm your new e-mail address",
		lead:    "Please confirm that {account} shall have this address from now on.", action: "Confirm the new address",
		after: "The link works once, for a day. If you did not ask for it, you need do nothing.",
	},
	authmail.EmailChanging: {
		subject: "Your e-mail address is being changed",
		lead:    "Somebody who is signed in to {account} wants to give it another address. If that was you, you need do nothing.",
		where:   true,
		action:  "Keep this address", after: "If it was not you, the link takes the change back, signs everybody out and lets you set a new password.",
	},
	authmail.Handover: {
		subject: "Your new e-mail address",
		lead: "You lost the way in to {account}, and we shall give it this address. Nothing has changed yet. " +
			"From {from} on the link confirms the address; then you can set a new password.",
		action: "Confirm the new address",
		after:  "Before that the link does nothing; it works once, until {until}. If you did not ask us for it, you need do nothing.",
	},
	authmail.HandoverBegun: {
		subject: "Your account is to get another e-mail address",
		lead: "Somebody told us that they are the owner of {account} and can no longer sign in or read this mail. From {from} on the account can get " +
			"the address that they named. Nothing has changed yet. If that was you, you need do nothing.",
		action: "Keep this address",
		after:  "If it was not you, the link stops this, signs everybody out and lets you set a new password.",
		sms:    "Somebody told {service} that you lost your account, and wants another e-mail address for it. Not you? Stop it: see our e-mail.",
	},
	authmail.FactorRecovery: {
		subject: "Your two-step verification is to be removed",
		lead: "Somebody who knows your password asked to remove the two-step verification and the recovery codes of {account}. " +
			"Nothing has changed yet. If it was you and you still want it, sign in with your password from {from} on, and then use this link.",
		where:  true,
		action: "Remove two-step verification",
		after:  "Before that the link does nothing; it works once, until {until}. Signing in with a code or a passkey, or setting a new password, stops this.",
		sms:    "Somebody with your password asked {service} to remove your two-step verification. Not you? Stop it: see our e-mail, or sign in with a code.",
	},
	authmail.FactorRemoval: {
		subject: "Your two-step verification is to be removed",
		lead: "Somebody told us that they are the owner of {account} and lost every way of two-step verification. We shall remove it, and the recovery " +
			"codes. Nothing has changed yet. If that was you, sign in with your password from {from} on, and then use this link.",
		action: "Remove two-step verification",
		after:  "Before that the link does nothing; it works once, until {until}. Signing in with a code or a passkey, or setting a new password, stops this.",
		sms:    "Somebody told {service} that you lost your two-step verification, and wants it removed. Not you? Stop it: see our e-mail.",
	},
	authmail.Proof: {
		subject: "Your code: {code}",
		lead: "Your code is {code}. It shows that you read this mail, and lets a change of how your account is opened be made where you are signed in. " +
			"It is good for ten minutes. Tell it to nobody: nobody of us will ask for it.",
		where: true,
		after: "If you did not ask for it, somebody knows your password. Set a new one.",
	},
	authmail.Wait: {
		subject: "Somebody wants to change how your account is opened",
		lead: "Somebody who knows your password, and did not show that they read this mail, asked to change how your account is opened: " +
			"its two-step verification, phone number or e-mail address. Nothing has changed yet. From {from} until {until} they can. " +
			"If that was you, you need do nothing.",
		where: true,
		after: "If it was not you, use the link below before then: it stops this.",
		sms:   "Somebody with your password asked {service} to change how your account is opened. Not you? Stop it: see our e-mail.",
	},
	authmail.Code: {
		subject: "Your code: {code}",
		lead:    "Your code is {code}. It is good for ten minutes. Tell it to nobody: nobody of us will ask for it.",
		sms:     "{code} is your code for {service}. Tell it to nobody.",
	},
	authmail.Phone: {
		subject: "Your code: {code}",
		lead:    "Your code is {code}. It shows that this number is yours.",
		sms:     "{code} is your code for {service}. It shows that this number is yours.",
	},
}

// happened are the notices by the kind of their event.
var happened = map[activity.Kind]string{
	authevent.PasswordChanged:   "Your password was changed.",
	authevent.PasswordReset:     "Your password was set anew by a link that we sent you.",
	authevent.FactorAdded:       "Two-step verification was turned on, or another way of it added.",
	authevent.FactorRemoved:     "A way of two-step verification was removed.",
	authevent.RecoveryCodesMade: "New recovery codes were made. The old ones no longer work.",
	authevent.RecoveryCodeUsed:  "A recovery code was used to get into your account.",
	authevent.RecoveryCancelled: "Your two-step verification will not be removed: what was asked for is off.",
	authevent.FactorsRecovered:  "Your two-step verification and your recovery codes were removed, as was asked for days ago.",
	authevent.WaitEnded:         "What somebody with your password waited for is over: the wait was used, or is off.",
	authevent.DeviceTrusted:     "A device is now trusted: it is not asked for a code any more.",
	authevent.DeviceRemoved:     "A device is no longer trusted: it is asked for a code again.",
	authevent.SessionEnded:      "A device was signed out of your account.",
	authevent.SessionsEnded:     "Devices that were signed in to your account were signed out.",
	authevent.EmailChanged:      "The e-mail address of your account was changed.",
	authevent.EmailChangeUndone: "A change of your e-mail address was taken back.",
	authevent.Reported:          "You reported that something was not you. Everybody is signed out, and a new password must be set.",
	authevent.EmailVerified:     "Your e-mail address is confirmed.",

	profile.KindRoleChanged:       "You were given another role: what you may do has changed.",
	profile.KindDeletionRequested: "Your account will be erased on {at}. Until then you can sign in and keep it.",
	profile.KindRestored:          "Your account was restored: it will not be erased.",
	profile.KindDeleted:           "Your account was erased, and everything in it.",
	profile.KindExported:          "A copy of everything in your account was downloaded.",
}
