package httpadapter

import (
	"context"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings/notify"
)

// recorders are the host's Recorder and the notifier, which is made after the services
// that tell it of events.
type recorders struct {
	notifier *notify.Notifier
	host     activity.Recorder
}

// Record implements activity.Recorder.
func (r *recorders) Record(ctx context.Context, events ...activity.Event) error {
	if r.notifier != nil {
		if err := r.notifier.Record(ctx, events...); err != nil {
			return err
		}
	}
	if r.host != nil {
		return r.host.Record(ctx, events...)
	}
	return nil
}

// mailer makes the Notifier of Config.Mail, once the settings are there, which say who
// wants which notice.
func (a *App) mailer() (err error) {
	if len(a.cfg.Mail.Senders) == 0 {
		return nil
	}
	a.Notifier, err = notify.New(notify.Config{
		Policy: a.cfg.Mail, Service: a.cfg.Name,
		Store: a.cfg.Stores.Outbox, Keys: a.cfg.Keys, Users: a.cfg.Stores.Users, Settings: a.Settings,
		// A host's own sign-in does not say which addresses were proved to it.
		UnknownAddresses: a.cfg.Authenticator != nil || a.cfg.Auth.UnknownAddresses,
		ReportLink: func(ctx context.Context, userID, to string) (string, error) {
			if a.Auth == nil { // the host's sign-in has a way of its own
				return "", nil
			}
			return a.Auth.ReportLink(ctx, userID, to)
		},
		Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return err
	}
	a.recorder.notifier = a.Notifier
	a.workers = append(a.workers, a.Notifier.Run)
	if a.cfg.Authenticator == nil {
		a.cfg.Auth.Courier = a.Notifier
	}
	return nil
}
