package auth

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// MaxPasswordBytes bounds a password; a longer one is refused before any work
// is done for it. It leaves room for 64 characters of any script, the least
// maximum of NIST SP 800-63B-4, four times over.
const MaxPasswordBytes = 1024

// DefaultMinPassword is the least length of a new password, in code points:
// what NIST SP 800-63B-4 asks of a password that is the only factor.
const DefaultMinPassword = 15

// leastMinPassword is the lowest Config.MinPassword: what NIST SP 800-63B-4
// asks beside a second factor.
const leastMinPassword = 8

var errPasswordTooLong = fmt.Errorf("auth: password of more than %d bytes", MaxPasswordBytes)

// checkStorable refuses what no password may be, whatever the policy: a NUL
// would end it for some hashers, and text that is not UTF-8 comes from a
// client that will send other bytes next time.
func checkStorable(field, password string) error {
	switch {
	case password == "":
		return input.Invalid(input.New(field, input.Required, nil))
	case len(password) > MaxPasswordBytes:
		return input.Invalid(input.LongBytes(field, MaxPasswordBytes))
	case !utf8.ValidString(password), strings.IndexByte(password, 0) >= 0:
		return input.Invalid(input.New(field, input.Characters, nil))
	}
	return nil
}

// checkNew is checkStorable and the least length. Nothing is trimmed, cut or
// normalised, and there are no rules of composition: the password is what was
// sent.
func (s *Service) checkNew(field, password string) error {
	if err := checkStorable(field, password); err != nil {
		return err
	}
	if utf8.RuneCountInString(password) < s.minPassword {
		return input.Invalid(input.Short(field, s.minPassword))
	}
	return nil
}
