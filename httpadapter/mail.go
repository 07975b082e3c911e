package httpadapter

import (
	"context"
	"errors"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/settings/notify"
)

// Mail is how people are reached: links and codes that they asked for, and notices of
// what happened to their account. New makes a notify.Notifier of it, over the outbox of
// Stores, and App.Run sends what waits there.
type Mail struct {
	// Senders are the channels that there are: auth.ByEmail by notify/smtp or
	// notify.NewFiles, auth.BySMS by notify/twilio, or a Sender of a few lines.
	Senders map[auth.Channel]notify.Sender
	// Service is the name in subjects and texts; "" is "your account".
	Service string
	// Render makes a letter of a message; nil is notify.Render.
	Render func(m auth.Message, service string) (notify.Letter, error)
}

// recorders are the host's Recorder and the notifier, which is made after the services
// that it is told by.
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
	m := a.cfg.Mail
	if m == nil {
		return nil
	}
	outbox := a.cfg.Stores.Outbox()
	if outbox == nil {
		return errors.New("httpadapter: Config.Mail needs Stores.Outbox")
	}
	a.Notifier, err = notify.New(notify.Config{
		Store: outbox, Keys: a.cfg.Keys, Users: a.users, Settings: a.Settings,
		Senders: m.Senders, Service: m.Service, Render: m.Render,
		ReportLink: func(ctx context.Context, userID string) (string, error) {
			if a.Auth == nil { // the host's sign-in has a way of its own
				return "", nil
			}
			return a.Auth.ReportLink(ctx, userID)
		},
		Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return err
	}
	a.recorder.notifier = a.Notifier
	if a.cfg.Authenticator == nil {
		a.cfg.Courier = a.Notifier
	}
	return nil
}
