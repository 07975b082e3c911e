package httpadapter

import (
	"errors"
	"net/http"

	"github.com/profilekit/profilekit/auth"
)

// accepted answers that something will be done, and nothing else.
func (c *call) accepted() error {
	c.w.Header().Set("Content-Length", "0")
	c.w.WriteHeader(http.StatusAccepted)
	return nil
}

// done answers an action that has nothing to tell.
func (c *call) done(err error) error {
	if err != nil {
		return err
	}
	return c.empty()
}

func (a *App) forgot(c *call) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := a.Auth.Forgot(c.ctx(), c.client(), in.Email); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) reset(c *call) error {
	var in struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	return c.done(a.Auth.Reset(c.ctx(), c.client(), in.Token, in.Password))
}

func (a *App) report(c *call) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	return c.done(a.Auth.Report(c.ctx(), c.client(), token))
}

// token is the body of what a link in mail leads to.
func (c *call) token() (string, error) {
	var in struct {
		Token string `json:"token"`
	}
	err := c.decode(&in)
	return in.Token, err
}

// caller is who sent the request, the zero identity for nobody.
func (c *call) caller() (identity, error) {
	id, err := c.app.identify(c.context, c.r, asOfNow)
	if errors.Is(err, auth.ErrUnauthenticated) {
		return identity{}, nil
	}
	return id, err
}
