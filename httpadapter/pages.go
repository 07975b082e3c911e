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
// nothing. They load nothing and tell nobody where their reader came from. The page
// that confirms an address asks for the password when the answer is that nobody of the
// account is signed in, and leads to the root of the site in the end.
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
	// Forgotten and NotMine say what an answer instead of the password does, by the
	// "account" of a problem confirmation_required.
	Forgotten, NotMine map[string]string
}

// Confirms reports whether the page may ask for the password of an account.
func (p page) Confirms() bool { return p.Forgotten != nil }

func pages() []page {
	return []page{
		{
			name: "reset", action: "/auth/password/reset", Password: true,
			Title: "Set a new password", Text: "You will be signed out everywhere.", Button: "Set the password",
			Done: "The new password is set. You can sign in with it now.",
		},
		{
			name: "verify", action: "/auth/email/verify",
			Title: "Confirm your e-mail address", Text: "Say that you read the mail that came to this address.", Button: "Confirm the address",
			Done: "Thank you, the address is confirmed.",
			Forgotten: map[string]string{
				"made": "The account becomes yours, but empty: its texts, picture and settings are removed and everybody is signed out. " +
					"We send you a link to set a new password.",
				"invited": "The account is made, and we send you a link to set its password.",
				"adopted": "The address is confirmed and everybody is signed out. What is in the account stays. We send you a link to set a new password.",
			},
			NotMine: map[string]string{
				"made": "Somebody used your address. The account becomes yours, but empty: whoever made it is locked out, " +
					"and we send you a link to set a password. If you want nothing of this, close the page.",
				"invited": "No account is made, and this link is over.",
				"adopted": "Nothing is changed, and this link is over.",
			},
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
		if p.name == "recover" && !a.endsRecovery() {
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
