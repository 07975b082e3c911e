package httpadapter

import (
	"encoding/base64"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/settings/input"
)

// unfinished is the answer of a sign-in that still needs a second factor. It
// says nothing of the account: the password may be in a thief's hands.
type unfinished struct {
	Status  string   `json:"status"`
	Methods []string `json:"methods"`
	tokenView
}

// beginHalf hands out the credential of an unfinished sign-in.
func (c *call) beginHalf(s auth.SignIn, bearer bool) error {
	out := unfinished{Status: string(s.Status), Methods: s.Methods}
	if out.Methods == nil {
		out.Methods = []string{}
	}
	out.tokenView = c.handOutHalf(s, bearer)
	return c.answer(http.StatusOK, out)
}

// handOutHalf puts the credential of an unfinished sign-in into a cookie or, for a bearer,
// returns what the answer has of it.
func (c *call) handOutHalf(s auth.SignIn, bearer bool) tokenView {
	if bearer {
		return viewOfToken(s.Session, s.Token)
	}
	c.app.setSideCookie(c.w, halfCookie, s.Token, s.Session.ExpiresAt)
	return tokenView{}
}

func (a *App) finishSignIn(c *call) error {
	var in struct {
		Method      string `json:"method"`
		Code        string `json:"code"`
		TrustDevice bool   `json:"trustDevice"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := requireAnswer(in.Method, in.Code); err != nil {
		return err
	}
	return c.finishHalf(auth.Answer{Method: in.Method, Code: in.Code}, in.TrustDevice)
}

// finishHalf opens the session of an unfinished sign-in.
func (c *call) finishHalf(answer auth.Answer, trust bool) error {
	a := c.app
	s, err := a.Auth.FinishSignIn(c.ctx(), c.client(), *c.half, answer, trust)
	if err != nil {
		return err
	}
	if !c.halfBearer {
		if s.Status == auth.Complete { // else there is another one in its place
			a.clearSideCookie(c.w, c.r, halfCookie)
		}
		if s.Device != "" {
			a.setSideCookie(c.w, deviceCookie, s.Device, s.DeviceUntil)
		}
	}
	return c.signedIn(s, c.halfBearer)
}

func requireAnswer(method, code string) error {
	var bad []input.FieldError
	for _, f := range []struct{ name, value string }{{"method", method}, {"code", code}} {
		if f.value == "" {
			bad = append(bad, input.New(f.name, input.Required, nil))
		}
	}
	return input.Invalid(bad...)
}

type factorView struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
}

func viewOfFactor(r authstore.FactorRecord) factorView {
	v := factorView{ID: r.ID, Kind: r.Kind, Name: r.Name, CreatedAt: r.CreatedAt.UTC()}
	if !r.LastUsedAt.IsZero() {
		at := r.LastUsedAt.UTC()
		v.LastUsedAt = &at
	}
	return v
}

func (a *App) listFactors(c *call) error {
	list, err := a.Auth.Factors(c.ctx(), c.id.Identity)
	if err != nil {
		return err
	}
	left, err := a.Auth.RecoveryCodesLeft(c.ctx(), c.id.Identity)
	if err != nil {
		return err
	}
	views := make([]factorView, len(list))
	for i, r := range list {
		views[i] = viewOfFactor(r)
	}
	var begun *waitView
	if a.endsRecovery() && len(list) > 0 {
		r, is, err := a.Auth.FactorRecoveryBegun(c.ctx(), c.id.Identity)
		if err != nil {
			return err
		}
		if is {
			begun = new(viewOfWait(r))
		}
	}
	return c.answer(http.StatusOK, struct {
		Factors  []factorView `json:"factors"`
		Left     int          `json:"recoveryCodesLeft"`
		Recovery *waitView    `json:"recovery,omitempty"`
	}{views, left, begun})
}

// beginFactor makes the handler for one kind.
func (a *App) beginFactor(kind string) func(*call) error {
	return func(c *call) error {
		var in struct {
			Name string `json:"name"`
		}
		if err := c.decodeOptional(&in); err != nil {
			return err
		}
		show, err := a.Auth.BeginFactor(c.ctx(), c.client(), c.id.Identity, kind, in.Name)
		if err != nil {
			return err
		}
		out := struct {
			Secret string `json:"secret,omitempty"`
			URI    string `json:"uri,omitempty"`
			QR     string `json:"qr,omitempty"`
		}{Secret: show.Secret, URI: show.URI}
		if show.QR != nil {
			out.QR = "data:image/png;base64," + base64.StdEncoding.EncodeToString(show.QR)
		}
		return c.answer(http.StatusOK, out)
	}
}

func (a *App) confirmFactor(kind string) func(*call) error {
	return func(c *call) error {
		var in struct {
			Code string `json:"code"`
		}
		if err := c.decode(&in); err != nil {
			return err
		}
		if err := requireAnswer(kind, in.Code); err != nil {
			return err
		}
		done, err := a.Auth.ConfirmFactor(c.ctx(), c.client(), c.id.Identity, auth.Answer{Method: kind, Code: in.Code})
		if err != nil {
			return err
		}
		return c.confirmed(done)
	}
}

// confirmed answers with what came of a factor that counts from now on.
func (c *call) confirmed(done auth.ConfirmedFactor) error {
	return c.answer(http.StatusOK, struct {
		recoveryCodes
		tokenView
	}{recoveryCodes{done.RecoveryCodes}, c.handOut(done.Proof)})
}

// recoveryCodes is null when no new set was made.
type recoveryCodes struct {
	Codes []string `json:"recoveryCodes"`
}

func (a *App) renewRecoveryCodes(c *call) error {
	codes, err := a.Auth.RenewRecoveryCodes(c.ctx(), c.client(), c.id.Identity)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, recoveryCodes{codes})
}

func (a *App) removeFactor(c *call) error {
	if err := a.Auth.RemoveFactor(c.ctx(), c.client(), c.id.Identity, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.empty()
}

type deviceView struct {
	ID         string    `json:"id"`
	Device     string    `json:"device"`
	IP         *string   `json:"ip"`
	Place      *string   `json:"place"`
	CreatedAt  time.Time `json:"createdAt"`
	LastUsedAt time.Time `json:"lastUsedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
}

func viewOfDevice(d authstore.Session) deviceView {
	return deviceView{
		ID: d.ID, Device: d.Source.Device, IP: text(d.Source.IP), Place: text(d.Source.Place),
		CreatedAt: d.CreatedAt.UTC(), LastUsedAt: d.LastUsedAt.UTC(), ExpiresAt: d.ExpiresAt.UTC(),
	}
}

func (a *App) listDevices(c *call) error {
	list, err := a.Auth.Devices(c.ctx(), c.id.Identity)
	if err != nil {
		return err
	}
	items := make([]deviceView, len(list))
	for i, d := range list {
		items[i] = viewOfDevice(d)
	}
	return c.answer(http.StatusOK, struct {
		Items []deviceView `json:"items"`
	}{items})
}

func (a *App) removeDevice(c *call) error {
	if err := a.Auth.RemoveDevice(c.ctx(), c.id.Identity, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.empty()
}
