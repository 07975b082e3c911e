package auth

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/internal/batch"
)

// noSession is later than any session's limits.
var noSession = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// endAllBatch is how many sessions one statement ends.
const endAllBatch = 250

// EndAllSessions ends every session of everybody, unfinished sign-ins and trusted devices
// too, and says how many. It is for after a backup brought back sessions that were ended
// since. Call it before any node serves: a session in use may be passed by.
func (s *Service) EndAllSessions(ctx context.Context) (ended int, err error) {
	ended, err = batch.Each(ctx, endAllBatch, func(ctx context.Context, limit int) (int, error) {
		return s.sessions.PurgeSessions(ctx, noSession, limit)
	})
	s.log(ctx, slog.LevelWarn, authevent.SessionsEnded, "", slog.String(detailEnded, strconv.Itoa(ended)))
	return ended, err
}
