// Package authlimit is how long sessions live and how often something may be tried, as a host
// sets it in auth.Policy. Package auth keeps to it.
package authlimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
)

// Sessions are how long sessions live. A zero field takes its default. The defaults suit a
// site whose sessions open a profile, not money; AAL2 is for stricter ones.
type Sessions struct {
	// Idle ends a session that was not used: 24 hours. Absolute ends it
	// whatever its use, counted from the sign-in: 7 days.
	Idle, Absolute time.Duration
	// RememberIdle and RememberAbsolute are the same for a sign-in that asked
	// to be remembered: 30 days and 90 days.
	RememberIdle, RememberAbsolute time.Duration
	// Device is how long a trusted device needs no second factor: 30 days. It is not
	// prolonged by use. A negative one has no device trusted, those of before neither.
	Device time.Duration
}

// AAL2 is what NIST SP 800-63B-4 (2.2.3) says of sessions at authentication assurance level 2:
// an hour without use and 24 hours overall at most, whether they are remembered or not. No
// device is trusted, since each sign-in at that level is by two factors. A host that needs the
// level also asks everybody for a second factor, and takes no codes by e-mail.
func AAL2() Sessions {
	return Sessions{Idle: time.Hour, Absolute: 24 * time.Hour, RememberIdle: time.Hour, RememberAbsolute: 24 * time.Hour, Device: -1}
}

// Least is what every limit of a session is above: its use is noted once in a minute.
const Least = time.Minute

// OrDefaults is s with the defaults where fields are zero.
func (s Sessions) OrDefaults() Sessions {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	const day = 24 * time.Hour
	set(&s.Idle, day)
	set(&s.Absolute, 7*day)
	set(&s.RememberIdle, 30*day)
	set(&s.RememberAbsolute, 90*day)
	set(&s.Device, 30*day)
	return s
}

// Check returns what is wrong with s, which has its defaults.
func (s Sessions) Check() error {
	if min(s.Idle, s.Absolute, s.RememberIdle, s.RememberAbsolute) <= Least || s.Device >= 0 && s.Device <= Least {
		return errors.New("authlimit: every limit of Sessions must be above a minute")
	}
	return nil
}

// Tries are how often something may be tried on all nodes; a zero Rule takes its default.
type Tries struct {
	// Account limits wrong passwords of one account, under whatever login, at sign-in,
	// reauthentication and password change together: 10 in 15 minutes, then one after 1
	// minute, 2, 4, 8, and every 15. A success forgets them, and 15 quiet minutes do.
	Account limit.Rule
	// Address limits wrong passwords, and wrong tokens of links by themselves, from one
	// network, which is an IPv4 address or an IPv6 /64: 100 in 15 minutes. This rule, SignUp
	// and MailAddress let 16 times as many try from an IPv6 /48, and 256 times from a /32.
	Address limit.Rule
	// SecondFactor limits wrong codes of one account, of all its factors and recovery
	// codes, at sign-in and at reauthentication together: 10 in 15 minutes, then as
	// Account. A right password does not forget them. A code that was sent takes 5.
	SecondFactor limit.Rule
	// SignUp limits registrations from one IPv4 address or IPv6 /64,
	// successful or not: 20 an hour.
	SignUp limit.Rule
	// Mail limits messages of one purpose to one address or number, and those that one
	// account asks for: 5 an hour, or in the life of their secret if that is shorter, as of
	// codes by e-mail. The purposes are links that set a password, those that prove an
	// address, letters of a sign-up without an account, changes of the address, waits and
	// recoveries, codes by e-mail, and codes by text message. MailAddress limits what one
	// IPv4 address or IPv6 /64 asks for, of all purposes: 20 an hour. MailTotal limits the
	// letters of one purpose to everybody: 10000 an hour. Letters to nobody are not among
	// them.
	Mail, MailAddress, MailTotal limit.Rule
}

// OrDefaults is t with the defaults where Rules are zero.
func (t Tries) OrDefaults() Tries {
	set := func(r *limit.Rule, d limit.Rule) { *r = r.Or(d) }
	set(&t.Account, limit.Rule{Limit: 10, Window: 15 * time.Minute, Wait: time.Minute, MaxWait: 15 * time.Minute})
	set(&t.Address, limit.Rule{Limit: 100, Window: 15 * time.Minute})
	set(&t.SecondFactor, limit.Rule{Limit: 10, Window: 15 * time.Minute, Wait: time.Minute, MaxWait: 15 * time.Minute})
	set(&t.SignUp, limit.Rule{Limit: 20, Window: time.Hour})
	set(&t.Mail, limit.Rule{Limit: 5, Window: time.Hour})
	set(&t.MailAddress, limit.Rule{Limit: 20, Window: time.Hour})
	set(&t.MailTotal, limit.Rule{Limit: 10_000, Window: time.Hour})
	return t
}

// Check names the Rules of t that are none.
func (t Tries) Check() error {
	var errs []error
	for _, r := range []struct {
		name string
		rule limit.Rule
	}{
		{"Account", t.Account},
		{"Address", t.Address},
		{"SecondFactor", t.SecondFactor},
		{"SignUp", t.SignUp},
		{"Mail", t.Mail},
		{"MailAddress", t.MailAddress},
		{"MailTotal", t.MailTotal},
	} {
		if err := r.rule.Check(); err != nil {
			errs = append(errs, fmt.Errorf("authlimit: Tries.%s: %w", r.name, err))
		}
	}
	return errors.Join(errs...)
}
