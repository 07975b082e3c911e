package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/settings/notify/smtp"
	"github.com/profilekit/profilekit/settings/notify/twilio"
)

// openPost makes what sends mail and text messages: by SMTP_URL and TWILIO_… or,
// without them, into files under the data folder.
func (h *host) openPost(opt options, keys *keyring.Ring, log *slog.Logger) (*notify.Notifier, error) {
	from := opt.mailFrom
	if from == "" {
		from = "profilekit <no-reply@" + mailDomain(opt.baseURL) + ">"
	}
	files, err := notify.NewFiles(filepath.Join(opt.data, "outbox"), from)
	if err != nil {
		return nil, err
	}
	h.closer = append(h.closer, files)
	var mail notify.Sender = files
	if opt.smtpURL != "" {
		if mail, err = smtp.New(opt.smtpURL, from); err != nil {
			return nil, fmt.Errorf("SMTP_URL: %w", err)
		}
	}
	var sms notify.Sender = files
	if opt.twilio.Account != "" {
		if sms, err = twilio.New(opt.twilio); err != nil {
			return nil, fmt.Errorf("TWILIO_ACCOUNT_SID: %w", err)
		}
	}
	prefs, err := settings.New(settings.Config{
		Store: h.db.Settings(), Sections: []settings.Declaration{notify.PreferencesSection.Declare()},
	})
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{
		Store: h.db.Outbox(), Keys: keys, Users: h.db.Users(), Settings: prefs, Service: "profilekit", Logger: log,
		Senders: map[auth.Channel]notify.Sender{auth.ByEmail: mail, auth.BySMS: sms},
		// The app comes after its notifier.
		ReportLink: func(ctx context.Context, userID string) (string, error) { return h.app.Auth.ReportLink(ctx, userID) },
	})
}

// mailDomain is the host of the address, or one that mail is never sent from.
func mailDomain(base string) string {
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" && u.Hostname() != "localhost" {
		return u.Hostname()
	}
	return "localhost.localdomain"
}
