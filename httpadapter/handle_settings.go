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

// pageLimit reads ?limit=: 1 to 100, 20 by default.
func pageLimit(q url.Values) (int, error) {
	s := q.Get("limit")
	if s == "" {
		return 20, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 100 {
		return 0, problemf(400, "bad_parameter", "limit is a number from 1 to 100.")
	}
	return n, nil
}

// maxKind bounds ?kind=, in bytes.
const maxKind = 64

func (a *App) getActivity(c *call) error {
	q, err := parameters(c.r)
	if err != nil {
		return err
	}
	limit, err := pageLimit(q)
	if err != nil {
		return err
	}
	kind := q.Get("kind")
	for i := range len(kind) {
		b := kind[i]
		if i >= maxKind || (b < 'a' || b > 'z') && b != '.' && b != '_' {
			return problemf(400, "bad_parameter", "kind is the name of a kind of activity.")
		}
	}
	page, err := a.Activity.Page(c.ctx(), c.id.User.ID, activity.PageRequest{
		Limit: limit, Cursor: q.Get("cursor"), Kind: activity.Kind(kind),
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
