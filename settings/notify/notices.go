package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// notices are the events that their owner is told of, and in which category.
// Sign-ins are not among them: they are in the feed, and mail about each would
// teach people to delete what matters.
// A request that has a message of its own, with a link, is not there either.
var notices = map[activity.Kind]Category{
	auth.KindPasswordChanged:   Security,
	auth.KindPasswordReset:     Security,
	auth.KindFactorAdded:       Security,
	auth.KindFactorRemoved:     Security,
	auth.KindRecoveryCodesMade: Security,
	auth.KindRecoveryCodeUsed:  Security,
	auth.KindRecoveryCancelled: Security,
	auth.KindFactorsRecovered:  Security,
	auth.KindDeviceTrusted:     Security,
	auth.KindDeviceRemoved:     Security,
	auth.KindSessionEnded:      Security,
	auth.KindSessionsEnded:     Security,
	auth.KindEmailChanged:      Security,
	auth.KindEmailChangeUndone: Security,
	auth.KindReported:          Security,
	auth.KindEmailVerified:     Account,

	profile.KindDeletionRequested: Security,
	profile.KindRestored:          Security,
	profile.KindDeleted:           Security,
	profile.KindExported:          Security,
}

// withoutReport are notices whose reader has no use for "this wasn't me".
var withoutReport = map[activity.Kind]bool{auth.KindReported: true, auth.KindEmailVerified: true, profile.KindDeleted: true}

// Record implements activity.Recorder: it writes a notice for each event that
// the user wants to hear of, in the transaction of the event.
func (n *Notifier) Record(ctx context.Context, events ...activity.Event) error {
	if n.cfg.Users == nil || n.cfg.Settings == nil {
		return nil
	}
	for _, e := range events {
		category, told := notices[e.Kind]
		if !told || e.UserID == "" {
			continue
		}
		if err := n.notice(ctx, e, category); err != nil {
			return fmt.Errorf("notify: notice of %s: %w", e.Kind, err)
		}
	}
	return nil
}

func (n *Notifier) notice(ctx context.Context, e activity.Event, category Category) error {
	u, err := n.cfg.Users.User(ctx, e.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	prefs, err := settings.Get(ctx, n.cfg.Settings, PreferencesSection, e.UserID)
	if err != nil {
		return err
	}
	m := auth.Message{
		Kind: auth.MessageNotice, UserID: u.ID, Name: nameOf(u), Event: string(e.Kind), Detail: maps.Clone(e.Detail), At: e.At,
	}
	if m.Detail == nil {
		m.Detail = map[string]string{}
	}
	m.Detail["device"], m.Detail["network"], m.Detail["place"] = e.Source.Device, e.Source.IP, e.Source.Place
	for channel, to := range map[auth.Channel]string{auth.ByEmail: u.Email, auth.BySMS: u.Phone} {
		wanted := prefs[category].Email
		if channel == auth.BySMS {
			wanted = prefs[category].SMS
		}
		if !wanted || to == "" || n.cfg.Senders[channel] == nil {
			continue
		}
		m.Channel, m.To, m.Report = channel, to, ""
		if channel == auth.ByEmail && n.cfg.ReportLink != nil && !withoutReport[e.Kind] {
			if m.Report, err = n.cfg.ReportLink(ctx, u.ID); err != nil {
				return err
			}
		}
		if err := n.Deliver(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func nameOf(u profile.User) string {
	for _, name := range []string{u.DisplayName, u.GivenName} {
		if name != "" {
			return name
		}
	}
	return u.Username
}
