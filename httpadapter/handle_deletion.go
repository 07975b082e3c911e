package httpadapter

import (
	"context"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authrule"
)

// deletionPending is the answer of a sign-in to an account that will be erased.
type deletionPending struct {
	Status    string    `json:"status"`
	DeletesAt time.Time `json:"deletesAt"`
	tokenView
}

// signedIn answers with what a sign-in came to.
func (c *call) signedIn(s auth.SignIn, bearer bool) error {
	switch s.Status {
	case auth.SecondFactorRequired:
		return c.beginHalf(s, bearer)
	case auth.DeletionPending:
		return c.beginRestore(s, bearer)
	}
	return c.begin(http.StatusOK, s, bearer)
}

// beginRestore hands out the credential that opens the way back, and nothing of
// the account but until when there is one.
func (c *call) beginRestore(s auth.SignIn, bearer bool) error {
	out := deletionPending{Status: string(s.Status), DeletesAt: s.User.DeletesAt.UTC()}
	out.tokenView = c.handOutHalf(s, bearer)
	return c.answer(http.StatusOK, out)
}

func (a *App) deleteProfile(c *call) error {
	caller := c.id.caller()
	caller.AtOnce = func(ctx context.Context) error {
		if a.Auth == nil { // the host's sign-in has rules of its own
			return nil
		}
		return a.Auth.May(ctx, c.id.Identity, authrule.DeleteAtOnce)
	}
	at, err := a.Deletions.Request(c.ctx(), caller)
	if err != nil {
		return err
	}
	if a.Auth != nil && !c.id.bearer {
		a.clearCookie(c.w, c.r)
	}
	return c.answer(http.StatusAccepted, struct {
		DeletesAt time.Time `json:"deletesAt"`
	}{at.UTC()})
}

func (a *App) restoreProfile(c *call) error {
	if c.half == nil { // the host's sign-in goes on
		u, err := a.Deletions.Restore(c.ctx(), c.id.caller(), nil)
		if err != nil {
			return err
		}
		c.w.Header().Set("ETag", etag(u.Version))
		return c.answer(http.StatusOK, signedIn{Status: string(auth.Complete), User: ownView{a, &u}})
	}
	s, err := a.Auth.Restore(c.ctx(), c.client(), *c.half)
	if err != nil {
		return err
	}
	if !c.halfBearer {
		a.clearSideCookie(c.w, c.r, halfCookie)
	}
	return c.begin(http.StatusOK, s, c.halfBearer)
}
