package server

import (
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/settings/notify/smtp"
	"github.com/profilekit/profilekit/settings/notify/twilio"
)

// openPost is how people are reached, by mail and by text message: by SMTP_URL and TWILIO_… or,
// without them, into files under the data folder. A page shows the files where there is no
// SMTP_URL: a server that has one has people elsewhere.
func (h *host) openPost(opt options) (notify.Policy, error) {
	from := opt.mailFrom
	if from == "" {
		from = "profilekit <no-reply@" + mailDomain(opt.baseURL) + ">"
	}
	dir := filepath.Join(opt.data, "outbox")
	files, err := notify.NewFiles(dir, from)
	if err != nil {
		return notify.Policy{}, err
	}
	h.closer = append(h.closer, files.Close)
	if opt.showsOutbox && opt.smtpURL == "" {
		if h.outbox, err = openOutbox(dir, opt.baseURL, opt.twilio.Account == ""); err != nil {
			return notify.Policy{}, err
		}
		if h.outbox != nil {
			h.closer = append(h.closer, h.outbox.close)
		}
	}
	var mail notify.Sender = files
	if opt.smtpURL != "" {
		if mail, err = smtp.New(opt.smtpURL, from, smtp.Options{}); err != nil {
			return notify.Policy{}, fmt.Errorf("SMTP_URL: %w", err)
		}
	}
	var sms notify.Sender = files
	if opt.twilio.Account != "" {
		if sms, err = twilio.New(opt.twilio); err != nil {
			return notify.Policy{}, fmt.Errorf("TWILIO_ACCOUNT_SID: %w", err)
		}
	}
	return notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: mail, authmail.BySMS: sms}}, nil
}

// mailDomain is the host of the address, or one that mail is never sent from.
func mailDomain(base string) string {
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" && u.Hostname() != "localhost" {
		return u.Hostname()
	}
	return "localhost.localdomain"
}
