package authrule

import (
	"slices"
	"strings"
)

// Change is what the rule governs.
type Change string

// The changes.
const (
	// AddFactor adds a second factor: an app, a passkey, codes, a host's own kind.
	AddFactor Change = "add_factor"
	// RemoveFactor removes one.
	RemoveFactor Change = "remove_factor"
	// RenewCodes makes a new set of recovery codes.
	RenewCodes Change = "renew_recovery_codes"
	// ChangePhone gives the account another phone number.
	ChangePhone Change = "change_phone"
	// ChangeEmail gives the account another address.
	ChangeEmail Change = "change_email"
	// TrustDevice lets a device stand for a factor at later sign-ins.
	TrustDevice Change = "trust_device"
	// DeleteAtOnce deletes the account without a time in which its owner can take that back.
	DeleteAtOnce Change = "delete_at_once"
)

// Changes are all of them, in the order of the table.
func Changes() []Change {
	return []Change{AddFactor, RemoveFactor, RenewCodes, ChangePhone, ChangeEmail, TrustDevice, DeleteAtOnce}
}

// State is what an account has to prove with.
type State string

// The states. An account is in the first that fits.
const (
	// Factor: a second factor was confirmed. Codes by e-mail are none, because the
	// mailbox resets the password too.
	Factor State = "factor"
	// Mailbox: the address was proved, and there is a password.
	Mailbox State = "mailbox"
	// MailboxAlone: the address was proved, and there is no password.
	MailboxAlone State = "mailbox_no_password"
	// Newcomer: the address was never proved, and the account is younger than NewcomerFor.
	Newcomer State = "newcomer"
	// Unproved: the address was never proved, and the account is older.
	Unproved State = "unproved"
	// NoMailPassword, NoMailFactor and NoMailRefuse: the program cannot send mail, or does
	// not know whether an address was proved. The host chose one of the three.
	NoMailPassword State = "no_mail_password"
	NoMailFactor   State = "no_mail_factor"
	NoMailRefuse   State = "no_mail_refuse"
)

// States are all of them, in the order of the table.
func States() []State {
	return []State{Factor, Mailbox, MailboxAlone, Newcomer, Unproved, NoMailPassword, NoMailFactor, NoMailRefuse}
}

// Proofs is a set of proofs that the session in use has, each not older than
// profile.FreshFor.
type Proofs uint8

// The proofs.
const (
	// ByFactor: an answer of a factor that was there before, or a recovery code. A passkey
	// counts, a code by e-mail and a trusted device do not.
	ByFactor Proofs = 1 << iota
	// ByPassword: the account's password.
	ByPassword
	// ByMailbox: a code, or a link that was followed in this session, that went to the
	// address that was proved.
	ByMailbox
	// ByWait: a wait of this account is over. It is no older than the time in which it may
	// be used.
	ByWait
)

// names of the proofs, the first for the lowest bit.
var names = []string{"factor", "password", "mailbox", "wait"}

// Names are those of the proofs in p, such as "password" and "mailbox".
func (p Proofs) Names() []string {
	var out []string
	for i, name := range names {
		if p&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// String is the names of p with "and" between them, or "nothing".
func (p Proofs) String() string {
	if p == 0 {
		return "nothing"
	}
	return strings.Join(p.Names(), " and ")
}

// Has reports whether all of q are in p.
func (p Proofs) Has(q Proofs) bool { return p&q == q }

// Reason says why a cell refuses a change whatever is proved.
type Reason string

// The reasons.
const (
	// AddressFirst: the address has to be proved first.
	AddressFirst Reason = "address_first"
	// FactorFirst: the change needs a factor, and there is none.
	FactorFirst Reason = "factor_first"
	// ByHost: only the host makes the change.
	ByHost Reason = "host_only"
)

// Cell is what the rule says of one Change in one State.
type Cell struct {
	// AtOnce are the sets of proofs that each are enough.
	AtOnce []Proofs
	// Wait is what begins a wait, 0 when none can be begun.
	Wait Proofs
	// Refused is why nothing is enough; it is "" when AtOnce is not empty.
	Refused Reason
	// Told is who hears of the change.
	Told []Told
	// Back is who can take the change back, or stop it.
	Back []Back
}

// Verdict is what becomes of a change.
type Verdict string

// The verdicts.
const (
	AtOnce  Verdict = "at_once"
	Waits   Verdict = "wait"
	Refused Verdict = "refused"
	// Prove: more has to be proved first, and then the verdict is another.
	Prove Verdict = "prove_more"
)

// Verdict is what the cell says for somebody who has proved that much. A wait that can be
// begun is Waits, also where a proof of the mailbox would do as well.
func (c Cell) Verdict(have Proofs) Verdict {
	switch {
	case slices.ContainsFunc(c.AtOnce, have.Has):
		return AtOnce
	case c.Refused != "":
		return Refused
	case c.Wait != 0 && have.Has(c.Wait) && have&ByWait == 0:
		return Waits
	}
	return Prove
}

// Missing are the sets of proofs that are missing for the change at once: any one of them
// is enough. It is nil when nothing is missing, or nothing would help.
func (c Cell) Missing(have Proofs) []Proofs {
	var out []Proofs
	for _, enough := range c.AtOnce {
		if have.Has(enough) {
			return nil
		}
		out = append(out, enough&^have)
	}
	return out
}
