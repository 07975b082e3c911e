package notify

import (
	"maps"
	"slices"

	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
)

// Category is a group of notices that a user can switch together.
type Category string

// The categories.
const (
	// Security is sign-ins, changed passwords, removed factors: whoever took
	// over an account could otherwise hide it from its owner.
	Security Category = "security"
	// Account is what happens to the account by the owner's wish.
	Account Category = "account"
	// Product is news; off until it is asked for.
	Product Category = "product"
)

// Channels says by which ways a category is sent.
type Channels struct {
	Email bool `json:"email"`
	SMS   bool `json:"sms"`
}

// Preferences are a user's channels by category.
type Preferences map[Category]Channels

// JSONNames are the categories, the only members there are.
func (Preferences) JSONNames() []string {
	return []string{string(Security), string(Account), string(Product)}
}

// PreferencesSection is the section "notifications". The e-mail of Security
// cannot be switched off.
var PreferencesSection = settings.Section[Preferences]{
	Name: "notifications",
	Default: Preferences{
		Security: {Email: true},
		Account:  {Email: true},
		Product:  {},
	},
	Validate: check,
}

func check(p Preferences) error {
	var bad []input.FieldError
	for _, category := range slices.Sorted(maps.Keys(p)) {
		if !slices.Contains(p.JSONNames(), string(category)) {
			bad = append(bad, input.New(string(category), input.UnknownField, nil))
		}
	}
	if !p[Security].Email {
		bad = append(bad, input.New("security.email", input.AlwaysOn, nil))
	}
	return input.Invalid(bad...)
}
