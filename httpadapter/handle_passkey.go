package httpadapter

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/settings/input"
)

// The purposes for which a passkey is asked.
const (
	forSignIn = "sign_in"
	forSecond = "second_factor"
	forProof  = "reauthenticate"
)

// challengeView is what a page needs for navigator.credentials.
type challengeView struct {
	PublicKey json.RawMessage `json:"publicKey"`
	State     string          `json:"state"`
	ExpiresAt time.Time       `json:"expiresAt"`
}

func (c *call) challenge(ch authfactor.Challenge, err error) error {
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, challengeView{PublicKey: ch.Options, State: ch.State, ExpiresAt: ch.ExpiresAt.UTC()})
}

// passkeyBody is what a page sends back.
type passkeyBody struct {
	State      string          `json:"state"`
	Credential json.RawMessage `json:"credential"`
}

func (b passkeyBody) answer() (auth.PasskeyAnswer, error) {
	var bad []input.FieldError
	if b.State == "" {
		bad = append(bad, input.New("state", input.Required, nil))
	}
	if len(b.Credential) == 0 || string(b.Credential) == "null" {
		bad = append(bad, input.New("credential", input.Required, nil))
	}
	return auth.PasskeyAnswer{State: b.State, Response: b.Credential}, input.Invalid(bad...)
}

func errPurpose() error {
	return input.Invalid(input.OneOf("purpose", forSignIn, forSecond, forProof))
}

func (a *App) beginPasskey(c *call) error {
	var in struct {
		Purpose string `json:"purpose"`
	}
	if err := c.decodeOptional(&in); err != nil {
		return err
	}
	switch in.Purpose {
	case "", forSignIn:
		return c.challenge(a.Auth.BeginPasskey(c.ctx()))
	case forSecond:
		half, _, err := a.identifyHalf(c.ctx(), c.r)
		if err != nil {
			return err
		}
		return c.challenge(a.Auth.BeginPasskeyProof(c.ctx(), half))
	case forProof:
		id, err := a.identify(c.ctx(), c.r, asOfNow)
		if err != nil {
			return err
		}
		return c.challenge(a.Auth.BeginPasskeyProof(c.ctx(), id.Identity))
	}
	return errPurpose()
}

func (a *App) finishPasskey(c *call) error {
	var in struct {
		passkeyBody
		Purpose     string  `json:"purpose"`
		Remember    bool    `json:"remember"`
		Transport   *string `json:"transport"`
		TrustDevice bool    `json:"trustDevice"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	bearer, err := bearerAsked(in.Transport)
	if err != nil {
		return err
	}
	answer, err := in.answer()
	if err != nil {
		return err
	}
	switch in.Purpose {
	case "", forSignIn:
		s, err := a.Auth.SignInWithPasskey(c.ctx(), c.client(), answer, in.Remember)
		if errors.Is(err, auth.ErrPasswordResetRequired) {
			return c.answer(http.StatusOK, noSession{"password_reset_required"})
		}
		if err != nil {
			return err
		}
		return c.signedIn(s, bearer)
	case forSecond:
		half, bearer, err := a.identifyHalf(c.ctx(), c.r)
		if err != nil {
			return err
		}
		c.half, c.halfBearer = &half, bearer
		return c.finishHalf(auth.Answer{Method: auth.KindPasskey, Passkey: answer}, in.TrustDevice)
	}
	return errPurpose()
}

func (a *App) beginAddPasskey(c *call) error {
	return c.challenge(a.Auth.BeginAddPasskey(c.ctx(), c.id.Identity))
}

func (a *App) addPasskey(c *call) error {
	var in struct {
		passkeyBody
		Name string `json:"name"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	answer, err := in.answer()
	if err != nil {
		return err
	}
	done, err := a.Auth.AddPasskey(c.ctx(), c.client(), c.id.Identity, answer, in.Name)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, struct {
		Passkey factorView `json:"passkey"`
		recoveryCodes
		tokenView
	}{viewOfFactor(done.Factor), recoveryCodes{done.RecoveryCodes}, c.handOut(done.Proof)})
}

func (a *App) renamePasskey(c *call) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.Name == nil {
		return input.Invalid(input.New("name", input.Required, nil))
	}
	return c.done(a.Auth.RenameFactor(c.ctx(), c.id.Identity, c.r.PathValue("id"), *in.Name, auth.KindPasskey))
}

func (a *App) removePasskey(c *call) error {
	return c.done(a.Auth.RemoveFactor(c.ctx(), c.client(), c.id.Identity, c.r.PathValue("id"), auth.KindPasskey))
}
