package httpadapter

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
)

// The cookies, by what follows the common name. Each opens only what it is for.
const (
	// sessionCookie is the credential of a session.
	sessionCookie = ""
	// halfCookie is the credential of an unfinished sign-in.
	halfCookie = "-half"
	// deviceCookie is the credential of a device that its user trusts.
	deviceCookie = "-device"
)

// defaultCookie is the common name that a host gets that chooses none.
const defaultCookie = "profilekit"

// maxCookieName is the bytes that a host's name may have. Browsers count the name with
// the value, and drop a cookie that is too long in silence.
const maxCookieName = 64

// checkCookieName says why name cannot be the common name of the cookies.
func checkCookieName(name string) error {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	switch {
	case len(name) > maxCookieName || strings.Trim(name, token) != "":
		return fmt.Errorf("%q is not a token of at most %d letters, digits and %s", name, maxCookieName, token[:15])
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("%q begins with a prefix that means something to browsers; __Host- is added where BaseURL is https", name)
	case strings.HasSuffix(name, halfCookie), strings.HasSuffix(name, deviceCookie):
		return fmt.Errorf("%q ends like the name of a cookie beside the session's", name)
	}
	return nil
}

// settleCookies fills in the default name, and checks both names.
func (h *HTTP) settleCookies() error {
	if h.Cookie == "" {
		h.Cookie = defaultCookie
	}
	if err := checkCookieName(h.Cookie); err != nil {
		return fmt.Errorf("httpadapter: Config.HTTP.Cookie: %w", err)
	}
	if err := checkCookieName(h.FormerCookie); err != nil {
		return fmt.Errorf("httpadapter: Config.HTTP.FormerCookie: %w", err)
	}
	if h.FormerCookie == h.Cookie {
		return errors.New("httpadapter: Config.HTTP.FormerCookie has no effect: it is the name that the cookie has now")
	}
	return nil
}

// cookieName is the name of a cookie under a common name. Browsers take a __Host- cookie
// over https only, and no subdomain can set one (RFC 6265bis, section 4.1.3.2). A former
// cookie has the prefix too: without it a subdomain could set that one.
func (a *App) cookieName(common, which string) string {
	if a.cfg.secure {
		return "__Host-" + common + which
	}
	return common + which
}

// cookie is the value that the request has of a cookie, or "". The cookie under the former
// name counts where there is none under the name of today.
func (a *App) cookie(r *http.Request, which string) string {
	value, _ := a.sentCookie(r, which)
	return value
}

// sentCookie is cookie, and whether the value came under the former name.
func (a *App) sentCookie(r *http.Request, which string) (value string, former bool) {
	if ck, err := r.Cookie(a.cookieName(a.cfg.HTTP.Cookie, which)); err == nil {
		return ck.Value, false
	}
	if a.cfg.HTTP.FormerCookie == "" {
		return "", false
	}
	ck, err := r.Cookie(a.cookieName(a.cfg.HTTP.FormerCookie, which))
	if err != nil {
		return "", false
	}
	return ck.Value, true
}

// clearFormer has the browser forget a cookie under the former name, if r was identified
// by it. Any other cookie of that name may belong to another app of the origin.
func (a *App) clearFormer(w http.ResponseWriter, r *http.Request, which string) {
	if _, former := a.sentCookie(r, which); former {
		ck := a.newCookie(a.cfg.HTTP.FormerCookie, which, "")
		ck.MaxAge = -1
		http.SetCookie(w, ck)
	}
}

// newCookie has the attributes that all cookies share: no script reads one, no request
// that another site begins carries one except by a link.
func (a *App) newCookie(common, which, value string) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(common, which), Value: value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.cfg.secure,
	}
}

// setCookie writes the cookie of a session. It ends with the browser, unless its user
// asked to stay signed in.
func (a *App) setCookie(w http.ResponseWriter, s authstore.Session, token string) {
	if s.Remember {
		a.setSideCookie(w, sessionCookie, token, s.ExpiresAt)
		return
	}
	http.SetCookie(w, a.newCookie(a.cfg.HTTP.Cookie, sessionCookie, token))
}

// clearCookie has the browser forget the cookie of the session, by which r was identified.
func (a *App) clearCookie(w http.ResponseWriter, r *http.Request) {
	a.clearSideCookie(w, r, sessionCookie)
}

// setSideCookie writes a cookie that lasts until a time.
func (a *App) setSideCookie(w http.ResponseWriter, which, token string, until time.Time) {
	ck := a.newCookie(a.cfg.HTTP.Cookie, which, token)
	ck.Expires, ck.MaxAge = until.UTC(), int(until.Sub(a.cfg.Now()).Seconds())
	http.SetCookie(w, ck)
}

// clearSideCookie has the browser forget a cookie, by which r was identified.
func (a *App) clearSideCookie(w http.ResponseWriter, r *http.Request, which string) {
	a.clearFormer(w, r, which)
	ck := a.newCookie(a.cfg.HTTP.Cookie, which, "")
	ck.MaxAge = -1
	http.SetCookie(w, ck)
}
