package settings

import (
	"math"

	"github.com/profilekit/profilekit/settings/input"
)

// Appearance is how the application looks to this user.
type Appearance struct {
	// Theme is "system", "light" or "dark".
	Theme string `json:"theme"`
	// Accent is a colour, "#rrggbb".
	Accent string `json:"accent"`
	// Density is "comfortable" or "compact".
	Density string `json:"density"`
	// FontScale multiplies the size of text, 0.8 to 1.5.
	FontScale float64 `json:"fontScale"`
	// ReducedMotion asks for no animation.
	ReducedMotion bool `json:"reducedMotion"`
}

// AppearanceSection is the section "appearance".
var AppearanceSection = Section[Appearance]{
	Name:     "appearance",
	Default:  Appearance{Theme: "system", Accent: "#2563eb", Density: "comfortable", FontScale: 1},
	Validate: checkAppearance,
}

// Bounds of Appearance.FontScale.
const (
	minScale = 0.8
	maxScale = 1.5
)

func checkAppearance(a Appearance) error {
	var bad []input.FieldError
	switch a.Theme {
	case "system", "light", "dark":
	default:
		bad = append(bad, input.OneOf("theme", "system", "light", "dark"))
	}
	if !hexColour(a.Accent) {
		bad = append(bad, input.New("accent", input.Color, nil))
	}
	switch a.Density {
	case "comfortable", "compact":
	default:
		bad = append(bad, input.OneOf("density", "comfortable", "compact"))
	}
	if math.IsNaN(a.FontScale) || a.FontScale < minScale || a.FontScale > maxScale {
		bad = append(bad, input.New("fontScale", input.OutOfRange, input.Params{"min": minScale, "max": maxScale}))
	}
	return input.Invalid(bad...)
}

func hexColour(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
