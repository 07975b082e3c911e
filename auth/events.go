package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
)

// Kinds of the events that this package records. None holds a password, a
// token or what somebody typed as a login.
const (
	// KindRegistered: the account was made; its first session began.
	KindRegistered activity.Kind = "auth.registered"
	// KindSignIn: a session began. Detail: method.
	KindSignIn activity.Kind = "auth.sign_in"
	// KindSignInFailed: a try that was evaluated and refused. Detail: method,
	// reason ("wrong", "disabled", or "copied": see ErrCopiedPasskey).
	KindSignInFailed activity.Kind = "auth.sign_in_failed"
	// KindSignOut: the user ended the session in use.
	KindSignOut activity.Kind = "auth.sign_out"
	// KindReauthenticated: a signed-in user proved again who it is. Detail: method.
	KindReauthenticated activity.Kind = "auth.reauthenticated"
	// KindReauthenticationFailed: a signed-in user gave a wrong password.
	// Detail: method, for ("reauthenticate" or "password").
	KindReauthenticationFailed activity.Kind = "auth.reauthentication_failed"
	// KindPasswordChanged: with the present password. Detail: endedSessions.
	KindPasswordChanged activity.Kind = "auth.password_changed"
	// KindResetRequested: somebody asked for a link that sets a new password.
	KindResetRequested activity.Kind = "auth.reset_requested"
	// KindPasswordReset: by such a link. Detail: endedSessions.
	KindPasswordReset activity.Kind = "auth.password_reset"
	// KindEmailVerified: the address was proved for the first time. Detail:
	// endedSessions, when what was there before was removed.
	KindEmailVerified activity.Kind = "auth.email_verified"
	// KindEmailChangeRequested: a change of the address began.
	KindEmailChangeRequested activity.Kind = "auth.email_change_requested"
	// KindEmailChanged: the new address was proved. Detail: endedSessions.
	KindEmailChanged activity.Kind = "auth.email_changed"
	// KindEmailChangeUndone: the old address took the change back. Detail:
	// endedSessions.
	KindEmailChangeUndone activity.Kind = "auth.email_change_undone"
	// KindReported: "this wasn't me". Detail: endedSessions.
	KindReported activity.Kind = "auth.reported"
	// KindSecondFactorFailed: a wrong code at sign-in. Detail: method.
	KindSecondFactorFailed activity.Kind = "auth.second_factor_failed"
	// KindFactorAdded and KindFactorRemoved: a second factor. Detail: method.
	KindFactorAdded   activity.Kind = "auth.factor_added"
	KindFactorRemoved activity.Kind = "auth.factor_removed"
	// KindRecoveryCodesMade: a new set, which ends the old one.
	KindRecoveryCodesMade activity.Kind = "auth.recovery_codes_made"
	// KindRecoveryCodeUsed: one code of the set. Detail: left.
	KindRecoveryCodeUsed activity.Kind = "auth.recovery_code_used"
	// KindRecoveryRequested: somebody with the password asked to have the second
	// factors removed. KindRecoveryCancelled: that is off; detail: reason ("factor",
	// "factors", "password", "address", "report" or "deletion"). KindFactorsRecovered: they
	// were removed; detail: endedSessions.
	KindRecoveryRequested activity.Kind = "auth.recovery_requested"
	KindRecoveryCancelled activity.Kind = "auth.recovery_cancelled"
	KindFactorsRecovered  activity.Kind = "auth.factors_recovered"
	// KindDeviceTrusted and KindDeviceRemoved: see LevelDevice.
	KindDeviceTrusted activity.Kind = "auth.device_trusted"
	KindDeviceRemoved activity.Kind = "auth.device_removed"
	// KindSessionEnded: the user ended one session from the list.
	KindSessionEnded activity.Kind = "auth.session_ended"
	// KindSessionsEnded: the user ended all other sessions. Detail: endedSessions.
	KindSessionsEnded activity.Kind = "auth.sessions_ended"
)

// kindToken is in records of tokens that opened nothing, which are of nobody.
const kindToken activity.Kind = "auth.token"

// Names and values in an event's Detail.
const (
	detailMethod = "method"
	detailReason = "reason"
	detailFor    = "for"
	detailEnded  = "endedSessions"
	detailLeft   = "left"

	methodPassword = "password"
	methodRecovery = "recovery_code"
	methodDevice   = "trusted_device"
	reasonWrong    = "wrong"
	reasonDisabled = "disabled"
	reasonCopied   = "copied"

	// What ended a recovery of second factors.
	byFactor   = "factor"   // one of them, or a recovery code, was used
	byFactors  = "factors"  // one was added or removed, or codes were made
	byPassword = "password" // it was changed or reset
	byAddress  = "address"  // it changed, or went back
	byReport   = "report"
	byDeletion = "deletion"
)

// log writes one record for one thing that happened: its kind, the opaque id
// of the account ("" when there is none) and the masked network. What was
// typed, names and addresses stay out.
func (s *Service) log(ctx context.Context, level slog.Level, kind activity.Kind, userID string, attrs ...slog.Attr) {
	attrs = append([]slog.Attr{
		slog.String("kind", string(kind)),
		slog.String("user", userID),
		slog.String("ip", activity.SourceFrom(ctx).IP),
	}, attrs...)
	s.logger.LogAttrs(ctx, level, "auth", attrs...)
}

// refused writes the record of what a limit, or the failure of its store,
// stopped. It is no event of the feed: a flood must not fill that.
func (s *Service) refused(ctx context.Context, kind activity.Kind, userID string, err error) {
	why := "limit"
	if !errors.Is(err, limit.ErrExceeded) {
		why = "limit unavailable"
	}
	s.log(ctx, slog.LevelWarn, kind, userID, slog.String("refused", why))
}
