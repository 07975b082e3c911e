package httpadapter

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

// The pages that links in mail lead to. They show a button, and for a reset a
// field, and send the token that the address has behind "#", which no server
// sees, with a POST when their reader clicks. What a mail scanner opens changes
// nothing. They load nothing and tell nobody where their reader came from.
var (
	//go:embed pages/page.html
	pageText string
	//go:embed pages/page.js
	pageScript string
	//go:embed pages/page.css
	pageStyle string
)

// page is what differs between the pages.
type page struct {
	name   string // the path is /account/<name>
	action string // the route that takes the token, below Base

	Title, Text, Button, Done string
	Password                  bool
}

func pages() []page {
	return []page{
		{
			name: "reset", action: "/auth/password/reset", Password: true,
			Title: "Set a new password", Text: "You will be signed out everywhere.", Button: "Set the password",
			Done: "The new password is set. You can sign in with it now.",
		},
		{
			name: "verify", action: "/auth/email/verify",
			Title: "Confirm your e-mail address", Text: "Click only if you made this account.", Button: "This is my address",
			Done: "Thank you, the address is confirmed. If you were not signed in here, a mail with a link to set your password may be on its way.",
		},
		{
			name: "email", action: "/auth/email/change/confirm",
			Title: "Confirm your new e-mail address", Text: "From then on, mail for your account comes here.", Button: "This is my address",
			Done: "Thank you, this is the address of your account now.",
		},
		{
			name: "undo", action: "/auth/email/change/undo",
			Title: "Keep the old e-mail address", Text: "Click if you did not ask for the change. Everybody is signed out and the password must be set anew.",
			Button: "Take the change back",
			Done:   "The change is taken back. Now ask for a link to set a new password.",
		},
		{
			name: "not-me", action: "/activity/report",
			Title: "This wasn't me", Text: "Everybody is signed out of your account and the password must be set anew.", Button: "Secure my account",
			Done: "Everybody is signed out. Now ask for a link to set a new password.",
		},
		{
			name: "recover", action: "/auth/mfa/recovery/confirm",
			Title: "Remove two-step verification",
			Text: "First sign in with your password, in another tab of this browser, up to where a code is asked for. " +
				"Then click here within ten minutes. Your recovery codes go too, and you are signed out everywhere.",
			Button: "Remove two-step verification",
			Done:   "Two-step verification is off. Sign in with your password and set it up again.",
		},
	}
}

// pageRoutes renders the pages, once, and adds each.
func (a *App) pageRoutes(add func(name string, handle func(*call) error)) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("httpadapter: embedded page: %w", err)
	}
	policy := "default-src 'none'; script-src " + sourceOf(pageScript) + "; style-src " + sourceOf(pageStyle) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, p := range pages() {
		if p.name == "recover" && !a.recovers() {
			continue
		}
		var b bytes.Buffer
		err := t.Execute(&b, map[string]any{
			"Page": p, "Action": a.cfg.HTTP.Base + p.action,
			"Script": template.JS(pageScript), "Style": template.CSS(pageStyle), // both our own, as embedded
		})
		if err != nil {
			return fmt.Errorf("httpadapter: page %s: %w", p.name, err)
		}
		add(p.name, func(c *call) error {
			h := c.w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("Referrer-Policy", "no-referrer")
			return c.raw(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
		})
	}
	return nil
}

// sourceOf lets a policy take exactly this text (CSP Level 3, section 2.3.1).
func sourceOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
