package httpadapter

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// identity is who sent a request.
type identity struct {
	auth.Identity
	// provedAt is the last proof; of the session, or of the host's sign-in.
	provedAt time.Time
	// bearer is whether the session came in the Authorization header.
	bearer bool
}

// caller is id for the services of other packages than auth.
func (id identity) caller() profile.Caller {
	return profile.Caller{User: id.User, ProvedAt: id.provedAt}
}

func (a *App) fresh(id identity) bool { return profile.Fresh(id.provedAt, a.cfg.Now()) }

// credential is a bearer token; present also when it is empty or nonsense.
type credential struct {
	token   string
	present bool
}

func bearerOf(r *http.Request) credential {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return credential{}
	}
	return credential{token: strings.TrimSpace(token), present: true}
}

// trust is how old what a request is judged by may be.
type trust bool

const (
	// asOfNow asks the database.
	asOfNow trust = false
	// asOfCache may ask Auth.SessionCache.
	asOfCache trust = true
)

// trustOf lets only what changes nothing be judged by the cache, so an If-Match
// is never compared with a version from there.
func trustOf(r *http.Request) trust {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// identify returns the caller, or auth.ErrUnauthenticated.
func (a *App) identify(ctx context.Context, r *http.Request, t trust) (identity, error) {
	if a.cfg.Authenticator != nil {
		return a.identifyByHost(ctx, r, false)
	}
	cred := bearerOf(r)
	bearer := cred.present
	if !bearer { // a Bearer header disables the cookie, also an invalid one
		cred.token = a.cookie(r, sessionCookie)
	}
	if cred.token == "" {
		return identity{}, auth.ErrUnauthenticated
	}
	authenticate := a.Auth.Authenticate
	if t == asOfCache {
		authenticate = a.Auth.AuthenticateRead
	}
	id, err := authenticate(ctx, cred.token)
	if err != nil {
		return identity{}, err
	}
	return identity{Identity: id, provedAt: id.Session.ProvedAt, bearer: bearer}, nil
}

// identifyByHost asks the host's sign-in. With pending it also finds a user whose
// account will be erased, as long as that can be taken back.
func (a *App) identifyByHost(ctx context.Context, r *http.Request, pending bool) (identity, error) {
	caller, err := a.cfg.Authenticator.Authenticate(r.WithContext(ctx))
	if err != nil {
		return identity{}, err
	}
	u, err := a.cfg.Stores.Users.User(ctx, caller.UserID)
	gone := u.DeletionPending() && (!pending || !u.Restorable(a.cfg.Now()))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (u.Disabled || gone) {
		return identity{}, auth.ErrUnauthenticated
	}
	if err != nil {
		return identity{}, err
	}
	return identity{Identity: auth.Identity{User: u}, provedAt: caller.ProvedAt}, nil
}

// viewer is the caller of a route that anyone may call, or nobody. An invalid
// credential is nobody; a store that is down is an error, so that it cannot
// pass for a sign-out.
func (c *call) viewer() (profile.Viewer, error) {
	id, err := c.app.identify(c.context, c.r, trustOf(c.r))
	if errors.Is(err, auth.ErrUnauthenticated) {
		return profile.Viewer{}, nil
	}
	if err != nil {
		return profile.Viewer{}, err
	}
	return profile.Viewer{UserID: id.User.ID}, nil
}

type userKey struct{}

// User returns the signed-in user that RequireUser found, in the host's own
// handlers.
func User(ctx context.Context) (profile.User, bool) {
	u, ok := ctx.Value(userKey{}).(profile.User)
	return u, ok
}

// RequireUser lets only signed-in requests through to next, and refuses state
// changes from other origins as the own routes do. User(ctx) gives the caller.
func (a *App) RequireUser(next http.Handler) http.Handler { return a.require(nil, next) }

// RequireRole lets only signed-in users with exactly that role through to next.
func (a *App) RequireRole(role string, next http.Handler) http.Handler { return a.require(&role, next) }

func (a *App) require(role *string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Cookie, Authorization")
		if !bearerOf(r).present {
			if err := a.cors.Check(r); err != nil {
				errCrossOrigin.write(w)
				return
			}
		}
		t := trustOf(r)
		if role != nil {
			t = asOfNow
		}
		id, err := a.identify(r.Context(), r, t)
		if err != nil {
			p := problemOf(err)
			if p.Status >= 500 {
				reqID := rand.Text()
				h.Set("X-Request-Id", reqID)
				a.logCause(r.Context(), p, err, reqID, "a route of the host")
			}
			p.write(w)
			return
		}
		if role != nil && id.User.Role != *role {
			problemf(403, "role_required", "This needs another role.").write(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, id.User)))
	})
}
