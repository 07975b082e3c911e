package httpadapter

import (
	"context"
	"net/http"

	"github.com/profilekit/profilekit/auth"
)

// identifyHalf finds who is about to finish a sign-in: by the Bearer token, or
// else by the half cookie. A full session does not help.
func (a *App) identifyHalf(ctx context.Context, r *http.Request) (half auth.HalfIdentity, bearer bool, err error) {
	cred := bearerOf(r)
	bearer = cred.present
	if !bearer {
		cred.token = a.cookie(r, halfCookie)
	}
	if cred.token == "" {
		return auth.HalfIdentity{}, bearer, auth.ErrUnauthenticated
	}
	half, err = a.Auth.AuthenticateHalf(ctx, cred.token)
	return half, bearer, err
}
