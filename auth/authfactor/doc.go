// Package authfactor is what a second factor implements: a [Factor], as package totp is
// one, and [Passkeys], which package passkey implements over WebAuthn.
//
// Neither keeps anything itself. What it needs is in the record that the service keeps for
// it, or in the state that a browser sends back. authtest.RunFactor checks a Factor of a
// host's own.
package authfactor
