package auth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// newDevice returns a trusted device that begins at now, and its token.
func (s *Service) newDevice(ctx context.Context, userID string, now time.Time) (authstore.Session, string, error) {
	d, token, err := s.newSession(ctx, false, now)
	d.UserID, d.Level = userID, authstore.LevelDevice
	d.ExpiresAt = now.Add(s.lifetime.Device)
	d.IdleUntil = d.ExpiresAt
	return d, token, err
}

// trusts reports whether token is of a device that the user trusts.
func (s *Service) trusts(ctx context.Context, userID, token string, now time.Time) (bool, error) {
	hash, ok := hashToken(token)
	if !ok || !s.lifetime.trusts() {
		return false, nil
	}
	d, err := s.sessions.Session(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if s.over(ctx, hash, d, now) || d.UserID != userID || d.Level != authstore.LevelDevice {
		return false, nil
	}
	// When this is not noted, the device counts all the same.
	if err := s.sessions.TouchSession(ctx, d.ID, now, d.IdleUntil, activity.SourceFrom(ctx)); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: the use of a device was not noted", slog.String("user", userID), slog.Any("error", err))
	}
	return true, nil
}

// Devices returns the trusted devices, as Sessions, and the cap is 50.
func (s *Service) Devices(ctx context.Context, id Identity) ([]authstore.Session, error) {
	return s.alive(ctx, id, authstore.LevelDevice)
}

// RemoveDevice stops trusting a device; an ID of none is storage.ErrNotFound.
func (s *Service) RemoveDevice(ctx context.Context, id Identity, deviceID string) error {
	devices, err := s.Devices(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(devices, func(d authstore.Session) bool { return d.ID == deviceID }) {
		return storage.ErrNotFound
	}
	ctx = withSession(ctx, id.Session)
	event := activity.NewEvent(ctx, authevent.DeviceRemoved, id.User.ID, s.now(), nil)
	if err := s.endSession(ctx, id.User.ID, deviceID, event); err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.DeviceRemoved, id.User.ID)
	return nil
}
