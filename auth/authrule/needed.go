package authrule

import (
	"fmt"
	"time"
)

// PendingWait is when what somebody waits for works.
type PendingWait struct {
	From, Until time.Time
}

// Proved is what an account has to prove with, and what the session in use has proved.
type Proved struct {
	State State
	Have  Proofs
	// Wait is the wait that goes on, or is over and may be used; nil when there is none.
	Wait *PendingWait
}

// TooEarlyError says that a wait is not over: that of lost factors, or of codes by e-mail
// after a reset.
type TooEarlyError struct{ From time.Time }

// Error says from when it works.
func (e *TooEarlyError) Error() string {
	return "too early: it works from " + e.From.UTC().Format(time.RFC3339) + " on"
}

// NeededError says that a change needs more proofs than the caller has, or is refused.
type NeededError struct {
	Change Change
	State  State
	// Have is what the caller has proved.
	Have Proofs
	// WaitUntil is when the account's wait is over; it is zero when none goes on.
	WaitUntil time.Time
}

// Missing are the sets of proofs of which one is missing. It is nil for a change that is
// refused.
func (e *NeededError) Missing() []Proofs { return Of(e.State, e.Change).Missing(e.Have) }

// Refused is why nothing is enough, "" when something is.
func (e *NeededError) Refused() Reason { return Of(e.State, e.Change).Refused }

// MayWait reports whether the caller can begin a wait now.
func (e *NeededError) MayWait() bool {
	return e.WaitUntil.IsZero() && Of(e.State, e.Change).Verdict(e.Have) == Waits
}

// Error names the change and what is missing.
func (e *NeededError) Error() string {
	if r := e.Refused(); r != "" {
		return fmt.Sprintf("%s is refused: %s", e.Change, r)
	}
	return fmt.Sprintf("%s needs one of %v", e.Change, e.Missing())
}
