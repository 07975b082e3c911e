package sqlstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

const (
	settingsInsert = `INSERT INTO profilekit_settings (user_id, data, version, updated_at) VALUES ($2, $3, 1, $4) ON CONFLICT (user_id) DO NOTHING`
	settingsUpdate = `UPDATE profilekit_settings SET data = $3, version = version + 1, updated_at = $4 WHERE user_id = $2 AND version = $5`
	settingsOwner  = ` RETURNING version, user_id AS owner`
	withSettings   = `WITH c AS (`
	andEvents      = `), e AS (` + eventsOf + `) SELECT `
)

var (
	selectSettings = read(`SELECT data, version FROM profilekit_settings WHERE user_id = $1`)
	insertSettings = writeEach(
		withSettings+settingsInsert+settingsOwner+andEvents+`version FROM c`,
		settingsInsert+` RETURNING version`)
	updateSettings = writeEach(
		withSettings+settingsUpdate+settingsOwner+andEvents+`version FROM c`,
		settingsUpdate+` RETURNING version`)
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
