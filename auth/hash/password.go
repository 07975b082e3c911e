package hash

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

var errPasswordTooLong = fmt.Errorf("hash: password of more than %d bytes", MaxPasswordBytes)

// CheckPassword is an *input.InvalidError of field for what no password can be,
// whatever the policy: text that is empty, longer than MaxPasswordBytes, not UTF-8, or
// has a NUL. A NUL would end it for some Hashers, and text that is not UTF-8 comes from
// a client that will send other bytes next time.
func CheckPassword(field, password string) error {
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
