package httpadapter

import (
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth/authrule"
)

// recovers reports whether people who lost every factor may begin a way back.
func (a *App) recovers() bool { return a.mails() && a.cfg.Auth.FactorRecovery.Wait > 0 }

// endsRecovery reports whether the link of such a way back can be followed: the host may begin one
// where people may not.
func (a *App) endsRecovery() bool { return a.mails() && a.Auth.Policy().Links.Recover != "" }

// beginRecovery begins the removal of lost second factors.
func (a *App) beginRecovery(c *call) error {
	pending, err := a.Auth.BeginFactorRecovery(c.ctx(), c.client(), *c.half)
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, viewOfWait(pending))
}

type waitView struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func viewOfWait(r authrule.PendingWait) waitView {
	return waitView{From: r.From.UTC(), Until: r.Until.UTC()}
}

// confirmRecovery removes them. The credential of the unfinished sign-in has
// ended with the sessions.
func (a *App) confirmRecovery(c *call) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	if err := a.Auth.RecoverFactors(c.ctx(), c.client(), *c.half, token); err != nil {
		return err
	}
	if !c.halfBearer {
		a.clearSideCookie(c.w, c.r, halfCookie)
	}
	return c.empty()
}
