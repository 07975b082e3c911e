package sqlite

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
)

// truncateWait is how long a writer waits at most for readers to leave a log
// that has grown.
const truncateWait = 100 * time.Millisecond

// logKeeper keeps the log from growing for ever. SQLite starts the log again
// when a write finds that nobody reads from it; where reads overlap without a
// pause no write may ever find that, and the log grows by all that is written
// (64 MiB of a GiB, measured). Then a checkpoint has to insist: it holds
// writers up, new readers read the database instead of the log, and the log is
// free as soon as those have ended that read it. A reader that takes longer,
// such as a backup, is left alone, and asked again 16 MiB later.
type logKeeper struct {
	db          *sqlx.DB
	path        string
	busyTimeout time.Duration
	tolerated   int64
}

// afterWrite is called by one goroutine at a time.
func (k *logKeeper) afterWrite() {
	info, err := os.Stat(k.path)
	if err != nil || info.Size() <= max(maxIdleLog, k.tolerated) {
		return
	}
	k.tolerated = info.Size() + maxIdleLog
	if k.truncate() {
		k.tolerated = 0
	}
}

func (k *logKeeper) truncate() (done bool) {
	ctx, cancel := context.WithTimeout(context.Background(), k.busyTimeout+10*time.Second)
	defer cancel()
	conn, err := k.db.Connx(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	setTimeout := func(d time.Duration) error {
		_, err := conn.ExecContext(ctx, "PRAGMA busy_timeout("+strconv.FormatInt(d.Milliseconds(), 10)+")")
		return err
	}
	if setTimeout(min(truncateWait, k.busyTimeout)) != nil {
		return false
	}
	var busy, frames, copied int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied)
	return setTimeout(k.busyTimeout) == nil && err == nil && busy == 0
}
