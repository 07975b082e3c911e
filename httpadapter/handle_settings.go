package httpadapter

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/strictjson"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
)

func (a *App) getSettings(c *call) error {
	d, err := a.Settings.Document(c.ctx(), c.id.User.ID)
	if err != nil {
		return err
	}
	c.w.Header().Set("ETag", etag(d.Version))
	return c.raw(http.StatusOK, "application/json", d.JSON)
}

func (a *App) patchSettings(c *call) error {
	version, err := a.ifSettings(c)
	if err != nil {
		return err
	}
	data, err := c.json()
	if err != nil {
		return err
	}
	if err := strictjson.Check(data); err != nil {
		return err
	}
	d, err := a.Settings.Patch(c.ctx(), c.id.User.ID, data, version)
	if err != nil {
		return err
	}
	c.w.Header().Set("ETag", etag(d.Version))
	return c.raw(http.StatusOK, "application/json", d.JSON)
}

// ifSettings is the version of the caller's settings that a change must be tied to;
// 0 is any.
func (a *App) ifSettings(c *call) (ifVersion int64, err error) {
	if len(c.r.Header.Values("If-Match")) == 0 { // else the settings need not be read
		return 0, nil
	}
	now, err := a.Settings.Document(c.ctx(), c.id.User.ID)
	if err != nil {
		return 0, err
	}
	tied, err := matched(c.r, now.Version)
	if !tied {
		return 0, err
	}
	return cmp.Or(now.Version, settings.Untouched), err
}

type activityView struct {
	ID     string            `json:"id"`
	Kind   activity.Kind     `json:"kind"`
	At     time.Time         `json:"at"`
	IP     *string           `json:"ip"`
	Device *string           `json:"device"`
	Place  *string           `json:"place"`
	Detail map[string]string `json:"detail"`
}

func viewOfEvent(e activity.Event) activityView {
	detail := e.Detail
	if detail == nil {
		detail = map[string]string{}
	}
	return activityView{
		ID: e.ID, Kind: e.Kind, At: e.At.UTC(), IP: text(e.Source.IP),
		Device: text(e.Source.Device), Place: text(e.Source.Place), Detail: detail,
	}
}

// maxLimit bounds ?limit=, in events.
const maxLimit = 100

// pageLimit reads ?limit=: 1 to 100, 20 by default.
func pageLimit(q url.Values) (int, error) {
	s := q.Get("limit")
	if s == "" {
		return 20, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxLimit {
		return 0, badParameter("limit is a number from 1 to 100.", input.New("limit", input.OutOfRange, input.Params{"min": 1, "max": maxLimit}))
	}
	return n, nil
}

// maxKind bounds ?kind=, in characters.
const maxKind = 64

// kindParameter reads ?kind=, the name of a kind.
func kindParameter(q url.Values) (activity.Kind, error) {
	const detail = "kind is the name of a kind of activity."
	kind := q.Get("kind")
	for _, r := range kind {
		if (r < 'a' || r > 'z') && r != '.' && r != '_' {
			return "", badParameter(detail, input.New("kind", input.Characters, nil))
		}
	}
	if len(kind) > maxKind {
		return "", badParameter(detail, input.Long("kind", maxKind))
	}
	return activity.Kind(kind), nil
}

func (a *App) getActivity(c *call) error {
	q, err := parameters(c.r)
	if err != nil {
		return err
	}
	limit, err := pageLimit(q)
	if err != nil {
		return err
	}
	kind, err := kindParameter(q)
	if err != nil {
		return err
	}
	page, err := a.Activity.Page(c.ctx(), c.id.User.ID, activity.PageRequest{
		Limit: limit, Cursor: q.Get("cursor"), Kind: kind,
	})
	if err != nil {
		return err
	}
	items := make([]activityView, len(page.Items))
	for i, e := range page.Items {
		items[i] = viewOfEvent(e)
	}
	return c.answer(http.StatusOK, struct {
		Items []activityView `json:"items"`
		Next  *string        `json:"next"`
	}{items, text(page.Next)})
}
