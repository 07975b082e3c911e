package httpadapter

import (
	"slices"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/input"
)

// codeMethod reads by what a code is asked for.
func (c *call) codeMethod() (string, error) {
	var in struct {
		Method string `json:"method"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	if !slices.Contains(c.app.cfg.Auth.Codes.Channels, authmail.Channel(in.Method)) {
		var names []string
		for _, channel := range c.app.cfg.Auth.Codes.Channels {
			names = append(names, string(channel))
		}
		return "", input.Invalid(input.OneOf("method", names...))
	}
	return in.Method, nil
}

// sendCode sends a code for an unfinished sign-in.
func (a *App) sendCode(c *call) error {
	method, err := c.codeMethod()
	if err != nil {
		return err
	}
	if err := a.Auth.SendCode(c.ctx(), c.client(), *c.half, method); err != nil {
		return err
	}
	return c.accepted()
}

// sendProofCode sends a code for a fresh proof.
func (a *App) sendProofCode(c *call) error {
	method, err := c.codeMethod()
	if err != nil {
		return err
	}
	if err := a.Auth.SendCode(c.ctx(), c.client(), c.id.Identity, method); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) beginPhone(c *call) error {
	var in struct {
		Phone string `json:"phone"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := a.Auth.BeginPhone(c.ctx(), c.client(), c.id.Identity, in.Phone); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) beginEmailCodes(c *call) error {
	if err := a.Auth.BeginEmailCodes(c.ctx(), c.client(), c.id.Identity); err != nil {
		return err
	}
	return c.accepted()
}

// confirmCode makes the handler for one channel.
func (a *App) confirmCode(ch authmail.Channel) func(*call) error {
	return func(c *call) error {
		var in struct {
			Code string `json:"code"`
		}
		if err := c.decode(&in); err != nil {
			return err
		}
		if err := requireAnswer(string(ch), in.Code); err != nil {
			return err
		}
		done, err := a.Auth.ConfirmFactor(c.ctx(), c.client(), c.id.Identity, auth.Answer{Method: string(ch), Code: in.Code})
		if err != nil {
			return err
		}
		return c.confirmed(done)
	}
}
