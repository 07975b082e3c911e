package httpadapter

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/storage"
)

// call is one request on its way through a handler.
type call struct {
	app *App
	w   *answer
	r   *http.Request
	// answered is what w points to.
	answered answer
	// context has the deadline and the source of events; the request is not
	// copied to carry them.
	context context.Context
	id      identity
	// half is who is about to finish a sign-in, on routes of that class.
	half       *auth.HalfIdentity
	halfBearer bool
	// unhook, set by body, ends its watch of the request's context.
	unhook func() bool
}

// client is who calls, for limits.
func (c *call) client() auth.Client { return c.app.clientOf(c.r) }

// source is where the events of this request come from.
func (c *call) source() activity.Source {
	client := c.client()
	return activity.Source{IP: activity.MaskIP(client.IP), Device: activity.DeviceName(client.UserAgent), Place: c.app.place(client.IP)}
}

// Headers that nearly every answer has. They are shared, so they are only ever
// replaced, never written to.
var (
	noSniff  = []string{"nosniff"}
	noStore  = []string{"no-store"}
	varyWho  = []string{"Cookie, Authorization"}
	typeJSON = []string{"application/json"}
)

func (c *call) ctx() context.Context { return c.context }

// answer remembers whether and what was answered.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ServeHTTP answers the app's own routes; everything else is 404.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := &call{app: a, r: r, answered: answer{ResponseWriter: w}}
	c.w = &c.answered
	reqID := rand.Text()
	h := w.Header()
	h.Set("X-Request-Id", reqID)
	h["X-Content-Type-Options"] = noSniff
	pattern := "unknown"
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { // net/http's own way to cut a connection
				panic(v)
			}
			a.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
				slog.String("request_id", reqID), slog.String("route", pattern), slog.String("stack", string(debug.Stack())))
			if c.w.status != 0 { // only a cut connection tells that the answer is not whole
				panic(http.ErrAbortHandler)
			}
			errInternal.write(c.w)
		}
		level := slog.LevelInfo
		if c.w.status >= 500 {
			level = slog.LevelWarn
		}
		if a.cfg.records && a.cfg.Logger.Enabled(r.Context(), level) {
			a.cfg.Logger.LogAttrs(r.Context(), level, "request",
				slog.String("request_id", reqID), slog.String("method", methodName(r.Method)), slog.String("route", pattern),
				slog.Int("status", c.w.status), slog.Duration("took", time.Since(start)))
		}
	}()

	routes := a.match.find(r)
	rt, err := a.route(c, routes)
	if rt != nil {
		pattern = rt.pattern
	}
	if err == nil && rt != nil {
		ctx, cancel := a.bounded(r)
		defer cancel()
		c.context = ctx
		defer c.bodyDone()
		err = a.handle(c, rt)
	}
	if err == nil || c.w.status != 0 {
		return
	}
	p := problemOf(err)
	a.logCause(r.Context(), p, err, reqID, pattern)
	if rt != nil && rt.fault != nil {
		rt.fault(c.w, p)
		return
	}
	p.write(c.w)
}

// logCause writes down why a request is answered by 5xx, once for each: as an error
// when the fault is ours, as a warning when something else is down, and for
// somebody who has gone, and hears no answer, as information.
func (a *App) logCause(ctx context.Context, p *problem, err error, reqID, pattern string) {
	if p.Status < 500 {
		return
	}
	level := slog.LevelWarn
	switch {
	case p.Status == http.StatusInternalServerError:
		level = slog.LevelError
	case errors.Is(ctx.Err(), context.Canceled):
		level = slog.LevelInfo
	}
	a.cfg.Logger.LogAttrs(ctx, level, "request failed",
		slog.String("request_id", reqID), slog.String("route", pattern), slog.Int("status", p.Status), slog.Any("error", err))
}

// bounded is the context of r with the time that the work on it may take.
func (a *App) bounded(r *http.Request) (context.Context, context.CancelFunc) {
	limit := a.cfg.HTTP.RequestTimeout + a.bodyAllowance(r)
	if a.cfg.Auth.SessionCache == (auth.SessionCache{}) { // somebody will wait for it
		return context.WithTimeout(r.Context(), limit)
	}
	d := newDeadline(r.Context(), limit)
	return d, d.end
}

// bodyAllowance is how much longer a request with a body may take: the time
// the body has to arrive.
func (a *App) bodyAllowance(r *http.Request) time.Duration {
	if r.ContentLength == 0 {
		return 0
	}
	return a.cfg.HTTP.BodyTimeout
}

// methodName keeps made-up methods out of the log.
func methodName(m string) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, m) {
		return m
	}
	return "other"
}

// route picks the route of the request's method, or says why there is none.
// It answers CORS preflights itself.
func (a *App) route(c *call, routes []*route) (*route, error) {
	h := c.w.Header()
	// Only what a public route shows may be kept; a 405 is cacheable by itself
	// (RFC 9110, section 15.1), so it is told not to be.
	public := len(routes) > 0 && routes[0].public && (c.r.Method == http.MethodGet || c.r.Method == http.MethodHead)
	if !public {
		h["Cache-Control"] = noStore
		if len(h["Vary"]) == 0 {
			h["Vary"] = varyWho
		} else { // by the host's middleware
			h.Add("Vary", varyWho[0])
		}
	}
	if len(routes) == 0 {
		return nil, errNotFound
	}
	if a.allowOrigin(c, routes) {
		return nil, nil
	}
	method := c.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, rt := range routes {
		if rt.method == method {
			return rt, nil
		}
	}
	h.Set("Allow", strings.Join(allowed(routes), ", "))
	return nil, problemf(405, "method_not_allowed", "This path does not know this method.")
}

func allowed(routes []*route) []string {
	var m []string
	for _, rt := range routes {
		m = append(m, rt.method)
		if rt.method == http.MethodGet {
			m = append(m, http.MethodHead)
		}
	}
	return m
}

// handle does what the route's line in the table asks for, in this order:
// origin, Accept, identity, class; only then does the handler run and the body
// get read.
func (a *App) handle(c *call, rt *route) error {
	bearer := bearerOf(c.r)
	if rt.foreign || !bearer.present {
		if err := a.cors.Check(c.r); err != nil {
			return errCrossOrigin
		}
	}
	if !rt.bytes && !accepts(c.r) {
		return errNotAcceptable
	}
	c.context = activity.WithSourceFunc(c.context, c.source)
	if rt.human != "" && a.cfg.HTTP.Captcha != nil {
		if err := a.askHuman(c, rt.human); err != nil {
			return err
		}
	}

	switch rt.class {
	case Anyone:
		// The handlers that show more to one who is known ask for it.
	case In, Fresh:
		t := trustOf(c.r)
		if rt.class == Fresh {
			t = asOfNow
		}
		id, err := a.identify(c.context, c.r, t)
		if err != nil {
			return err
		}
		c.id = id
		if rt.class == Fresh && !a.fresh(id) {
			return errReauthenticate
		}
	case DeletionPending:
		return a.handleDeletionPending(c, rt)
	case Half:
		half, bearer, err := a.identifyHalf(c.context, c.r)
		if err != nil {
			return err
		}
		c.half, c.halfBearer = &half, bearer
	default:
		return errors.New("httpadapter: route without a class: " + rt.pattern)
	}
	return rt.handle(c)
}

// handleDeletionPending finds somebody whose account will be erased: by our sign-in, or by
// the host's.
func (a *App) handleDeletionPending(c *call, rt *route) (err error) {
	if a.cfg.Authenticator == nil {
		half, bearer, err := a.identifyHalf(c.context, c.r)
		if err != nil {
			return err
		}
		c.half, c.halfBearer = &half, bearer
		return rt.handle(c)
	}
	if c.id, err = a.identifyByHost(c.context, c.r, true); err != nil {
		return err
	}
	if !a.fresh(c.id) {
		return errReauthenticate
	}
	return rt.handle(c)
}

// askHuman asks HTTP.Captcha. What it says is the host's, not for clients.
func (a *App) askHuman(c *call, action string) error {
	err := a.cfg.HTTP.Captcha(c.r.WithContext(c.context), action)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrUnavailable), c.context.Err() != nil:
		return err
	}
	a.cfg.Logger.LogAttrs(c.context, slog.LevelInfo, "captcha refused", slog.String("action", action), slog.Any("error", err))
	return errCaptcha
}

// accepts reports whether the client takes JSON.
func accepts(r *http.Request) bool {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json", "application/problem+json", "application/*", "*/*", "":
			q := strings.ReplaceAll(strings.ReplaceAll(params, " ", ""), "Q=", "q=")
			if _, v, ok := strings.Cut(q, "q="); ok {
				v, _, _ = strings.Cut(v, ";")
				if f, err := strconv.ParseFloat(v, 64); err == nil && f == 0 {
					continue
				}
			}
			return true
		}
	}
	return false
}

// json answers with v.
func (c *call) answer(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.w.Header()["Content-Type"] = typeJSON
	return c.write(status, body)
}

func (c *call) raw(status int, contentType string, body []byte) error {
	c.w.Header().Set("Content-Type", contentType)
	return c.write(status, body)
}

func (c *call) write(status int, body []byte) error {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	return c.send(status, body)
}

// send is write for a body whose length is told already.
func (c *call) send(status int, body []byte) error {
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		c.w.Write(body)
	}
	return nil
}

// empty answers without a body.
func (c *call) empty() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
