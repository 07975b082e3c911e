package notify

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
)

// words are the text of a kind of message. What stands in braces is replaced;
// the paragraphs before and after the link or the code are plain text.
type words struct {
	subject string
	lead    string
	action  string // what the link does
	after   string
	sms     string
}

var texts = map[auth.MessageKind]words{
	auth.MessageVerify: {
		subject: "Confirm your e-mail address",
		lead:    "Please confirm that this is your address.", action: "Confirm the address",
		after: "The link works once, for a day. If you did not sign up, you need do nothing.",
	},
	auth.MessageSignUpTaken: {
		subject: "You have an account already",
		lead:    "Somebody, perhaps you, wanted to sign up with this address. There is an account with it already; nothing was changed.",
		action:  "Set a new password", after: "If it was not you, you need do nothing.",
	},
	auth.MessageReset: {
		subject: "Set a new password",
		lead:    "You, or somebody who knows your address, asked to set a new password.", action: "Set a new password",
		after: "The link works once, for an hour. If you did not ask for it, you need do nothing: your password stays as it is.",
	},
	auth.MessageEmailChange: {
		subject: "Confirm your new e-mail address",
		lead:    "Please confirm that your account shall have this address from now on.", action: "Confirm the new address",
		after: "The link works once, for a day. If you did not ask for it, you need do nothing.",
	},
	auth.MessageEmailChanging: {
		subject: "Your e-mail address is being changed",
		lead:    "Somebody who is signed in to your account wants to give it another address. If that was you, you need do nothing.",
		action:  "Keep this address", after: "If it was not you, the link takes the change back, signs everybody out and lets you set a new password.",
	},
	auth.MessageFactorRecovery: {
		subject: "Your two-step verification is to be removed",
		lead: "Somebody who knows your password asked to remove your two-step verification and your recovery codes. " +
			"Nothing has changed yet. If it was you and you still want it, sign in with your password from {from} on, and then use this link.",
		action: "Remove two-step verification",
		after:  "Before that the link does nothing; it works once, until {until}. Signing in with a code or a passkey, or setting a new password, stops this.",
		sms:    "Somebody with your password asked {service} to remove your two-step verification. Not you? Stop it: see our e-mail, or sign in with a code.",
	},
	auth.MessageCode: {
		subject: "Your code: {code}",
		lead:    "Your code is {code}. It is good for ten minutes. Tell it to nobody: nobody of us will ask for it.",
		sms:     "{code} is your code for {service}. Tell it to nobody.",
	},
	auth.MessagePhone: {
		subject: "Your code: {code}",
		lead:    "Your code is {code}. It shows that this number is yours.",
		sms:     "{code} is your code for {service}. It shows that this number is yours.",
	},
}

// happened are the notices by the kind of their event.
var happened = map[activity.Kind]string{
	auth.KindPasswordChanged:   "Your password was changed.",
	auth.KindPasswordReset:     "Your password was set anew by a link that we sent you.",
	auth.KindFactorAdded:       "Two-step verification was turned on, or another way of it added.",
	auth.KindFactorRemoved:     "A way of two-step verification was removed.",
	auth.KindRecoveryCodesMade: "New recovery codes were made. The old ones no longer work.",
	auth.KindRecoveryCodeUsed:  "A recovery code was used to get into your account.",
	auth.KindRecoveryCancelled: "Your two-step verification will not be removed: what was asked for is off.",
	auth.KindFactorsRecovered:  "Your two-step verification and your recovery codes were removed, as was asked for days ago.",
	auth.KindDeviceTrusted:     "A device is now trusted: it is not asked for a code any more.",
	auth.KindDeviceRemoved:     "A device is no longer trusted: it is asked for a code again.",
	auth.KindSessionEnded:      "A device was signed out of your account.",
	auth.KindSessionsEnded:     "All other devices were signed out of your account.",
	auth.KindEmailChanged:      "The e-mail address of your account was changed.",
	auth.KindEmailChangeUndone: "A change of your e-mail address was taken back.",
	auth.KindReported:          "You reported that something was not you. Everybody is signed out, and a new password must be set.",
	auth.KindEmailVerified:     "Your e-mail address is confirmed.",

	profile.KindDeletionRequested: "Your account will be erased on {at}. Until then you can sign in and keep it.",
	profile.KindRestored:          "Your account was restored: it will not be erased.",
	profile.KindDeleted:           "Your account was erased, and everything in it.",
	profile.KindExported:          "A copy of everything in your account was downloaded.",
}

// day is when something will be that the detail "at" tells of.
func day(m auth.Message) string {
	at, err := time.Parse(time.RFC3339, m.Detail["at"])
	if err != nil {
		return "the day that was told"
	}
	return at.UTC().Format("2 January 2006")
}

// Render makes the letter of a message, in English. service is the name of the
// service, "" for none. What people typed is text in it and nothing else: it is
// escaped in the page and cannot begin a header or a link.
func Render(m auth.Message, service string) (Letter, error) {
	w, known := texts[m.Kind]
	switch {
	case m.Kind == auth.MessageNotice:
		what := strings.ReplaceAll(happened[activity.Kind(m.Event)], "{at}", day(m))
		if what == "" {
			what = "Something changed in your account."
		}
		w = words{
			subject: strings.TrimSuffix(what, "."), lead: what + where(m),
			sms: what + " If that was not you, sign in and look.",
		}
	case !known:
		return Letter{}, fmt.Errorf("notify: there is no text for messages of kind %q", m.Kind)
	}
	fill := strings.NewReplacer("{code}", oneLine(m.Code), "{service}", orElse(oneLine(service), "your account"),
		"{from}", moment(m.WorksFrom), "{until}", moment(m.ExpiresAt))
	subject := fill.Replace(w.subject)
	if i := strings.IndexAny(subject, ".\n"); i > 0 && m.Kind == auth.MessageNotice {
		subject = subject[:i]
	}
	if name := oneLine(service); name != "" {
		subject = name + ": " + subject
	}
	if m.Channel == auth.BySMS {
		if w.sms == "" {
			return Letter{}, fmt.Errorf("notify: messages of kind %q do not go by SMS", m.Kind)
		}
		return Letter{Text: fill.Replace(w.sms)}, nil
	}
	page := pageData{
		Service: oneLine(service), Greeting: "Hello " + orElse(oneLine(m.Name), "there") + ",",
		Lead: fill.Replace(w.lead), Action: w.action, Link: m.Link, After: fill.Replace(w.after), Code: m.Code, Report: m.Report,
	}
	var html bytes.Buffer
	if err := layout.Execute(&html, page); err != nil {
		return Letter{}, fmt.Errorf("notify: the page of a message: %w", err)
	}
	return Letter{Subject: subject, Text: page.text(), HTML: html.String()}, nil
}

// where says from where and when, as far as that is known.
func where(m auth.Message) string {
	var parts []string
	if !m.At.IsZero() {
		parts = append(parts, "at "+moment(m.At))
	}
	for _, f := range []struct{ before, name string }{{"by ", "device"}, {"from network ", "network"}, {"near ", "place"}} {
		if v := oneLine(m.Detail[f.name]); v != "" {
			parts = append(parts, f.before+v)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " This happened " + strings.Join(parts, ", ") + "."
}

// moment is a time as a sentence has it.
func moment(t time.Time) string { return t.UTC().Format("15:04 on 2 January 2006") + " UTC" }

// oneLine takes control characters and the edges' spaces away, and bounds the
// length: a name must not look like the text around it.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	r := []rune(strings.TrimSpace(s))
	return string(r[:min(len(r), 100)])
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

type pageData struct {
	Service, Greeting, Lead, Action, Link, After, Code, Report string
}

func (p pageData) text() string {
	var b strings.Builder
	b.WriteString(p.Greeting + "\n\n" + p.Lead + "\n")
	if p.Link != "" {
		fmt.Fprintf(&b, "\n%s:\n%s\n", p.Action, p.Link)
	}
	if p.After != "" {
		b.WriteString("\n" + p.After + "\n")
	}
	if p.Report != "" {
		b.WriteString("\nThis wasn't you? This link signs everybody out and lets you set a new password:\n" + p.Report + "\n")
	}
	if p.Service != "" {
		b.WriteString("\n" + p.Service + "\n")
	}
	return b.String()
}

// layout has nothing in it that is fetched: no picture, no style, no script.
var layout = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Lead}}</title></head>
<body style="margin:0;padding:24px;font-family:sans-serif;font-size:16px;line-height:1.5;color:#1f2937;background:#ffffff">
<div style="max-width:32rem;margin:0 auto">
<p>{{.Greeting}}</p>
<p>{{.Lead}}</p>
{{if .Link}}<p><a href="{{.Link}}" style="display:inline-block;padding:10px 18px;border-radius:8px;background:#2563eb;color:#ffffff;text-decoration:none">{{.Action}}</a></p>
<p style="font-size:13px;color:#4b5563;word-break:break-all">{{.Link}}</p>{{end}}
{{if .After}}<p>{{.After}}</p>{{end}}
{{if .Report}}<p>This wasn't you? <a href="{{.Report}}">Sign everybody out and set a new password</a>.</p>{{end}}
{{if .Service}}<p style="font-size:13px;color:#4b5563">{{.Service}}</p>{{end}}
</div></body></html>
`))
