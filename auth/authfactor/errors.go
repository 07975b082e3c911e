package authfactor

import (
	"errors"
	"fmt"
)

// Errors of a Factor and of Passkeys.
var (
	// ErrInvalidCode: the code is wrong, old or was used.
	ErrInvalidCode = errors.New("invalid code")
	// ErrCopiedPasskey is an ErrInvalidCode: what was signed is right, but the
	// passkey's count did not rise, so that there may be a copy of it (WebAuthn
	// Level 3, 6.1.1). Failures in the feed give it as their reason.
	ErrCopiedPasskey = fmt.Errorf("%w: the passkey's count did not rise", ErrInvalidCode)
	// ErrChangedPasskey is an ErrInvalidCode: the signature is right, but the passkey may
	// be synchronized between devices and might not when it was added, or the other way
	// round. This backup eligibility is permanent (WebAuthn Level 3, 6.1.3 and 7.2), so
	// that another device may have the key. Failures in the feed give it as their reason.
	ErrChangedPasskey = fmt.Errorf("%w: the passkey's backup eligibility changed", ErrInvalidCode)
)
