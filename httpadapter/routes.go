package httpadapter

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/auth/authmail"
)

// Class is who may call a route.
type Class string

// The classes of routes.
const (
	// Anyone needs no identity; some routes show more to one who has it.
	Anyone Class = "anyone"
	// Half needs the credential of an unfinished sign-in.
	Half Class = "half"
	// In needs a signed-in caller.
	In Class = "in"
	// Fresh needs a signed-in caller with a proof within 10 minutes.
	Fresh Class = "fresh"
	// DeletionPending needs a caller whose account will be erased, with a fresh proof: the
	// credential of a sign-in that found it so, or the host's Authenticator.
	DeletionPending Class = "deletion_pending"
)

// Route is one mounted route; Pattern is that of net/http, without method.
type Route struct {
	Method  string
	Pattern string
	Class   Class
}

// route is one line of the table. A route without a class does not serve.
type route struct {
	method  string
	pattern string
	class   Class
	handle  func(*call) error
	// root is a route of the replaced application, outside Base.
	root bool
	// foreign refuses other origins even without a cookie: routes that make
	// one, so that no page can sign its visitor in.
	foreign bool
	// human is what HTTP.Captcha is asked about, or "".
	human string
	// public is an answer that shared caches may keep; the handler says how.
	public bool
	// bytes is a route whose answer is not JSON, so Accept does not rule it.
	bytes bool
	// fault writes an error in a form other than problem+json.
	fault func(http.ResponseWriter, *problem)
}

// table declares every route once. Authorisation, origin checks, caching and
// the documents are all read off it; the contract test walks it.
func (a *App) table() ([]route, error) {
	var t []route
	add := func(method, path string, class Class, handle func(*call) error, opts ...func(*route)) {
		r := route{method: method, pattern: a.cfg.HTTP.Base + path, class: class, handle: handle}
		for _, o := range opts {
			o(&r)
		}
		t = append(t, r)
	}
	foreign := func(r *route) { r.foreign = true }
	human := func(action string) func(*route) { return func(r *route) { r.human = action } }
	bytes := func(r *route) { r.bytes = true }
	public := func(r *route) { r.public = true; r.bytes = true }
	root := func(r *route) { r.root = true; r.pattern = strings.TrimPrefix(r.pattern, a.cfg.HTTP.Base) }
	legacy := func(r *route) { r.fault = legacyFault; r.bytes = true }

	if a.Auth != nil {
		add("POST", "/auth/register", Anyone, a.register, foreign, human("register"))
		add("POST", "/auth/login", Anyone, a.login, foreign, human("login"))
		add("POST", "/auth/logout", In, a.logout)
		add("POST", "/auth/reauthenticate", In, a.reauthenticate)
		add("POST", "/auth/password", In, a.changePassword)
		if a.mails() {
			add("POST", "/auth/password/forgot", Anyone, a.forgot, foreign, human("forgot"))
			add("POST", "/auth/password/reset", Anyone, a.reset, foreign)
			add("POST", "/auth/email/verify", Anyone, a.verifyEmail, foreign)
			add("POST", "/auth/email/verify/resend", In, a.resendVerify)
			add("POST", "/auth/email/change", Fresh, a.changeEmail)
			add("POST", "/auth/email/change/confirm", Anyone, a.confirmEmail, foreign)
			add("POST", "/auth/email/change/undo", Anyone, a.undoEmail, foreign)
		}
		add("GET", "/auth/proof", In, a.getProofs)
		if a.mails() {
			add("POST", "/auth/proof/mail", In, a.sendMailCode)
			add("POST", "/auth/proof/mail/confirm", In, a.proveMailbox)
			add("POST", "/auth/proof/wait", Fresh, a.beginWait)
			add("DELETE", "/auth/proof/wait", In, a.cancelWait)
		}
		add("GET", "/auth/sessions", In, a.listSessions)
		add("DELETE", "/auth/sessions", In, a.endOtherSessions)
		add("DELETE", "/auth/sessions/{id}", In, a.endSession)
		if a.cfg.Auth.Passkeys != nil {
			add("POST", "/auth/passkeys/login/begin", Anyone, a.beginPasskey, foreign)
			add("POST", "/auth/passkeys/login/finish", Anyone, a.finishPasskey, foreign)
			add("POST", "/auth/passkeys/register/begin", Fresh, a.beginAddPasskey)
			add("POST", "/auth/passkeys/register/finish", Fresh, a.addPasskey)
			add("PATCH", "/auth/passkeys/{id}", Fresh, a.renamePasskey)
			add("DELETE", "/auth/passkeys/{id}", Fresh, a.removePasskey)
		}
		if len(a.cfg.Auth.Codes.Channels) > 0 {
			add("POST", "/auth/mfa/challenge", Half, a.sendCode, foreign)
			add("POST", "/auth/reauthenticate/challenge", In, a.sendProofCode)
			if slices.Contains(a.cfg.Auth.Codes.Channels, authmail.BySMS) {
				add("POST", "/auth/mfa/phone", Fresh, a.beginPhone)
				add("POST", "/auth/mfa/phone/confirm", Fresh, a.confirmCode(authmail.BySMS))
			}
			if slices.Contains(a.cfg.Auth.Codes.Channels, authmail.ByEmail) {
				add("POST", "/auth/mfa/email", Fresh, a.beginEmailCodes)
				add("POST", "/auth/mfa/email/confirm", Fresh, a.confirmCode(authmail.ByEmail))
			}
		}
		// Also where nobody can enrol a factor any more: those who have one are asked
		// for it, and have recovery codes.
		add("POST", "/auth/mfa", Half, a.finishSignIn, foreign)
		if a.recovers() {
			add("POST", "/auth/mfa/recovery", Half, a.beginRecovery, foreign)
		}
		if a.endsRecovery() {
			add("POST", "/auth/mfa/recovery/confirm", Half, a.confirmRecovery, foreign)
		}
		add("GET", "/auth/mfa", In, a.listFactors)
		for _, f := range a.cfg.Auth.Factors {
			add("POST", "/auth/mfa/"+f.Kind(), Fresh, a.beginFactor(f.Kind()))
			add("POST", "/auth/mfa/"+f.Kind()+"/confirm", Fresh, a.confirmFactor(f.Kind()))
		}
		add("POST", "/auth/mfa/recovery-codes", Fresh, a.renewRecoveryCodes)
		add("DELETE", "/auth/mfa/{id}", Fresh, a.removeFactor)
		add("GET", "/auth/devices", In, a.listDevices)
		add("DELETE", "/auth/devices/{id}", In, a.removeDevice)
	}
	add("GET", "/profile", In, a.getProfile)
	add("PATCH", "/profile", In, a.patchProfile)
	add("PUT", "/profile", In, a.putProfile)
	add("GET", "/profile/export", Fresh, a.exportProfile, bytes)
	if a.Deletions != nil {
		add("DELETE", "/profile", Fresh, a.deleteProfile)
		add("POST", "/profile/restore", DeletionPending, a.restoreProfile, foreign)
	}
	if a.Pictures != nil {
		add("PUT", "/profile/picture", In, a.putPicture)
		add("DELETE", "/profile/picture", In, a.deletePicture)
		if a.Pictures.CanDirect() {
			add("POST", "/profile/picture/direct", In, a.beginDirect)
			add("POST", "/profile/picture/direct/{id}/complete", In, a.completeDirect)
		}
	}
	add("GET", "/users/{username}", Anyone, a.getUser)
	add("GET", "/users/{username}/picture", Anyone, a.getUserPicture, bytes)
	if a.Pictures != nil {
		add("GET", "/pictures/{key}", Anyone, a.getPicture, bytes)
	}
	add("GET", "/settings", In, a.getSettings)
	add("PATCH", "/settings", In, a.patchSettings)
	add("GET", "/activity", In, a.getActivity)
	if a.mails() {
		add("POST", "/activity/report", Anyone, a.report, foreign)
	}
	add("GET", "/capabilities", Anyone, a.getCapabilities, public)
	add("GET", "/openapi.json", Anyone, a.getOpenAPI, public)
	if !a.cfg.HTTP.NoLegacy {
		if a.Pictures != nil {
			add("POST", "/upload-profile", In, a.uploadProfile, root, legacy)
		}
		add("GET", "/default-avatar.png", Anyone, a.getDefaultAvatar, root, public)
	}
	if a.mails() && !a.cfg.HTTP.NoPages {
		err := a.pageRoutes(func(name string, handle func(*call) error) {
			add("GET", "/account/"+name, Anyone, handle, root, bytes)
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// mails reports whether links can be sent to people.
func (a *App) mails() bool { return a.Auth != nil && a.cfg.Auth.Courier != nil }

// onceEach reports a route that is there twice, as by a factor of the host's whose kind
// is a word of ours.
func onceEach(routes []route) error {
	seen := map[string]bool{}
	for _, r := range routes {
		key := r.method + " " + r.pattern
		if seen[key] {
			return fmt.Errorf("httpadapter: the route %s would be there twice: a kind of Auth.Factors is one of ours", key)
		}
		seen[key] = true
	}
	return nil
}

// hasFactors reports whether people can enrol a second factor.
func (a *App) hasFactors() bool {
	p := a.cfg.Auth
	return a.Auth != nil && (len(p.Factors) > 0 || p.Passkeys != nil || len(p.Codes.Channels) > 0)
}

// matcher finds routes by path, exactly: no cleaning, no trailing slash, no
// encoded slash. A path that a cache or proxy might read differently is not
// one of ours.
type matcher struct {
	static map[string][]*route
	params []pathRoutes
}

type pathRoutes struct {
	segments []string // "{name}" is a parameter
	routes   []*route
}

func newMatcher(routes []route) *matcher {
	m := &matcher{static: map[string][]*route{}}
	for i := range routes {
		rt := &routes[i]
		if !strings.Contains(rt.pattern, "{") {
			m.static[rt.pattern] = append(m.static[rt.pattern], rt)
			continue
		}
		segs := strings.Split(rt.pattern, "/")
		j := slices.IndexFunc(m.params, func(p pathRoutes) bool { return slices.Equal(p.segments, segs) })
		if j < 0 {
			m.params = append(m.params, pathRoutes{segments: segs})
			j = len(m.params) - 1
		}
		m.params[j].routes = append(m.params[j].routes, rt)
	}
	return m
}

// find returns the routes of the request's path, one a method, or nil, and
// sets the path values.
func (m *matcher) find(r *http.Request) []*route {
	path := r.URL.EscapedPath()
	if rs := m.static[path]; rs != nil {
		return rs
	}
	for _, p := range m.params {
		if vals, ok := p.match(path); ok {
			for i := 0; i < len(vals); i += 2 {
				r.SetPathValue(vals[i], vals[i+1])
			}
			return p.routes
		}
	}
	return nil
}

func (p pathRoutes) match(path string) (vals []string, ok bool) {
	rest := path
	for i, want := range p.segments {
		seg, tail, more := strings.Cut(rest, "/")
		if more != (i < len(p.segments)-1) {
			return nil, false
		}
		rest = tail
		if name, isParam := strings.CutPrefix(want, "{"); isParam {
			v, err := url.PathUnescape(seg)
			if err != nil || v == "" || strings.ContainsAny(v, "/\x00") {
				return nil, false
			}
			vals = append(vals, strings.TrimSuffix(name, "}"), v)
		} else if seg != want {
			return nil, false
		}
	}
	return vals, true
}
