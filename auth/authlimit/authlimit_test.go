package authlimit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
)

// A bank takes the sessions of AAL2, and fewer tries.
func Example() {
	policy := auth.Policy{
		Session: authlimit.AAL2(),
		Limits:  authlimit.Tries{Account: limit.Rule{Limit: 5, Window: 15 * time.Minute, Wait: 5 * time.Minute, MaxWait: time.Hour}},
	}
	fmt.Println(policy.Session.Idle, policy.Session.Absolute)
	// Output: 1h0m0s 24h0m0s
}

func TestSessionsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*authlimit.Sessions){
		"Idle":             func(s *authlimit.Sessions) { s.Idle = time.Minute },
		"Absolute":         func(s *authlimit.Sessions) { s.Absolute = -1 },
		"RememberIdle":     func(s *authlimit.Sessions) { s.RememberIdle = time.Second },
		"RememberAbsolute": func(s *authlimit.Sessions) { s.RememberAbsolute = time.Second },
		"Device":           func(s *authlimit.Sessions) { s.Device = time.Minute },
	} {
		s := authlimit.Sessions{}.OrDefaults()
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s of %+v is taken", name, s)
		}
	}
	if err := authlimit.AAL2().OrDefaults().Check(); err != nil {
		t.Error(err)
	}
}

func TestEveryRuleIsChecked(t *testing.T) {
	for name, change := range map[string]func(*authlimit.Tries) *limit.Rule{
		"Account":      func(t *authlimit.Tries) *limit.Rule { return &t.Account },
		"Address":      func(t *authlimit.Tries) *limit.Rule { return &t.Address },
		"SecondFactor": func(t *authlimit.Tries) *limit.Rule { return &t.SecondFactor },
		"SignUp":       func(t *authlimit.Tries) *limit.Rule { return &t.SignUp },
		"Mail":         func(t *authlimit.Tries) *limit.Rule { return &t.Mail },
		"MailAddress":  func(t *authlimit.Tries) *limit.Rule { return &t.MailAddress },
		"MailTotal":    func(t *authlimit.Tries) *limit.Rule { return &t.MailTotal },
	} {
		tries := authlimit.Tries{}.OrDefaults()
		if err := tries.Check(); err != nil {
			t.Fatal(err)
		}
		change(&tries).Limit = -1
		if err := tries.Check(); err == nil || !strings.Contains(err.Error(), "Tries."+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
