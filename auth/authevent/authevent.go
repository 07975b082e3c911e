// Package authevent names the events that package auth records, for whoever filters by
// them: an activity.Recorder of a host, notices, a page of the feed.
package authevent

import (
	"github.com/profilekit/profilekit/activity"
)

// The kinds. No event holds a password, a token or what somebody typed as a login.
// Detail is what the event says more, by the names in activity.Event.Detail.
const (
	// Registered: the account was made; its first session began.
	Registered activity.Kind = "auth.registered"
	// SignIn: a session began. Detail: method.
	SignIn activity.Kind = "auth.sign_in"
	// SignInFailed: a try that was evaluated and refused. Detail: method, reason
	// ("wrong", "disabled", and of a passkey "copied" or "changed": see
	// authfactor.ErrCopiedPasskey and authfactor.ErrChangedPasskey).
	SignInFailed activity.Kind = "auth.sign_in_failed"
	// SignOut: the user ended the session in use.
	SignOut activity.Kind = "auth.sign_out"
	// Reauthenticated: a signed-in user proved again who it is. Detail: method.
	Reauthenticated activity.Kind = "auth.reauthenticated"
	// ReauthenticationFailed: a signed-in user gave a wrong password or factor.
	// Detail: method, reason as of SignInFailed, for ("reauthenticate" or "password").
	ReauthenticationFailed activity.Kind = "auth.reauthentication_failed"
	// PasswordChanged: with the present password. Detail: endedSessions.
	PasswordChanged activity.Kind = "auth.password_changed"
	// ResetRequested: somebody asked for a link that sets a new password.
	ResetRequested activity.Kind = "auth.reset_requested"
	// PasswordReset: by such a link. Detail: endedSessions.
	PasswordReset activity.Kind = "auth.password_reset"
	// EmailVerified: the address was proved for the first time. Detail, when that was by
	// somebody without the password: endedSessions, and emptied ("true") when what was in
	// the account was removed.
	EmailVerified activity.Kind = "auth.email_verified"
	// EmailChangeRequested: a change of the address began. Detail: actor, when the host
	// began it.
	EmailChangeRequested activity.Kind = "auth.email_change_requested"
	// EmailChanged: the new address was proved. Detail: endedSessions.
	EmailChanged activity.Kind = "auth.email_changed"
	// EmailChangeUndone: the old address took the change back. Detail:
	// endedSessions.
	EmailChangeUndone activity.Kind = "auth.email_change_undone"
	// Reported: "this wasn't me". Detail: endedSessions.
	Reported activity.Kind = "auth.reported"
	// SecondFactorFailed: a wrong factor at sign-in. Detail: method, reason as of
	// SignInFailed.
	SecondFactorFailed activity.Kind = "auth.second_factor_failed"
	// FactorNotConfirmed: a wrong code of somebody signed in who sets a factor up; it
	// says nothing of a sign-in. Detail: method.
	FactorNotConfirmed activity.Kind = "auth.factor_not_confirmed"
	// FactorAdded and FactorRemoved: a second factor. Detail: method.
	FactorAdded   activity.Kind = "auth.factor_added"
	FactorRemoved activity.Kind = "auth.factor_removed"
	// RecoveryCodesMade: a new set, which ends the old one.
	RecoveryCodesMade activity.Kind = "auth.recovery_codes_made"
	// RecoveryCodeUsed: one code of the set. Detail: left.
	RecoveryCodeUsed activity.Kind = "auth.recovery_code_used"
	// RecoveryRequested: somebody with the password asked to have the second factors
	// removed, or the host did; detail: actor, when it was the host. RecoveryCancelled: that is off; detail: reason ("factor",
	// "factors", "password", "address", "report", "deletion" or "disabled"). FactorsRecovered: they
	// were removed; detail: endedSessions.
	RecoveryRequested activity.Kind = "auth.recovery_requested"
	RecoveryCancelled activity.Kind = "auth.recovery_cancelled"
	FactorsRecovered  activity.Kind = "auth.factors_recovered"
	// WaitBegun: somebody who could not prove the mailbox began a wait, see package
	// authrule. WaitEnded: it was used, or is off; detail: reason ("factors", "session",
	// "password", "address", "report", "deletion" or "disabled").
	WaitBegun activity.Kind = "auth.wait_begun"
	WaitEnded activity.Kind = "auth.wait_ended"
	// DeviceTrusted and DeviceRemoved: see authstore.LevelDevice.
	DeviceTrusted activity.Kind = "auth.device_trusted"
	DeviceRemoved activity.Kind = "auth.device_removed"
	// SessionEnded: the user ended one session from the list.
	SessionEnded activity.Kind = "auth.session_ended"
	// Disabled and Enabled: the host shut the account, or opened it again.
	// Detail: endedSessions.
	Disabled activity.Kind = "auth.disabled"
	Enabled  activity.Kind = "auth.enabled"
	// SessionsEnded: the user ended all other sessions, or the host all of them. Detail:
	// endedSessions, and actor when it was the host.
	SessionsEnded activity.Kind = "auth.sessions_ended"
)
