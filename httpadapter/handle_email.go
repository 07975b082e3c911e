package httpadapter

import (
	"context"

	"github.com/profilekit/profilekit/profile"
)

func (a *App) verifyEmail(c *call) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	return c.done(a.Auth.Verify(c.ctx(), c.client(), by, token))
}

func (a *App) resendVerify(c *call) error {
	if err := a.Auth.ResendVerify(c.ctx(), c.client(), c.id.Identity); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) changeEmail(c *call) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := a.Auth.BeginEmailChange(c.ctx(), c.client(), c.id.Identity, in.Email); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) confirmEmail(c *call) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	return c.done(a.Auth.ConfirmEmailChange(c.ctx(), c.client(), token))
}

func (a *App) undoEmail(c *call) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	return c.done(a.Auth.UndoEmailChange(c.ctx(), c.client(), token))
}

// editWithEmail applies e and begins the change to its e-mail address, both or
// neither.
func (a *App) editWithEmail(c *call, e profile.Edit, version int64) (profile.User, error) {
	if !a.fresh(c.id) {
		return profile.User{}, errReauthenticate
	}
	email := *e.Email
	e.Email = nil
	var u profile.User
	err := a.cfg.Stores.InTx(c.ctx(), func(ctx context.Context) error {
		if _, err := a.Profiles.EditUser(ctx, c.id.User, e, version); err != nil {
			return err
		}
		err := a.Auth.BeginEmailChange(ctx, c.client(), c.id.Identity, email)
		if err == nil {
			u, err = a.users.User(ctx, c.id.User.ID)
		}
		return err
	})
	return u, err
}
