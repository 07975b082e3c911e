package httpadapter

import (
	"errors"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/settings/input"
)

// tokenView is the token of a session in the answer to a client that sends it in a header.
// It is empty, and both members are absent, for a client that has the token in a cookie.
type tokenView struct {
	Token     string     `json:"token,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

func viewOfToken(s authstore.Session, token string) tokenView {
	return tokenView{Token: token, ExpiresAt: new(s.ExpiresAt.UTC())}
}

// signedIn is the answer of a finished sign-in.
type signedIn struct {
	Status string  `json:"status"`
	User   ownView `json:"user"`
	tokenView
	Device string `json:"deviceToken,omitempty"`
}

// noSession is the answer of a sign-up or sign-in that made none.
type noSession struct {
	Status string `json:"status"`
}

func (a *App) register(c *call) error {
	var in struct {
		Username string `json:"username"`
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := c.decode(&in, ownFieldsReadOnlyAtSignUp...); err != nil {
		return err
	}
	s, err := a.Auth.Register(c.ctx(), c.client(), auth.Registration{Username: in.Username, Email: in.Email, Password: in.Password})
	if err != nil {
		return err
	}
	if s.Token == "" { // the account comes to be by the link that was sent, if it does
		return c.answer(http.StatusAccepted, noSession{"verification_sent"})
	}
	return c.begin(http.StatusCreated, s, false)
}

func (a *App) login(c *call) error {
	var in struct {
		Login     string  `json:"login"`
		Password  string  `json:"password"`
		Remember  bool    `json:"remember"`
		Transport *string `json:"transport"`
		Device    string  `json:"deviceToken"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	bearer, err := bearerAsked(in.Transport)
	if err != nil {
		return err
	}
	if in.Device == "" && !bearer {
		in.Device = a.cookie(c.r, deviceCookie)
	}
	s, err := a.Auth.SignIn(c.ctx(), c.client(), auth.Credentials{
		Login: in.Login, Password: in.Password, Remember: in.Remember, Device: in.Device,
	})
	if errors.Is(err, auth.ErrPasswordResetRequired) {
		return c.answer(http.StatusOK, noSession{"password_reset_required"})
	}
	if err != nil {
		return err
	}
	return c.signedIn(s, bearer)
}

// bearerAsked reads the field transport.
func bearerAsked(transport *string) (bool, error) {
	if transport != nil && *transport != "bearer" && *transport != "cookie" {
		return false, input.Invalid(input.OneOf("transport", "cookie", "bearer"))
	}
	return transport != nil && *transport == "bearer", nil
}

// begin hands out a new session. A browser's earlier session ends with it:
// nobody could end it later, since its cookie is overwritten.
func (c *call) begin(status int, s auth.SignIn, bearer bool) error {
	out := signedIn{Status: string(s.Status), User: ownView{c.app, &s.User}}
	if bearer {
		out.Device = s.Device
		out.tokenView = viewOfToken(s.Session, s.Token)
		return c.answer(status, out)
	}
	if token := c.app.cookie(c.r, sessionCookie); token != "" {
		if old, err := c.app.Auth.Authenticate(c.ctx(), token); err == nil {
			if err := c.app.Auth.SignOut(c.ctx(), old); err != nil {
				return err
			}
			c.app.clearFormer(c.w, c.r, sessionCookie)
		}
	}
	c.app.setCookie(c.w, s.Session, s.Token)
	c.w.Header().Set("ETag", etag(s.User.Version))
	return c.answer(status, out)
}

func (a *App) logout(c *call) error {
	if err := a.Auth.SignOut(c.ctx(), c.id.Identity); err != nil {
		return err
	}
	if !c.id.bearer {
		a.clearCookie(c.w, c.r)
	}
	return c.empty()
}

func (a *App) reauthenticate(c *call) error {
	var in struct {
		Password string `json:"password"`
		Method   string `json:"method"`
		Code     string `json:"code"`
		passkeyBody
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.Method == auth.KindPasskey {
		answer, err := in.passkeyBody.answer()
		if err != nil {
			return err
		}
		return c.proveWith(auth.Answer{Method: in.Method, Passkey: answer})
	}
	if in.Method != "" || in.Code != "" {
		return c.reauthenticateWith(in.Method, in.Code)
	}
	proof, err := a.Auth.Reauthenticate(c.ctx(), c.client(), c.id.Identity, in.Password)
	return c.proved(proof, err)
}

// handOut gives the caller the session's new token of a proof, without which the session
// is lost to the caller. A browser gets it in the cookie. For any other client it is in the
// view that is returned, which the handler puts into the answer.
func (c *call) handOut(p auth.Proof) tokenView {
	if c.id.bearer {
		return viewOfToken(p.Session, p.Token)
	}
	c.app.clearFormer(c.w, c.r, sessionCookie)
	c.app.setCookie(c.w, p.Session, p.Token)
	return tokenView{}
}

// proved answers with a proof and nothing else: 200 where the token is in the body, and
// 204 where it is in the cookie.
func (c *call) proved(p auth.Proof, err error) error {
	if err != nil {
		return err
	}
	view := c.handOut(p)
	if view == (tokenView{}) {
		return c.empty()
	}
	return c.answer(http.StatusOK, view)
}

func (c *call) reauthenticateWith(method, code string) error {
	if err := requireAnswer(method, code); err != nil {
		return err
	}
	return c.proveWith(auth.Answer{Method: method, Code: code})
}

func (c *call) proveWith(answer auth.Answer) error {
	proof, err := c.app.Auth.ReauthenticateWith(c.ctx(), c.client(), c.id.Identity, answer)
	return c.proved(proof, err)
}

func (a *App) changePassword(c *call) error {
	var in struct {
		Current string `json:"currentPassword"`
		New     string `json:"newPassword"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	proof, err := a.Auth.ChangePassword(c.ctx(), c.client(), c.id.Identity, in.Current, in.New)
	return c.proved(proof, err)
}

type sessionView struct {
	ID         string    `json:"id"`
	Device     string    `json:"device"`
	IP         *string   `json:"ip"`
	Place      *string   `json:"place"`
	CreatedAt  time.Time `json:"createdAt"`
	LastUsedAt time.Time `json:"lastUsedAt"`
	Current    bool      `json:"current"`
}

func viewOfSession(s authstore.Session, current string) sessionView {
	return sessionView{
		ID: s.ID, Device: s.Source.Device, IP: text(s.Source.IP), Place: text(s.Source.Place),
		CreatedAt: s.CreatedAt.UTC(), LastUsedAt: s.LastUsedAt.UTC(), Current: s.ID == current,
	}
}

func (a *App) listSessions(c *call) error {
	ss, err := a.Auth.Sessions(c.ctx(), c.id.Identity)
	if err != nil {
		return err
	}
	items := make([]sessionView, len(ss))
	for i, s := range ss {
		items[i] = viewOfSession(s, c.id.Session.ID)
	}
	return c.answer(http.StatusOK, struct {
		Items []sessionView `json:"items"`
	}{items})
}

func (a *App) endSession(c *call) error {
	id := c.r.PathValue("id")
	if err := a.Auth.EndSession(c.ctx(), c.id.Identity, id); err != nil {
		return err
	}
	if id == c.id.Session.ID && !c.id.bearer {
		a.clearCookie(c.w, c.r)
	}
	return c.empty()
}

func (a *App) endOtherSessions(c *call) error {
	if _, err := a.Auth.EndOtherSessions(c.ctx(), c.id.Identity); err != nil {
		return err
	}
	return c.empty()
}
