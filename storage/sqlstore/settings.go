package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

var (
	selectSettings = read(`SELECT data, version FROM profilekit_settings WHERE user_id = $1`)
	insertSettings = changing(3,
		`INSERT INTO profilekit_settings (user_id, data, version, updated_at) VALUES ($1, $2, 1, $3) ON CONFLICT (user_id) DO NOTHING`,
		`version`, `$1`)
	updateSettings = changing(4,
		`UPDATE profilekit_settings SET data = $2, version = version + 1, updated_at = $3 WHERE user_id = $1 AND version = $4`,
		`version`, `$1`)
	eraseSettings = write(`DELETE FROM profilekit_settings WHERE user_id = $1`)
)

type settingsStore struct{ db *DB }

func (s settingsStore) Get(ctx context.Context, userID string) (settings.Record, error) {
	var r settings.Record
	_, err := s.db.row(ctx, selectSettings, []any{userID}, rawInto{&r.Data}, &r.Version)
	if err != nil {
		return settings.Record{}, err
	}
	return r, nil
}

func (s settingsStore) Put(ctx context.Context, userID string, r settings.Record, events ...activity.Event) (settings.Record, error) {
	st, args := insertSettings, []any{userID, rawJSON(r.Data), s.db.at(s.db.present())}
	if r.Version != 0 {
		st, args = updateSettings, append(args, r.Version)
	}
	found, err := s.db.change(ctx, st, &userID, args, events, &r.Version)
	switch {
	case err != nil:
		return settings.Record{}, err
	case !found:
		return settings.Record{}, storage.ErrStale
	}
	return r, nil
}

func (s settingsStore) Erase(ctx context.Context, userID string) error {
	_, err := s.db.exec(ctx, eraseSettings, userID)
	return err
}
