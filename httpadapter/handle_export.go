package httpadapter

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// exportTime bounds an export as a whole; each read of a database in it is
// bounded by itself.
const exportTime = 10 * time.Minute

// exportProfile streams everything that is kept of the caller as a zip. What fails
// before the first byte is told as any error is. Later only a cut connection can
// tell, and a zip that was cut is none.
func (a *App) exportProfile(c *call) error {
	if c.r.Method == http.MethodHead {
		c.zipHeader()
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	// The request's own deadline is for answers that are short; and a server's
	// for writing, too.
	ctx, cancel := context.WithTimeout(activity.WithSourceFunc(c.r.Context(), c.source), exportTime)
	defer cancel()
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(exportTime)) // not every server can

	err := a.Exporter.Export(ctx, c.id.caller(), zipAnswer{c})
	if err != nil && c.w.status != 0 {
		a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "an export was cut", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return err
}

func (c *call) zipHeader() {
	h := c.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "profile-" + c.id.User.Username + ".zip"}))
}

// zipAnswer is an answer whose header is that of a zip from its first byte on.
type zipAnswer struct{ c *call }

func (z zipAnswer) Write(p []byte) (int, error) {
	if z.c.w.status == 0 {
		z.c.zipHeader()
	}
	return z.c.w.Write(p)
}
