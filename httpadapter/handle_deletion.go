package httpadapter

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth"
)

// leaving is the answer of a sign-in to an account that will be erased.
type leaving struct {
	Status    string     `json:"status"`
	DeletesAt time.Time  `json:"deletesAt"`
	Token     string     `json:"token,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// signedIn answers with what a sign-in came to.
func (c *call) signedIn(s auth.SignIn, bearer bool) error {
	switch s.Status {
	case auth.SecondFactorRequired:
		return c.beginHalf(s, bearer)
	case auth.DeletionPending:
		return c.beginLeaving(s, bearer)
	}
	return c.begin(http.StatusOK, s, bearer)
}

// beginLeaving hands out the credential that opens the way back, and nothing of
// the account but until when there is one.
func (c *call) beginLeaving(s auth.SignIn, bearer bool) error {
	out := leaving{Status: string(s.Status), DeletesAt: s.User.DeletesAt.UTC()}
	if bearer {
		out.Token = s.Token
		at := s.Session.ExpiresAt.UTC()
		out.ExpiresAt = &at
	} else {
		c.app.setSideCookie(c.w, halfCookie, s.Token, s.Session.ExpiresAt)
	}
	return c.answer(http.StatusOK, out)
}

func (a *App) deleteProfile(c *call) error {
	// A picture's public addresses go first, as before a change of privacy: a
	// crash between the two leaves a hidden address rather than a known one.
	public := a.Pictures != nil && c.id.User.Picture.Public
	if public {
		if _, err := a.Pictures.Conceal(c.ctx(), c.id.User.ID); err != nil {
			return err
		}
	}
	at, err := a.Auth.RequestDeletion(c.ctx(), c.client(), c.id.Identity)
	if err != nil {
		if public {
			a.settlePicture(c, c.id.User.ID)
		}
		return err
	}
	if !c.id.bearer {
		a.clearCookie(c.w)
	}
	return c.answer(http.StatusAccepted, struct {
		DeletesAt time.Time `json:"deletesAt"`
	}{at.UTC()})
}

func (a *App) restoreProfile(c *call) error {
	s, err := a.Auth.Restore(c.ctx(), c.client(), *c.half)
	if err != nil {
		return err
	}
	if !c.halfBearer {
		a.clearSideCookie(c.w, halfCookie)
	}
	if a.Pictures != nil && s.User.Picture.Base != "" {
		a.settlePicture(c, s.User.ID)
	}
	return c.begin(http.StatusOK, s, c.halfBearer)
}

// settlePicture has a picture's addresses follow who may see it. When that
// fails they are hidden ones, which is safe, until the next change.
func (a *App) settlePicture(c *call, userID string) {
	if _, err := a.Pictures.Settle(c.ctx(), userID); err != nil {
		a.cfg.Logger.LogAttrs(c.ctx(), slog.LevelWarn, "a picture's addresses do not follow its owner's privacy yet", slog.Any("error", err))
	}
}
