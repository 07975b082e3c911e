package activity

import "strings"

// UnknownDevice is the name of a user agent that tells nothing we know.
const UnknownDevice = "Unknown device"

// maxAgent is how much of a user agent is looked at, in bytes; real ones are
// shorter.
const maxAgent = 1024

// mark is a word that a user agent has, and the name that it gives.
type mark struct{ word, name string }

// browsers in an order that matters: nearly all say that they are Chrome or
// Safari too.
var browsers = []mark{
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"Edge/", "Edge"},
	{"OPR/", "Opera"},
	{"OPiOS/", "Opera"},
	{"OPT/", "Opera"},
	{"OPX/", "Opera"},
	{"Opera/", "Opera"},
	{"Opera ", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Vivaldi/", "Vivaldi"},
	{"YaBrowser/", "Yandex Browser"},
	{"DuckDuckGo/", "DuckDuckGo"},
	{"Ddg/", "DuckDuckGo"},
	{"MiuiBrowser/", "Mi Browser"},
	{"UCBrowser/", "UC Browser"},
	{"HuaweiBrowser/", "Huawei Browser"},
	{"Electron/", "Desktop app"},
	{"FxiOS/", "Firefox"},
	{"Focus/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"},
	{"Chromium/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"},
	{"MSIE ", "Internet Explorer"},
}

// programs name themselves first.
var programs = []mark{
	{"curl/", "curl"},
	{"Wget/", "Wget"},
	{"HTTPie/", "HTTPie"},
	{"PostmanRuntime/", "Postman"},
	{"insomnia/", "Insomnia"},
	{"Go-http-client/", "Go program"},
	{"okhttp/", "Android app"},
	{"Dalvik/", "Android app"},
	{"Dart/", "Mobile app"},
	{"python-requests/", "Python program"},
	{"python-httpx/", "Python program"},
	{"Python-urllib/", "Python program"},
	{"Python/", "Python program"},
	{"axios/", "Node.js program"},
	{"node-fetch/", "Node.js program"},
	{"undici", "Node.js program"},
	{"node", "Node.js program"},
	{"Deno/", "Deno program"},
	{"Bun/", "Bun program"},
	{"Java/", "Java program"},
	{"Java-http-client/", "Java program"},
	{"Apache-HttpClient/", "Java program"},
	{"Ruby", "Ruby program"},
	{"PHP/", "PHP program"},
	{"GuzzleHttp/", "PHP program"},
	{"reqwest/", "Rust program"},
}

// systems in an order that matters: an iPhone is "like Mac OS X" and Android
// is a Linux.
var systems = []mark{
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"iPod", "iPod"},
	{"Xbox", "Xbox"},
	{"PlayStation", "PlayStation"},
	{"Nintendo", "Nintendo"},
	{"Windows Phone", "Windows Phone"},
	{"Android", "Android"},
	{"CrOS", "ChromeOS"},
	{"Windows", "Windows"},
	{"Macintosh", "macOS"},
	{"Mac OS X", "macOS"},
	{"KAIOS/", "KaiOS"},
	{"Tizen", "Tizen"},
	{"Web0S", "webOS"},
	{"FreeBSD", "FreeBSD"},
	{"OpenBSD", "OpenBSD"},
	{"Linux", "Linux"},
	{"X11", "Linux"},
}

// DeviceName makes a short name of a User-Agent header for people to recognise
// a device by: "Firefox on Linux", "Safari on iPhone", "curl". It is made of
// our own words only, never of the header's, so it is printable and at most 40
// bytes. What is not known is "Unknown device".
func DeviceName(userAgent string) string {
	ua := userAgent[:min(len(userAgent), maxAgent)]
	for _, p := range programs {
		if strings.HasPrefix(ua, p.word) {
			return p.name
		}
	}
	app, system := find(ua, browsers), find(ua, systems)
	switch {
	case app == "" && has(ua, "CFNetwork/"):
		return "Apple app"
	case app == "" && has(ua, "Safari/") && has(ua, "Version/"):
		app = "Safari"
		if system == "Android" {
			app = "Android browser"
		}
	case app == "" && has(ua, "AppleWebKit/") && (system == "iPhone" || system == "iPad"):
		app = "App" // a web view inside another program
	}
	switch {
	case app != "" && system != "":
		return app + " on " + system
	case app != "":
		return app
	case system != "":
		return system
	}
	return UnknownDevice
}

func find(ua string, marks []mark) string {
	for _, m := range marks {
		if has(ua, m.word) {
			return m.name
		}
	}
	return ""
}

// has reports whether word is in ua where a word may begin.
func has(ua, word string) bool {
	for from := 0; ; {
		i := strings.Index(ua[from:], word)
		if i < 0 {
			return false
		}
		if i += from; i == 0 || strings.IndexByte(" (;/", ua[i-1]) >= 0 {
			return true
		}
		from = i + 1
	}
}
