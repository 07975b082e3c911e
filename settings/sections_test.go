package settings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/settings"
)

func TestAppearance(t *testing.T) {
	with := func(edit func(*settings.Appearance)) []string {
		a := settings.AppearanceSection.Default
		edit(&a)
		return problems(settings.AppearanceSection.Validate(a))
	}
	for name, c := range map[string]struct {
		edit func(*settings.Appearance)
		want []string
	}{
		"default":      {func(*settings.Appearance) {}, nil},
		"light":        {func(a *settings.Appearance) { a.Theme = "light" }, nil},
		"Dark":         {func(a *settings.Appearance) { a.Theme = "Dark" }, []string{"theme not_allowed"}},
		"no theme":     {func(a *settings.Appearance) { a.Theme = "" }, []string{"theme not_allowed"}},
		"upper accent": {func(a *settings.Appearance) { a.Accent = "#ABCDEF" }, nil},
		"short accent": {func(a *settings.Appearance) { a.Accent = "#abc" }, []string{"accent invalid_color"}},
		"named accent": {func(a *settings.Appearance) { a.Accent = "crimson" }, []string{"accent invalid_color"}},
		"CSS":          {func(a *settings.Appearance) { a.Accent = "#ab;}x{" }, []string{"accent invalid_color"}},
		"0.8":          {func(a *settings.Appearance) { a.FontScale = 0.8 }, nil},
		"1.5":          {func(a *settings.Appearance) { a.FontScale = 1.5 }, nil},
		"0.7999":       {func(a *settings.Appearance) { a.FontScale = 0.7999 }, []string{"fontScale out_of_range"}},
		"1.5001":       {func(a *settings.Appearance) { a.FontScale = 1.5001 }, []string{"fontScale out_of_range"}},
		"negative":     {func(a *settings.Appearance) { a.FontScale = -1 }, []string{"fontScale out_of_range"}},
		"compact":      {func(a *settings.Appearance) { a.Density = "compact" }, nil},
	} {
		if got := with(c.edit); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLocale(t *testing.T) {
	for _, good := range []string{"en", "EN", "pt-BR", "zh-Hant-TW", "sr-Latn-RS", "de-CH-1996", "es-419", "en-u-hc-h23", "gsw", "nds-NL"} {
		if err := settings.LocaleSection.Validate(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "e", "und", "en_US", "en-", "-en", "en--US", "qqq-ZZZZZZZZZ", "english", "en-US\x00", "en US", "ｅｎ", "../en", "xx-YY",
		"en;q=0.5", "en,fr", "*", strings.Repeat("en-", 100000) + "en", "en-x-" + strings.Repeat("a-", 20) + "b",
	} {
		start := time.Now()
		if err := settings.LocaleSection.Validate(bad); err == nil {
			t.Errorf("%.40q is accepted", bad)
		}
		if d := time.Since(start); d > 50*time.Millisecond {
			t.Errorf("%.40q took %v", bad, d)
		}
	}
}

func TestTimeZone(t *testing.T) {
	good := []string{"UTC"}
	if _, err := time.LoadLocation("Europe/Paris"); err == nil { // a database is there
		good = append(good, "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince", "EST5EDT")
	}
	for _, name := range good {
		for range 2 { // the second time from memory
			if err := settings.TimeZoneSection.Validate(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, bad := range []string{
		"", "Local", "local", "Mars/Base", "utc", "europe/paris", "/etc/localtime", "../../etc/passwd", "Europe/../Europe/Paris", "Europe/",
		"Europe", "posix/Europe/Paris", "right/Europe/Paris", "localtime", "posixrules", "zone.tab", "tzdata.zi", "Europe\\Paris",
		"Europe/Paris\x00", "Europe/Paris ", "+02:00", strings.Repeat("A", 1<<16), strings.Repeat("A/", 20) + "B",
	} {
		if err := settings.TimeZoneSection.Validate(bad); err == nil {
			t.Errorf("%.40q is accepted", bad)
		}
	}
}
