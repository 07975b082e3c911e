package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
)

// kindToken is in records of tokens that opened nothing, which are of nobody.
const kindToken activity.Kind = "auth.token"

// Names and values in an event's Detail.
const (
	detailMethod  = "method"
	detailReason  = "reason"
	detailFor     = "for"
	detailEnded   = "endedSessions"
	detailLeft    = "left"
	detailEmptied = "emptied"
	detailActor   = "actor"

	methodPassword = "password"
	methodRecovery = "recovery_code"
	methodDevice   = "trusted_device"
	methodMailCode = "mail_code"
	methodSession  = "session"
	reasonWrong    = "wrong"
	reasonDisabled = "disabled"
	reasonCopied   = "copied"
	reasonChanged  = "changed"

	// The reasons for which a recovery of second factors, or a wait, ended.
	byFactor   = "factor"   // one of them, or a recovery code, was used
	byFactors  = "factors"  // one was added or removed, or codes were made
	byPassword = "password" // it was changed or reset
	byAddress  = "address"  // it changed, or went back
	byReport   = "report"
	byDeletion = "deletion"
	byDisabled = "disabled"
	bySession  = "session" // the owner called it off
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
