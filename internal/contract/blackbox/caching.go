package blackbox

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
)

var hostileSuffixes = []string{
	"/x.css", ";a.css", "%2fx", "%2Fx.css", "/", "%2f", "%00", ".css", ".json", "%3fx", "%23x", "%20", "%0d%0aX-Evil:1", "/%2e%2e/profile", "~", "/x/y/z.js", "%252f",
}

// hostilePaths: a path that a cache or a proxy may read in another way is not
// one of the routes, signed in or not.
func hostilePaths(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	anon := w.client(t)
	before := alice.rows()
	var paths []string
	for _, suffix := range hostileSuffixes {
		for _, p := range []string{"/api/profile", "/api/settings", "/api/activity", "/api/auth/sessions", "/api/openapi.json", "/api/capabilities", "/api/users/alice/picture"} {
			if p == "/api/auth/sessions" && (suffix == "/x.css") {
				continue // an id that no session has; other methods end sessions there
			}
			paths = append(paths, p+suffix)
		}
	}
	paths = append(paths, "/api/", "/api/Profile", "/api/PROFILE", "/api/%70rofile", "/api/profil%65", "/api/users", "/api/users/", "/api/users/alice/",
		"/api/users/alice%2fpicture", "/api/users/alice/picture/x", "/api/pictures", "/api/pictures/", "/api/pictures/"+of.key+"/", "/api/pictures/"+of.key+"%2f..",
		"/api/pictures/..%2f..%2fetc%2fpasswd", "/api/pictures/%2e%2e", "/api/pictures/"+strings.ToUpper(of.key), "/api/pictures/"+of.key+"%00",
		"/api/pictures/"+of.key+".css", "/api/pictures/"+of.key+"%20", "/api/auth", "/api/auth/", "/api/auth/login/x", "/api/admin", "/api/api/profile", "/api/users/%00", "/api/users/"+strings.Repeat("a", 3000))
	for _, p := range paths {
		for _, c := range []*client{alice, anon} {
			for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
				got := c.do(method, p, "", nil)
				if strings.HasPrefix(p, "/api/pictures/") && method != "GET" && method != "HEAD" && got.status == 405 {
					continue // a well-formed key, though of nothing
				}
				if strings.HasPrefix(p, "/api/users/") && got.status == 405 && method != "GET" && method != "HEAD" {
					continue
				}
				if method == "HEAD" {
					if got.status != 404 {
						t.Errorf("HEAD %s: %d", p, got.status)
					}
					continue
				}
				got.is(404, "not_found")
			}
		}
	}
	unchanged(t, alice, before)
}

// sharedCache lets everybody read through one cache that keeps whatever it may,
// and looks for what was not theirs.
func sharedCache(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	bob := w.user(t, "bob")
	cache := &sharedCacher{next: w.Transport, kept: map[string]cached{}}
	for _, c := range []*client{alice, bob} {
		c.hc.Transport = cache
	}
	anon := w.client(t)
	anon.hc.Transport = cache
	var paths []string
	for _, k := range w.calls(t, of) {
		if k.method == "GET" {
			paths = append(paths, k.path)
			if !strings.HasPrefix(k.path, "/api/") {
				continue // beside it, the root is the host's
			}
			for _, suffix := range hostileSuffixes {
				paths = append(paths, k.path+suffix)
			}
		}
	}
	for _, p := range paths {
		alice.get(p)
	}
	if cache.keeps() == 0 {
		t.Error("the cache kept nothing: the document alone is public")
	}
	for _, p := range paths {
		for _, c := range []*client{bob, anon} {
			got := c.get(p)
			if strings.Contains(string(got.body), "alice@example.org") || strings.Contains(string(got.body), "city-of-alice") {
				t.Errorf("%s shows %s what is alice's", p, c.name)
			}
		}
	}
	// What is made private later must not come out of the cache of somebody who
	// asks for it now; a public picture is immutable and may.
	for p := range cache.all() {
		if !strings.Contains(p, "/api/pictures/") && !strings.HasSuffix(p, "/openapi.json") && !strings.HasSuffix(p, "/capabilities") && !strings.HasSuffix(p, "/default-avatar.png") {
			t.Errorf("the cache kept %s", p)
		}
	}
}

// sharedCacher is a proxy with the least care that RFC 9111 asks for, keyed by
// the URL alone.
type sharedCacher struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept map[string]cached
}

type cached struct {
	status int
	header http.Header
	body   []byte
}

func (c *sharedCacher) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.URL.String()
	c.mu.Lock()
	hit, ok := c.kept[key]
	c.mu.Unlock()
	if ok && r.Method == http.MethodGet {
		return &http.Response{
			StatusCode: hit.status, Header: hit.header.Clone(), Body: io.NopCloser(bytes.NewReader(hit.body)), Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(hit.body)),
		}, nil
	}
	next := c.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	rule := resp.Header.Get("Cache-Control")
	forbidden := strings.Contains(rule, "no-store") || strings.Contains(rule, "private") || strings.Contains(rule, "no-cache")
	if !forbidden {
		c.mu.Lock()
		c.kept[key] = cached{resp.StatusCode, resp.Header.Clone(), body}
		c.mu.Unlock()
	}
	return resp, nil
}

func (c *sharedCacher) keeps() int { return len(c.all()) }

func (c *sharedCacher) all() map[string]cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.kept)
}
