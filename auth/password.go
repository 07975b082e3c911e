package auth

import (
	"unicode/utf8"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/settings/input"
)

// defaultMinPassword is the least length of a new password, in code points:
// what NIST SP 800-63B-4 asks of a password that is the only factor.
const defaultMinPassword = 15

// leastMinPassword is the lowest Config.MinPassword: what NIST SP 800-63B-4
// asks beside a second factor.
const leastMinPassword = 8

// checkNew is hash.CheckPassword and the least length. Nothing is trimmed, cut or
// normalised, and there are no rules of composition: the password is what was
// sent.
func (s *Service) checkNew(field, password string) error {
	if err := hash.CheckPassword(field, password); err != nil {
		return err
	}
	if utf8.RuneCountInString(password) < s.minPassword {
		return input.Invalid(input.Short(field, s.minPassword))
	}
	return nil
}
