package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// turn is how long to pause between tries of what somebody else prevents.
const turn = 5 * time.Millisecond

// inTurn tries f again, for as long as wait says, while another process or
// connection holds the file. SQLite waits by itself for most locks; the change
// of a new file to a log (and its recovery) is one that it refuses at once,
// which would fail all first starts but one.
func inTurn(ctx context.Context, wait time.Duration, f func() error) error {
	for end := time.Now().Add(wait); ; {
		err := f()
		var database *sqlstore.DatabaseError
		if !errors.As(err, &database) || !busy(database.Code) || !time.Now().Before(end) {
			return err
		}
		pause := time.NewTimer(turn)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// busy reports whether a result code is SQLITE_BUSY or one of its extended
// forms, BUSY_RECOVERY, BUSY_SNAPSHOT and BUSY_TIMEOUT.
func busy(code string) bool {
	switch code {
	case "5", "261", "517", "773":
		return true
	}
	return false
}
