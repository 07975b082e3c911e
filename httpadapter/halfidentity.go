package httpadapter

import (
	"context"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
)

// Cookies beside the session's: the credential of an unfinished sign-in, and
// that of a device which its user trusts. Each opens only what it is for.
const (
	halfCookie   = "-half"
	deviceCookie = "-device"
)

// identifyHalf finds who is about to finish a sign-in: by the Bearer token, or
// else by the half cookie. A full session does not help.
func (a *App) identifyHalf(ctx context.Context, r *http.Request) (half auth.HalfIdentity, bearer bool, err error) {
	cred := bearerOf(r)
	bearer = cred.present
	if !bearer {
		cred.token = a.sideCookie(r, halfCookie)
	}
	if cred.token == "" {
		return auth.HalfIdentity{}, bearer, auth.ErrUnauthenticated
	}
	half, err = a.Auth.AuthenticateHalf(ctx, cred.token)
	return half, bearer, err
}

// sideCookie is the value of a cookie beside the session's, or "".
func (a *App) sideCookie(r *http.Request, suffix string) string {
	ck, err := r.Cookie(a.cookieName() + suffix)
	if err != nil {
		return ""
	}
	return ck.Value
}

func (a *App) setSideCookie(w http.ResponseWriter, suffix, token string, until time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookieName() + suffix, Value: token, Path: "/", Expires: until.UTC(), MaxAge: int(until.Sub(a.cfg.Now()).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.cfg.secure,
	})
}

func (a *App) clearSideCookie(w http.ResponseWriter, suffix string) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookieName() + suffix, Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.cfg.secure,
	})
}
