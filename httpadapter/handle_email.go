package httpadapter

import (
	"context"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/profile"
)

func (a *App) verifyEmail(c *call) error {
	var in struct {
		Token    string                  `json:"token"`
		Password string                  `json:"password"`
		Answer   auth.ConfirmationAnswer `json:"answer"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	proof, err := a.Auth.Verify(c.ctx(), c.client(), by.Identity, in.Token, auth.Confirmation{Password: in.Password, Answer: in.Answer})
	if err != nil || proof.Token == "" {
		return c.done(err)
	}
	c.id = by
	return c.proved(proof, nil)
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
	if err := a.Auth.BeginEmailChange(c.ctx(), c.client(), c.id.Identity, in.Email, 0); err != nil {
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
func (a *App) editWithEmail(ctx context.Context, c *call, e profile.Edit, version int64) (u profile.User, err error) {
	if !a.fresh(c.id) { // said before a transaction is begun
		return profile.User{}, errReauthenticate
	}
	email := *e.Email
	e.Email = nil
	err = a.cfg.Stores.Tx.InTx(ctx, func(ctx context.Context) error {
		if u, err = a.Profiles.EditUser(ctx, c.id.User, e, version); err != nil {
			return err
		}
		var edited int64
		if version != 0 {
			edited = u.Version // what the edit made of it
		}
		if err = a.Auth.BeginEmailChange(ctx, c.client(), c.id.Identity, email, edited); err != nil {
			return err
		}
		u, err = a.cfg.Stores.Users.User(ctx, c.id.User.ID)
		return err
	})
	return u, err
}
