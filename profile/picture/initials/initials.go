// Package initials makes default pictures: the first letters of a name, white
// on a colour of the user's own. The same user has the same picture on every
// node and after every restart, and nothing is stored.
//
//	a := initials.New(user.ID, user.DisplayName, user.Username)
//	w.Write(a.SVG(128))
//
// Text always has a contrast of 4.5 to 1 or more with its background (WCAG 2.2,
// 1.4.3). The PNG form has letters of the Latin, Greek and Cyrillic scripts; for
// others, and for a name without letters, it shows the outline of a person.
package initials

import (
	"crypto/sha256"
	"encoding/binary"
	"image/color"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxSize is the largest side in pixels; a larger one is cut to it.
const MaxSize = 1024

// Avatar is a default picture.
type Avatar struct {
	// Text is up to two letters, or "".
	Text string
	// Background is what they stand on.
	Background color.NRGBA
}

// New returns the picture of a user: the colour comes from id, the letters from
// the first of names that has some.
func New(id string, names ...string) Avatar {
	a := Avatar{Background: colour(id)}
	for _, n := range names {
		if a.Text = Of(n); a.Text != "" {
			break
		}
	}
	return a
}

// Of returns the first letters of the first and the last word of a name, upper
// case, with their accents; "" when it has no letter or digit.
func Of(name string) string {
	words := strings.FieldsFunc(norm.NFC.String(name), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("._-/,", r)
	})
	var letters []string
	for _, w := range words {
		if l := first(w); l != "" {
			letters = append(letters, l)
		}
	}
	switch len(letters) {
	case 0:
		return ""
	case 1:
		return letters[0]
	}
	return letters[0] + letters[len(letters)-1]
}

// maxMarks bounds the accents of one letter: more are meant to make a mess.
const maxMarks = 2

// first is the first letter or digit of a word with its marks.
func first(word string) string {
	var b strings.Builder
	marks := 0
	for _, r := range word {
		switch {
		case b.Len() == 0 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(unicode.ToUpper(r))
		case b.Len() == 0:
		case unicode.Is(unicode.M, r) && marks < maxMarks:
			b.WriteRune(r)
			marks++
		default:
			return b.String()
		}
	}
	return b.String()
}

// contrast is what text of any size needs.
const contrast = 4.5

// colour is one of 360 hues, as light as white letters allow.
func colour(id string) color.NRGBA {
	sum := sha256.Sum256([]byte(id))
	hue := float64(binary.BigEndian.Uint16(sum[:]) % 360)
	for light := 0.50; ; light -= 0.01 {
		c := hsl(hue, 0.55, light)
		if 1.05/(luminance(c)+0.05) >= contrast {
			return c
		}
	}
}

// hsl converts hue in degrees, saturation and lightness (CSS Color 4, 7).
func hsl(h, s, l float64) color.NRGBA {
	part := func(n float64) uint8 {
		k := math.Mod(n+h/30, 12)
		v := l - s*min(l, 1-l)*max(-1, min(k-3, 9-k, 1))
		return uint8(math.Round(255 * v))
	}
	return color.NRGBA{part(0), part(8), part(4), 255}
}

// luminance is the relative luminance (WCAG 2.2).
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
