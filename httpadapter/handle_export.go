package httpadapter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
)

// exportTime bounds an export as a whole; each read of a database in it is
// bounded as a request is.
const exportTime = 10 * time.Minute

// exportProfile streams everything that is kept of the caller as a zip. What is
// small is read before the first byte, so that a failure is still told; later
// only a cut connection can tell, and a zip that was cut is none.
func (a *App) exportProfile(c *call) error {
	first, err := a.small(c)
	if err != nil {
		return err
	}
	if c.r.Method != http.MethodHead && a.Auth != nil {
		if err := a.Auth.AllowExport(c.ctx(), c.client(), c.id.Identity); err != nil {
			return err
		}
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "profile-" + c.id.User.Username + ".zip"}))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	if err := a.stream(c, first); err != nil {
		a.cfg.Logger.LogAttrs(c.ctx(), slog.LevelWarn, "an export was cut", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// file is a JSON file of an export.
type file struct {
	name  string
	value any
}

// small are the files that are read at once.
func (a *App) small(c *call) ([]file, error) {
	files := []file{{"profile.json", a.own(c.id.User)}}
	doc, err := a.Settings.Document(c.ctx(), c.id.User.ID)
	if err != nil {
		return nil, err
	}
	files = append(files, file{"settings.json", doc.JSON})
	if a.Auth == nil {
		return files, nil
	}
	sessions, err := a.Auth.Sessions(c.ctx(), c.id.Identity)
	if err != nil {
		return nil, err
	}
	devices, err := a.Auth.Devices(c.ctx(), c.id.Identity)
	if err != nil {
		return nil, err
	}
	factors, err := a.Auth.Factors(c.ctx(), c.id.Identity)
	if err != nil {
		return nil, err
	}
	var security struct {
		Sessions []sessionView `json:"sessions"`
		Devices  []deviceView  `json:"trustedDevices"`
		Factors  []factorView  `json:"factors"`
	}
	for _, s := range sessions {
		security.Sessions = append(security.Sessions, viewOfSession(s, c.id.Session.ID))
	}
	for _, d := range devices {
		security.Devices = append(security.Devices, viewOfDevice(d))
	}
	for _, f := range factors {
		security.Factors = append(security.Factors, viewOfFactor(f))
	}
	return append(files, file{"security.json", security}), nil
}

// stream writes the archive.
func (a *App) stream(c *call, first []file) error {
	// The request's own deadline is for answers that are short; and a server's
	// for writing, too.
	ctx, cancel := context.WithTimeout(c.r.Context(), exportTime)
	defer cancel()
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(exportTime)) // not every server can

	archive := profile.NewArchive(c.w, a.cfg.Now())
	for _, f := range first {
		if err := archive.JSON(f.name, f.value); err != nil {
			return err
		}
	}
	if err := a.exportPicture(ctx, c.id.User, archive); err != nil {
		return err
	}
	if a.Activity != nil {
		if err := a.exportActivity(ctx, c.id.User.ID, archive); err != nil {
			return err
		}
	}
	for _, who := range a.cfg.Contributors {
		if e, ok := who.(profile.Exporter); ok {
			if err := e.ExportUser(ctx, c.id.User.ID, archive); err != nil {
				return err
			}
		}
	}
	return archive.Close()
}

// exportPicture adds the largest size that the store has.
func (a *App) exportPicture(ctx context.Context, u profile.User, archive *profile.Archive) error {
	if a.Pictures == nil || u.Picture.Base == "" || len(u.Picture.Sizes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	blob, _, err := a.cfg.Blobs.Open(ctx, picture.Key(u.Picture, slices.Max(u.Picture.Sizes)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was replaced since
	}
	if err != nil {
		return err
	}
	defer blob.Close()
	w, err := archive.Create("picture."+u.Picture.Ext, true)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, blob)
	return err
}

// exportActivity adds the history, the newest first, a line an event.
func (a *App) exportActivity(ctx context.Context, userID string, archive *profile.Archive) error {
	w, err := archive.Create("activity.jsonl", false)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(w)
	for cursor := ""; ; {
		page, err := a.historyPage(ctx, userID, cursor)
		if err != nil {
			return err
		}
		for _, e := range page.Items {
			if err := lines.Encode(viewOfEvent(e)); err != nil {
				return err
			}
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

func (a *App) historyPage(ctx context.Context, userID, cursor string) (activity.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	return a.Activity.Page(ctx, userID, activity.PageRequest{Limit: activity.MaxLimit, Cursor: cursor})
}
