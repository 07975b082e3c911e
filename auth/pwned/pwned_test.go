package pwned_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/pwned"
)

var _ auth.BreachChecker = (*pwned.Checker)(nil)

// The SHA-1 of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
const (
	password = "password"
	head     = "5BAA6"
	tail     = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"
	other    = "0018A45C4D1DEF81644B54AB7F969B88D65"
)

func serve(t *testing.T, handle http.HandlerFunc, opts pwned.Options) *pwned.Checker {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	opts.URL = s.URL + "/range"
	return pwned.New(opts)
}

func lines(l ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Join(l, "\r\n")) }
}

func TestS04_BreachedByRange(t *testing.T) {
	for name, tt := range map[string]struct {
		lines []string
		least int
		want  bool
	}{
		"known":       {lines: []string{other + ":3", tail + ":9545824"}, want: true},
		"lower case":  {lines: []string{strings.ToLower(tail) + ":1"}, want: true},
		"unknown":     {lines: []string{other + ":3"}},
		"padding":     {lines: []string{other + ":3", tail + ":0"}},
		"seen enough": {lines: []string{tail + ":10"}, least: 10, want: true},
		"seldom seen": {lines: []string{tail + ":9"}, least: 10},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, lines(tt.lines...), pwned.Options{Least: tt.least}).Breached(t.Context(), password)
			if err != nil || got != tt.want {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// What the service learns: 20 bits of the hash, and that padding is wanted.
func TestS66_OnlyAPrefixIsTold(t *testing.T) {
	var got *http.Request
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, other+":1")
	}, pwned.Options{})
	if _, err := c.Breached(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	if got.Method != http.MethodGet || got.URL.String() != "/range/"+head || got.Header.Get("Add-Padding") != "true" {
		t.Errorf("%s %s, padding %q", got.Method, got.URL, got.Header.Get("Add-Padding"))
	}
	if got.Referer() != "" || got.Header.Get("Cookie") != "" {
		t.Errorf("headers %v", got.Header)
	}
}

func TestS04_OutagesAreErrors(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Error(w, tail+":1", code) }
	}
	for name, handle := range map[string]http.HandlerFunc{
		"500": status(500), "429": status(429), "404": status(404),
		"an HTML page": lines("<html>"), "no lines": lines(""), "a short suffix": lines("ABC:1"), "no count": lines(tail),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"cut short": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprintln(w, other+":1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := serve(t, handle, pwned.Options{}).Breached(t.Context(), password)
			if err == nil || found {
				t.Fatalf("%v, %v; want an error", found, err)
			}
			if text := err.Error(); strings.Contains(text, head) || strings.Contains(text, tail) || strings.Contains(text, "http") {
				t.Errorf("%q tells too much", text)
			}
		})
	}
}

func TestS04_SilenceTakesASecond(t *testing.T) {
	release := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release }, pwned.Options{Timeout: 50 * time.Millisecond})
	defer close(release)
	start := time.Now()
	if _, err := c.Breached(t.Context(), password); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want the deadline", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Breached(ctx, password); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the caller's end", err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(tail + ":1\r\n" + other + ":2")
	f.Add(":")
	f.Fuzz(func(t *testing.T, answer string) {
		rt := roundTrip(func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			w.WriteString(answer)
			return w.Result()
		})
		found, err := pwned.New(pwned.Options{Client: &http.Client{Transport: rt}}).Breached(t.Context(), password)
		if found && (err != nil || !strings.Contains(strings.ToUpper(answer), tail)) {
			t.Errorf("found in %q, %v", answer, err)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func Example() {
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824")
	}))
	defer mirror.Close()
	breaches := pwned.New(pwned.Options{URL: mirror.URL})
	fmt.Println(breaches.Breached(context.Background(), "password"))
	// Output: true <nil>
}
