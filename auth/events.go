package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
)

// Kinds of the events that this package records. None holds a password, a
// token or what somebody typed as a login.
const (
	// KindRegistered: the account was made; its first session began.
	KindRegistered activity.Kind = "auth.registered"
	// KindSignIn: a session began. Detail: method.
	KindSignIn activity.Kind = "auth.sign_in"
	// KindSignInFailed: a try that was evaluated and refused. Detail: method,
	// reason ("wrong" or "disabled").
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
	// KindSessionEnded: the user ended one session from the list.
	KindSessionEnded activity.Kind = "auth.session_ended"
	// KindSessionsEnded: the user ended all other sessions. Detail: endedSessions.
	KindSessionsEnded activity.Kind = "auth.sessions_ended"
)

// Names and values in an event's Detail.
const (
	detailMethod = "method"
	detailReason = "reason"
	detailFor    = "for"
	detailEnded  = "endedSessions"

	methodPassword = "password"
	reasonWrong    = "wrong"
	reasonDisabled = "disabled"
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
	if !errors.Is(err, ErrRateLimited) {
		why = "limit unavailable"
	}
	s.log(ctx, slog.LevelWarn, kind, userID, slog.String("refused", why))
}
