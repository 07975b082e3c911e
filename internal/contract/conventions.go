package contract

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// conventions are what the document says of all answers in its description.
func (c *checker) conventions() {
	h := c.x.Response.Header
	if got := h.Values("X-Content-Type-Options"); !slices.Equal(got, []string{"nosniff"}) {
		c.fail("X-Content-Type-Options is %q", got)
	}
	if len(h.Values("Content-Type")) > 1 {
		c.fail("several Content-Types")
	}
	c.caching()
	c.length()
	for _, line := range h.Values("Set-Cookie") {
		c.cookie(line)
	}
}

// caching: an answer is for its asker alone unless the document says otherwise.
func (c *checker) caching() {
	h := c.x.Response.Header
	got := h.Values("Cache-Control")
	if len(got) != 1 {
		c.fail("Cache-Control is %q", got)
		return
	}
	if strings.HasPrefix(got[0], "public,") {
		if c.resp == nil || c.resp.Headers["Cache-Control"] == nil {
			c.fail("Cache-Control %q is not documented", got[0])
		}
		if len(h.Values("Set-Cookie")) > 0 {
			c.fail("a shared cache may keep a cookie")
		}
		return
	}
	if got[0] != "no-store" && (c.resp == nil || c.resp.Headers["Cache-Control"] == nil) {
		c.fail("Cache-Control is %q, want no-store", got[0])
	}
	var vary []string
	for part := range strings.SplitSeq(strings.Join(h.Values("Vary"), ","), ",") {
		vary = append(vary, http.CanonicalHeaderKey(strings.TrimSpace(part)))
	}
	for _, want := range []string{"Cookie", "Authorization"} {
		if !slices.Contains(vary, want) {
			c.fail("Vary is %v, without %s", vary, want)
		}
	}
}

// length: Content-Length, when there, is that of the body.
func (c *checker) length() {
	s := c.x.Response.Header.Get("Content-Length")
	if s == "" || c.x.Request.Method == http.MethodHead {
		return
	}
	if n, err := strconv.Atoi(s); err != nil || n != len(c.x.Body) {
		c.fail("Content-Length is %s, the body has %d bytes", s, len(c.x.Body))
	}
}

// maxCookie is what browsers keep of one cookie, in bytes (RFC 6265bis, 5.6).
const maxCookie = 4096

// cookie checks the attributes of a Set-Cookie line.
// cookieNames are the session, an unfinished sign-in, and a trusted device.
var cookieNames = []string{"profilekit", "profilekit-half", "profilekit-device"}

func (c *checker) cookie(line string) {
	ck, err := http.ParseSetCookie(line)
	if err != nil {
		c.fail("Set-Cookie: %w", err)
		return
	}
	switch {
	case !slices.Contains(cookieNames, strings.TrimPrefix(ck.Name, "__Host-")):
		c.fail("a cookie named %s", ck.Name)
	case ck.Secure != strings.HasPrefix(ck.Name, "__Host-"):
		c.fail("cookie %s: Secure is %v", ck.Name, ck.Secure)
	case !ck.HttpOnly, ck.SameSite != http.SameSiteLaxMode, ck.Path != "/", ck.Domain != "":
		c.fail("cookie %s: wants HttpOnly, SameSite=Lax, Path=/ and no Domain", ck.Name)
	case len(ck.Unparsed) > 0:
		c.fail("cookie %s: unknown attributes", ck.Name)
	case len(line) > maxCookie:
		c.fail("cookie %s: %d bytes", ck.Name, len(line))
	case ck.Value == "" && ck.MaxAge >= 0:
		c.fail("cookie %s: empty, but not cleared", ck.Name)
	}
}
