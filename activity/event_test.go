package activity_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/profilekit/profilekit/activity"
)

var uuid7 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestNewEvent(t *testing.T) {
	src := activity.Source{IP: "203.0.113.0/24", Device: "curl"}
	ctx := activity.WithSource(t.Context(), src)
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	e := activity.NewEvent(ctx, "a.one", "ann", at, map[string]string{"k": "v"})
	if e.UserID != "ann" || e.Kind != "a.one" || e.Source != src || e.Detail["k"] != "v" {
		t.Errorf("%+v", e)
	}
	if want := time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC); e.At != want {
		t.Errorf("at %v, want %v", e.At, want)
	}
	// The vector of RFC 9562, appendix A.6: the same instant has the same
	// first 48 bits.
	if v := activity.NewEvent(ctx, "a.one", "", time.UnixMilli(0x017F22E279B0), nil); !strings.HasPrefix(v.ID, "017f22e2-79b0-7000-") {
		t.Errorf("ID %s", v.ID)
	}
}

func TestEventIDsSortAsTime(t *testing.T) {
	var ids []string
	seen := map[string]bool{}
	for i := range 5000 {
		e := activity.NewEvent(t.Context(), "a.one", "ann", start.Add(time.Duration(i)*time.Microsecond), nil)
		if !uuid7.MatchString(e.ID) || seen[e.ID] {
			t.Fatalf("ID %q", e.ID)
		}
		seen[e.ID] = true
		ids = append(ids, e.ID)
	}
	if !slices.IsSorted(ids) {
		t.Error("IDs of later events sort before earlier ones")
	}
	if id := activity.NewEvent(t.Context(), "a.one", "ann", time.UnixMicro(-1), nil).ID; !uuid7.MatchString(id) {
		t.Errorf("before 1970: %q", id)
	}
}

func TestMaskIP(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.77":               "203.0.113.0/24",
		"::ffff:203.0.113.77":        "203.0.113.0/24",
		"127.0.0.1":                  "127.0.0.0/24",
		"2001:db8:1:2:3:4:5:6":       "2001:db8:1::/48",
		"2001:DB8:1:FFFF::1":         "2001:db8:1::/48",
		"fe80::1%eth0":               "fe80::/48",
		"::1":                        "::/48",
		"255.255.255.255":            "255.255.255.0/24",
		"::ffff:0:0:203.0.113.77":    "::/48",
		"2001:db8:1:2:3:4:203.0.1.2": "2001:db8:1::/48",
	} {
		if got := activity.MaskIP(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := activity.MaskIP(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}

func TestDeviceName(t *testing.T) {
	const (
		webkit = "AppleWebKit/537.36 (KHTML, like Gecko) "
		win    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit
		apple  = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
		iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) " + apple
		ipad   = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) " + apple
		droid  = "Mozilla/5.0 (Linux; Android 14; K) " + webkit
	)
	for in, want := range map[string]string{
		win + "Chrome/140.0.0.0 Safari/537.36":                                                      "Chrome on Windows",
		win + "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":                                        "Edge on Windows",
		win + "Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0":                                        "Opera on Windows",
		win + "Chrome/140.0.0.0 Safari/537.36 Vivaldi/7.0":                                          "Vivaldi on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0":          "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                     "Internet Explorer on Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0":                    "Firefox on Linux",
		"Mozilla/5.0 (X11; Linux x86_64) " + webkit + "HeadlessChrome/140.0 Safari/537.36":          "Chrome on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + webkit + "Chrome/140.0 Safari/537.36":         "Chrome on ChromeOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + apple + "Version/18.0 Safari/605.1.15": "Safari on macOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit + "Chrome/140.0 Safari/537.36":  "Chrome on macOS",
		iphone + "Version/18.0 Mobile/15E148 Safari/604.1":                                          "Safari on iPhone",
		iphone + "CriOS/140.0 Mobile/15E148 Safari/604.1":                                           "Chrome on iPhone",
		iphone + "FxiOS/142.0 Mobile/15E148 Safari/605.1.15":                                        "Firefox on iPhone",
		iphone + "EdgiOS/140.0 Version/18.0 Mobile/15E148 Safari/604.1":                             "Edge on iPhone",
		iphone + "Mobile/15E148":                                               "App on iPhone",
		ipad + "Version/18.0 Mobile/15E148 Safari/604.1":                       "Safari on iPad",
		droid + "Chrome/140.0.0.0 Mobile Safari/537.36":                        "Chrome on Android",
		droid + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":    "Samsung Internet on Android",
		droid + "Chrome/140.0.0.0 Mobile Safari/537.36 EdgA/140.0":             "Edge on Android",
		droid + "Chrome/140.0.0.0 Mobile Safari/537.36 OPR/90.0":               "Opera on Android",
		"Mozilla/5.0 (Android 14; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0": "Firefox on Android",
		"curl/8.9.1":         "curl",
		"Wget/1.24.5":        "Wget",
		"Go-http-client/2.0": "Go program",
		"okhttp/4.12.0":      "Android app",
		"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)": "Android app",
		"MyApp/3 CFNetwork/1490.0.4 Darwin/23.2.0":     "Apple app",
		"python-requests/2.32.3":                       "Python program",
		"axios/1.7.2":                                  "Node.js program",
		"PostmanRuntime/7.43.0":                        "Postman",
		"Mozilla/5.0 (Windows NT 10.0)":                "Windows",
		"":                                             activity.UnknownDevice,
		"Mozilla/5.0":                                  activity.UnknownDevice,
		"<script>alert(1)</script>":                    activity.UnknownDevice,
		"MyFirefox/1":                                  activity.UnknownDevice,
		"\x00\xff\u202e":                               activity.UnknownDevice,
	} {
		if got := activity.DeviceName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Whatever is sent, the name is made of our words.
func FuzzDeviceName(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0) Firefox/142.0\r\nX: y")
	f.Add("Firefox/<b>")
	f.Add(strings.Repeat(" Firefox/", 10000))
	f.Fuzz(func(t *testing.T, ua string) {
		name := activity.DeviceName(ua)
		if name == "" || len(name) > 40 || strings.ContainsFunc(name, func(r rune) bool {
			return !unicode.IsLetter(r) && r != ' ' && r != '.'
		}) {
			t.Fatalf("%q", name)
		}
	})
}
