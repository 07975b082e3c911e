package settings

import "math"

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

func checkAppearance(a Appearance) error {
	var bad []FieldError
	switch a.Theme {
	case "system", "light", "dark":
	default:
		bad = append(bad, FieldError{"theme", CodeRange, "must be system, light or dark"})
	}
	if !hexColour(a.Accent) {
		bad = append(bad, FieldError{"accent", CodeFormat, "must be a colour such as #336699"})
	}
	switch a.Density {
	case "comfortable", "compact":
	default:
		bad = append(bad, FieldError{"density", CodeRange, "must be comfortable or compact"})
	}
	if math.IsNaN(a.FontScale) || a.FontScale < 0.8 || a.FontScale > 1.5 {
		bad = append(bad, FieldError{"fontScale", CodeRange, "must be from 0.8 to 1.5"})
	}
	return Invalid(bad...)
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
