package httpadapter

import (
	"net/http"
	"slices"
	"strings"
)

// allowOrigin lets pages of TrustedOrigins read answers, and answers their
// preflights itself (true). The origin is never reflected unless it is on the
// list, and "null" never is.
func (a *App) allowOrigin(c *call, routes []*route) bool {
	if len(a.cfg.HTTP.TrustedOrigins) == 0 {
		return false
	}
	h := c.w.Header()
	h.Add("Vary", "Origin")
	origin := c.r.Header.Get("Origin")
	if !slices.Contains(a.cfg.HTTP.TrustedOrigins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "ETag, Retry-After, X-Request-Id")
	if c.r.Method != http.MethodOptions || c.r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(allowed(routes), ", "))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "600")
	c.w.WriteHeader(http.StatusNoContent)
	return true
}
