// Package twilio sends text messages by the Messages resource of Twilio's REST
// API (https://www.twilio.com/docs/messaging/api/message-resource), or of a
// service that speaks it:
//
//	sender, err := twilio.New(twilio.Options{
//		Account: "AC…", Secret: os.Getenv("TWILIO_AUTH_TOKEN"), From: "+14155550123",
//	})
//	n, err := notify.New(notify.Config{
//		Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.BySMS: sender, …}}, …,
//	})
package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/profilekit/profilekit/settings/notify"
)

// Options of New. Account, Secret and one of From and Service are required.
type Options struct {
	// Account is the account's SID.
	Account string
	// Key is the SID of an API key; "" signs in as the account itself.
	Key string
	// Secret is that of the key, or the account's auth token.
	Secret string
	// From is the number (E.164), or the name, that messages come from; Service
	// the SID of a messaging service that chooses it.
	From, Service string
	// Base is the origin of the API; "" is https://api.twilio.com. Without TLS
	// nothing is sent to another machine than this one.
	Base string
	// Client is nil for one that waits 15 s and follows no redirect.
	Client *http.Client
}

// Sender is a notify.Sender. It is safe for concurrent use.
type Sender struct {
	opts   Options
	url    string
	client *http.Client
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// number is E.164 as the API takes it.
var number = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

var sid = regexp.MustCompile(`^[A-Za-z0-9]{2,64}$`)

// New returns a Sender, or what is wrong with the options, without repeating
// them: they hold a secret.
func New(o Options) (*Sender, error) {
	switch {
	case !sid.MatchString(o.Account):
		return nil, errors.New("twilio: Options.Account must be the account's SID")
	case o.Key != "" && !sid.MatchString(o.Key):
		return nil, errors.New("twilio: Options.Key must be an API key's SID")
	case o.Secret == "":
		return nil, errors.New("twilio: Options.Secret is missing")
	case (o.From == "") == (o.Service == ""):
		return nil, errors.New("twilio: either Options.From or Options.Service is required")
	}
	if o.Base == "" {
		o.Base = "https://api.twilio.com"
	}
	u, err := url.Parse(o.Base)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.Scheme != "https" && (u.Scheme != "http" || !here(u.Hostname())) {
		return nil, errors.New("twilio: Options.Base must be an origin such as https://api.twilio.com")
	}
	if o.Key == "" {
		o.Key = o.Account
	}
	s := &Sender{opts: o, url: u.Scheme + "://" + u.Host + "/2010-04-01/Accounts/" + o.Account + "/Messages.json", client: o.Client}
	if s.client == nil {
		s.client = &http.Client{
			Timeout: 15 * time.Second,
			// A redirect would take the secret elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return s, nil
}

func here(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Send implements notify.Sender. Errors give the API's status and error code,
// never its words, which repeat the number.
func (s *Sender) Send(ctx context.Context, l notify.Letter) error {
	if !number.MatchString(l.To) {
		return &notify.PermanentError{Err: errors.New("twilio: the recipient is no number of E.164")}
	}
	form := url.Values{"To": {l.To}, "Body": {l.Text}}
	if s.opts.Service != "" {
		form.Set("MessagingServiceSid", s.opts.Service)
	} else {
		form.Set("From", s.opts.From)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(form.Encode()))
	if err != nil {
		return errors.New("twilio: the request cannot be made")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(s.opts.Key, s.opts.Secret)
	resp, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("twilio: no answer: %w", ctx.Err())
		}
		return errors.New("twilio: no answer") // its text has the address, with the account
	}
	defer resp.Body.Close()
	var answer struct {
		SID    string `json:"sid"`
		Status string `json:"status"`
		Code   int    `json:"code"`
		Failed *int   `json:"error_code"`
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	switch {
	case resp.StatusCode == http.StatusCreated && err == nil && answer.SID != "" && answer.Failed == nil &&
		answer.Status != "failed" && answer.Status != "undelivered":
		return nil
	case resp.StatusCode == http.StatusCreated && err == nil && answer.Failed != nil:
		answer.Code = *answer.Failed
	case resp.StatusCode == http.StatusCreated && err != nil:
		return errors.New("twilio: the answer was cut, or is not the API's")
	}
	refused := fmt.Errorf("twilio: status %d, error %d", resp.StatusCode, answer.Code)
	// 400 is the message's fault: a number that cannot get it, or asked for no
	// more. All else, a wrong secret too, may be mended before it is tried again.
	if resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusCreated {
		return &notify.PermanentError{Err: refused}
	}
	return refused
}
