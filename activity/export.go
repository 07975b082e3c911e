package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/storage/personal"
)

// exported is an Event in a copy, with the names of the HTTP contract.
type exported struct {
	ID     string            `json:"id"`
	Kind   Kind              `json:"kind"`
	At     time.Time         `json:"at"`
	IP     string            `json:"ip,omitempty"`
	Device string            `json:"device,omitempty"`
	Place  string            `json:"place,omitempty"`
	Detail map[string]string `json:"detail,omitempty"`
}

// ExportUser adds the user's history to a copy, as a personal.Contributor: the
// newest first, a line of JSON an event.
func (l *Log) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	w, err := a.Create("activity.jsonl", false)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(w)
	for cursor := ""; ; {
		page, err := l.exportPage(ctx, userID, cursor, a)
		if err != nil {
			return fmt.Errorf("activity: exporting a user: %w", err)
		}
		for _, e := range page.Items {
			line := exported{e.ID, e.Kind, e.At.UTC(), e.Source.IP, e.Source.Device, e.Source.Place, e.Detail}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

func (l *Log) exportPage(ctx context.Context, userID, cursor string, a *personal.Archive) (Page, error) {
	ctx, cancel := a.Bounded(ctx)
	defer cancel()
	return l.Page(ctx, userID, PageRequest{Limit: MaxLimit, Cursor: cursor})
}

// EraseUser removes the user's history, as a personal.Contributor.
func (l *Log) EraseUser(ctx context.Context, userID string) error {
	if err := l.store.Erase(ctx, userID); err != nil {
		return fmt.Errorf("activity: erasing a user: %w", err)
	}
	return nil
}

var _ personal.Contributor = (*Log)(nil)
