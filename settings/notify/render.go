package notify

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authmail"
)

// day is when something will be that the detail "at" tells of.
func day(m authmail.Message) string {
	at, err := time.Parse(time.RFC3339, m.Detail["at"])
	if err != nil {
		return "the day that was told"
	}
	return at.UTC().Format("2 January 2006")
}

// Render makes the letter of a message, in English. service is the name of the
// service, "" for none. What people typed is text in it and nothing else: it is
// escaped in the page and cannot begin a header or a link.
func Render(m authmail.Message, service string) (Letter, error) {
	w, known := texts[m.Kind]
	switch {
	case m.Kind == authmail.Notice:
		what := strings.ReplaceAll(happened[activity.Kind(m.Event)], "{at}", day(m))
		if what == "" {
			what = "Something changed in your account."
		}
		w = words{
			subject: strings.TrimSuffix(what, "."), lead: what + where(m) + about(m),
			sms: what + " If that was not you, sign in and look.",
		}
	case !known:
		return Letter{}, fmt.Errorf("notify: there is no text for messages of kind %q", m.Kind)
	case w.where:
		w.lead += where(m)
	}
	fill := strings.NewReplacer("{code}", oneLine(m.Code), "{service}", orElse(oneLine(service), "your account"),
		"{account}", accountOf(m, service), "{emptied}", emptied(m), "{from}", moment(m.WorksFrom), "{until}", moment(m.ExpiresAt))
	subject := fill.Replace(w.subject)
	if i := strings.IndexAny(subject, ".\n"); i > 0 && m.Kind == authmail.Notice {
		subject = subject[:i]
	}
	if name := oneLine(service); name != "" {
		subject = name + ": " + subject
	}
	if m.Channel == authmail.BySMS {
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
func where(m authmail.Message) string {
	var parts []string
	if !m.At.IsZero() {
		parts = append(parts, "at "+moment(m.At))
	}
	src := activity.SourceIn(m.Detail)
	for _, f := range []struct{ before, value string }{{"by ", src.Device}, {"from network ", src.IP}, {"near ", src.Place}} {
		if v := oneLine(f.value); v != "" {
			parts = append(parts, f.before+v)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " This happened " + strings.Join(parts, ", ") + "."
}

// accountOf is which account a message is about, as a sentence has it. The name stands
// within quotes: somebody else than the reader may have chosen it.
func accountOf(m authmail.Message, service string) string {
	name, at := strings.ReplaceAll(oneLine(m.Account), `"`, "'"), oneLine(service)
	text := "your account"
	if name != "" {
		text = `the account "` + name + `"`
	}
	if at != "" {
		text += " at " + at
	}
	return text
}

// about says at the end of a notice which account it is about.
func about(m authmail.Message) string {
	if m.Account == "" {
		return ""
	}
	return " This is about {account}."
}

// emptied says what became of what was in an account.
func emptied(m authmail.Message) string {
	if m.Detail["emptied"] != "true" {
		return ""
	}
	return " What was in it was removed."
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
