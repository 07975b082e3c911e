package settings

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"github.com/profilekit/profilekit/settings/input"
)

// maxTag bounds a language tag, in bytes, before it is parsed: parsers of tags
// have been slow on long ones, and RFC 5646, 4.4.1, finds 35 enough for all.
const maxTag = 35

// LocaleSection is the section "locale": a BCP 47 language tag of registered
// subtags, "en" by default. It is stored as it is sent; compare what package
// golang.org/x/text/language parses, not text.
var LocaleSection = Section[string]{
	Name:    "locale",
	Default: "en",
	Validate: func(tag string) error {
		if len(tag) <= maxTag && tagShape(tag) {
			if t, err := language.Parse(tag); err == nil && t != language.Und {
				return nil
			}
		}
		return input.Invalid(input.New("", input.Language, nil))
	},
}

// tagShape refuses what language.Parse reads beyond BCP 47: underscores, and
// odd hyphens.
func tagShape(tag string) bool {
	for part := range strings.SplitSeq(tag, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for i := range len(part) {
			switch c := part[i]; {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			default:
				return false
			}
		}
	}
	return true
}

// TimeZoneSection is the section "timeZone": a name of the IANA database, "UTC"
// by default. "", "Local" and the database's other files are no zones, and a
// name is never used as a path beyond the database.
//
// Which names exist is up to the database that the time package finds on the
// server. Where there is none (a container from scratch, Windows), only "UTC"
// is accepted, unless the program embeds one by importing time/tzdata. That is
// the program's choice (it adds about 450 KB), so this package does not.
var TimeZoneSection = Section[string]{
	Name:     "timeZone",
	Default:  "UTC",
	Validate: checkZone,
}

// zones are names that were found once; there are some 600, and looking one
// up reads a file.
var zones sync.Map

func checkZone(name string) error {
	if zoneShape(name) {
		if _, known := zones.Load(name); known {
			return nil
		}
		if _, err := time.LoadLocation(name); err == nil {
			zones.Store(name, nil)
			return nil
		}
	}
	return input.Invalid(input.New("", input.TimeZone, nil))
}

// zoneShape accepts names as IANA makes them: parts of ASCII letters, digits,
// '_', '-' and '+', each beginning with a capital. So it refuses "localtime",
// "posix/…" and "right/…", copies that some systems keep beside the zones.
func zoneShape(name string) bool {
	if name == "" || name == "Local" || len(name) > 40 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] < 'A' || part[0] > 'Z' {
			return false
		}
		for i := range len(part) {
			switch c := part[i]; {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '+':
			default:
				return false
			}
		}
	}
	return true
}
