package httpadapter

import (
	"net/http"
	"time"

	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/settings/input"
)

// proofsView is what the account has to prove with, and the session has proved.
type proofsView struct {
	State string    `json:"state"`
	Have  []string  `json:"have"`
	Wait  *waitView `json:"wait"`
}

func (a *App) getProofs(c *call) error {
	p, err := a.Auth.Proofs(c.ctx(), c.id.Identity)
	if err != nil {
		return err
	}
	out := proofsView{State: string(p.State), Have: p.Have.Names()}
	if out.Have == nil {
		out.Have = []string{}
	}
	if p.Wait != nil {
		out.Wait = new(viewOfWait(*p.Wait))
	}
	return c.answer(http.StatusOK, out)
}

func (a *App) sendMailCode(c *call) error {
	if err := a.Auth.SendMailCode(c.ctx(), c.client(), c.id.Identity); err != nil {
		return err
	}
	return c.accepted()
}

func (a *App) proveMailbox(c *call) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.Code == "" {
		return input.Invalid(input.New("code", input.Required, nil))
	}
	proof, err := a.Auth.ProveMailbox(c.ctx(), c.client(), c.id.Identity, in.Code)
	return c.proved(proof, err)
}

func (a *App) beginWait(c *call) error {
	wait, err := a.Auth.BeginWait(c.ctx(), c.client(), c.id.Identity)
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, viewOfWait(wait))
}

func (a *App) cancelWait(c *call) error {
	return c.done(a.Auth.CancelWait(c.ctx(), c.client(), c.id.Identity))
}

// neededProblem says which proofs are missing, and whether a wait can stand for them.
func neededProblem(e *authrule.NeededError) *problem {
	if r := e.Refused(); r != "" {
		p := problemf(http.StatusForbidden, "change_refused", "This cannot be changed here.")
		p.Params = input.Params{"reason": string(r)}
		return p
	}
	p := problemf(http.StatusForbidden, "proof_required", "Prove more about who you are before this can be changed.")
	missing := [][]string{}
	for _, set := range e.Missing() {
		missing = append(missing, set.Names())
	}
	p.Params = input.Params{"state": string(e.State), "missing": missing, "mayWait": e.MayWait(), "waitUntil": nil}
	if !e.WaitUntil.IsZero() {
		p.Params["waitUntil"] = e.WaitUntil.UTC().Format(time.RFC3339)
	}
	return p
}
