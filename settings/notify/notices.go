package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// notices are the events that their owner is told of, and in which category.
// Sign-ins are not among them: they are in the feed, and mail about each would
// teach people to delete what matters.
// A request that has a message of its own, with a link, is not there either.
var notices = map[activity.Kind]Category{
	authevent.PasswordChanged:   Security,
	authevent.PasswordReset:     Security,
	authevent.FactorAdded:       Security,
	authevent.FactorRemoved:     Security,
	authevent.RecoveryCodesMade: Security,
	authevent.RecoveryCodeUsed:  Security,
	authevent.RecoveryCancelled: Security,
	authevent.FactorsRecovered:  Security,
	authevent.WaitEnded:         Security,
	authevent.DeviceTrusted:     Security,
	authevent.DeviceRemoved:     Security,
	authevent.SessionEnded:      Security,
	authevent.SessionsEnded:     Security,
	authevent.EmailChanged:      Security,
	authevent.EmailChangeUndone: Security,
	authevent.Reported:          Security,
	authevent.EmailVerified:     Account,

	profile.KindRoleChanged:       Account,
	profile.KindDeletionRequested: Security,
	profile.KindRestored:          Security,
	profile.KindDeleted:           Security,
	profile.KindExported:          Security,
}

// withoutReport are notices whose reader has no use for "this wasn't me".
var withoutReport = map[activity.Kind]bool{authevent.Reported: true, authevent.EmailVerified: true, profile.KindDeleted: true, profile.KindRoleChanged: true}

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

// strange reports whether the place that a notice would go to may be a stranger's: the account
// is new, and nobody proved to read there. Whoever signs up with the address of somebody else
// must not have letters sent to it; in the account's first days its owner gets only the link
// that proves the address, and links that were asked for.
func (n *Notifier) strange(u profile.User, to string) bool {
	return !n.cfg.UnknownAddresses && !u.Reads(to) && !u.CreatedAt.IsZero() && n.now().Sub(u.CreatedAt) < authrule.NewcomerFor
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
	m := authmail.Message{
		Kind: authmail.Notice, UserID: u.ID, Event: string(e.Kind), Detail: maps.Clone(e.Detail), At: e.At,
	}
	if m.Detail == nil {
		m.Detail = map[string]string{}
	}
	maps.Copy(m.Detail, e.Source.Detail())
	for channel, to := range map[authmail.Channel]string{authmail.ByEmail: u.Email, authmail.BySMS: u.Phone} {
		wanted := prefs[category].Email
		if channel == authmail.BySMS {
			wanted = prefs[category].SMS
		}
		if !wanted || to == "" || n.cfg.Senders[channel] == nil || n.strange(u, to) {
			continue
		}
		m.Channel, m.To, m.Name, m.Account, m.Report = channel, to, u.MailAccount(to), u.MailAccount(to), ""
		if channel == authmail.ByEmail && n.cfg.ReportLink != nil && !withoutReport[e.Kind] {
			if m.Report, err = n.cfg.ReportLink(ctx, u.ID, to); err != nil {
				return err
			}
		}
		if err := n.Deliver(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
