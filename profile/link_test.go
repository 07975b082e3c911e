package profile_test

import (
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/profilekit/profilekit/profile"
)

func TestS53_Links(t *testing.T) {
	w := newWorld(t)
	edit := func(link string) error {
		_, err := w.Edit(t.Context(), w.ann.ID, profile.Edit{Links: list(link)}, 0)
		return err
	}
	for _, good := range []string{
		"https://example.org", "http://example.org/", "HTTPS://EXAMPLE.ORG/", "https://example.org:8443/a/b?c=d&e[]=%20#f", "https://sub.example.co.uk/~ann",
		"https://bücher.example/ü?ü#ü", "https://xn--bcher-kva.example", "https://例子.中国/", "http://192.0.2.1/", "http://[2001:db8::1]:80/", "http://localhost:3000",
		"https://example.org/@ann", "https://example.org/?next=https://a@b/", "https://example.org./", "https://example.org/a'b(c)*",
		"https://example.org/" + strings.Repeat("a", 480),
	} {
		if err := edit(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "example.org", "www.example.org", "//example.org", "/local", "https:", "https://", "https:///path", "https:example.org", "https:/example.org",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "javascript://example.org/%0aalert(1)", "data:text/html,x", "vbscript:x",
		"file:///etc/passwd", "ftp://example.org", "mailto:ann@example.org", "tel:+33", "blob:https://example.org/x", "view-source:https://example.org",
		"https://ann@example.org", "https://ann:pw@example.org", "https://example.org@evil.example", "https://@example.org", "https://:@example.org",
		"https://example.org\\@evil.example", "https:\\\\example.org", "https://evil.example\\.example.org", " https://example.org", "https://example.org ",
		"https://exa mple.org", "https://example.org/a b", "https://example.org/\t", "https://example.org/\r\nX: y", "https://example.org/\x00", "https://example.org/\x7f",
		"https://example.org/<script>", "https://example.org/\"x", "https://example.org/`", "https://example.org/{x}", "https://example.org/|", "https://example.org/^",
		"https://example.org/\u202egpj", "https://example.org/\u200b", "https://example.org/\u00a0", "https://example.org/\u2028", "https://example.org/\ufeff", "https://example.org/\xff",
		"https://example.org:0/", "https://example.org:65536/", "https://example.org:port/", "https://example.org:/", "https://example.org:-1/", "https://:80/",
		"https://[::1", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://[x]/", "https://0x7f.1/", "https://2130706433/", "https://127.1/", "https://a..b/", "https://.a/",
		"https://-a.example/", "https://a_b.example/", "https://xn--a.example/", "https://%65xample.org/", "https://example.org/%zz", "https://example。org:x",
		"https://example.org/" + strings.Repeat("a", 481), "https://example.org/" + strings.Repeat("a", 1<<20),
	} {
		got := problems(edit(bad))
		if len(got) != 1 || !strings.HasPrefix(got[0], "links[0] ") {
			t.Errorf("%.60q: %q", bad, got)
		}
	}
}

func TestCountries(t *testing.T) {
	w := newWorld(t)
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			_, err := w.Edit(t.Context(), w.ann.ID, profile.Edit{Address: &profile.AddressEdit{Country: &code}}, 0)
			if err != nil {
				continue
			}
			n++
			// CLDR knows all of them, and a few more that are only reserved.
			if r, err := language.ParseRegion(code); err != nil || !r.IsCountry() || r.String() != code {
				t.Errorf("%s is no country to CLDR", code)
			}
		}
	}
	if n != 249 {
		t.Errorf("%d codes, ISO 3166-1 has 249", n)
	}
}
