package auth_test

import (
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/totp"
)

// S18: a release of before kept the session of a pending factor at the beginning of its
// Data. Whatever such a node writes beside this one, its factors are not begun here, and
// nothing fails: their owners begin anew.
func TestS18_PendingFactorsOfOlderNodes(t *testing.T) {
	withApp, _ := withTOTP(t)
	alone := func(c *auth.Config) { c.Codes.Alone = true }
	for name, older := range map[string]func(r *authstore.FactorRecord, session string){
		"its own row": func(r *authstore.FactorRecord, session string) {
			r.SessionID, r.Data = "", append([]byte(session+"\n"), r.Data...)
		},
		"over a row of this node": func(r *authstore.FactorRecord, session string) {
			r.Data = append([]byte(session+"\n"), r.Data...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPost(t, open(t).db, withApp, withCodes(t), alone, limitsOff)
			token := p.member(t, "ada").Token
			id := p.alive(t, token)
			rewrite := func(kind string) {
				t.Helper()
				records, err := p.db.Auth().Factors.Factors(t.Context(), id.User.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					if r.Kind != kind || !r.Pending {
						continue
					}
					if r.SessionID != id.Session.ID {
						t.Errorf("a pending %s is of session %q", kind, r.SessionID)
					}
					older(&r, id.Session.ID)
					if err := p.db.Auth().Factors.AddFactor(t.Context(), r); err != nil {
						t.Fatal(err)
					}
					return
				}
				t.Fatalf("no pending %s", kind)
			}
			a := p.beginTOTP(t, token)
			rewrite(totp.Kind)
			_, err := p.ConfirmFactor(t.Context(), home, id, byTOTP(a.code(0)))
			is(t, err, auth.ErrNoFactor)

			if err := p.BeginPhone(t.Context(), home, id, phone); err != nil {
				t.Fatal(err)
			}
			rewrite("sms")
			_, err = p.ConfirmFactor(t.Context(), home, id, bySMS(p.sent(t, authmail.Phone, phone)))
			is(t, err, auth.ErrNoFactor)

			if err := p.BeginPhone(t.Context(), home, id, phone); err != nil {
				t.Fatal(err)
			}
			done, err := p.ConfirmFactor(t.Context(), home, id, bySMS(p.sent(t, authmail.Phone, phone)))
			if err != nil || done.Factor.Kind != "sms" || done.Factor.Pending || done.Factor.SessionID != "" || done.Factor.Data != nil {
				t.Errorf("begun anew: %+v, %v", done.Factor, err)
			}
		})
	}
}
