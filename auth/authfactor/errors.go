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
)
