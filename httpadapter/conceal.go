package httpadapter

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/profilekit/profilekit/profile"
)

// beforePrivacy takes away the store's addresses of a public picture before a
// change of settings that may hide it: a crash between the two leaves a hidden
// address rather than a known one. settle is to be called after the change.
func (a *App) beforePrivacy(ctx context.Context, u profile.User, patch []byte) (settle func(), err error) {
	touched, hides := privacyPatch(patch)
	if a.Pictures == nil || !touched {
		return func() {}, nil
	}
	if hides && u.Picture.Public {
		if _, err := a.Pictures.Conceal(ctx, u.ID); err != nil {
			return nil, err
		}
	}
	return func() {
		if _, err := a.Pictures.Settle(ctx, u.ID); err != nil {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "a picture's addresses do not follow its owner's privacy yet", slog.Any("error", err))
		}
	}, nil
}

// privacyPatch reports whether a patch of the settings is about privacy, and
// whether it may hide the picture: whatever is not plainly "public" may.
func privacyPatch(patch []byte) (touched, hides bool) {
	var doc map[string]json.RawMessage
	if json.Unmarshal(patch, &doc) != nil {
		return false, false // is refused
	}
	privacy, touched := doc["privacy"]
	if !touched {
		return false, false
	}
	var p struct {
		Visibility *string            `json:"visibility"`
		Fields     map[string]*string `json:"fields"`
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(privacy, &p) != nil || json.Unmarshal(privacy, &given) != nil || given == nil {
		return true, true
	}
	if _, ok := given["visibility"]; ok && (p.Visibility == nil || *p.Visibility != string(profile.Public)) {
		return true, true
	}
	if _, ok := given["fields"]; !ok {
		return true, false
	}
	picture, ok := p.Fields["picture"]
	return true, p.Fields == nil || ok && (picture == nil || *picture != string(profile.Public))
}
