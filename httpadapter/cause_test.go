package httpadapter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// causes are the records of why requests failed, by the id of the request.
func causes(t *testing.T, log string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
		var r struct {
			Msg, Level, Error string
			ID                string `json:"request_id"`
		}
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if r.Msg == "request failed" || r.Msg == "handler panicked" {
			out[r.ID] = append(out[r.ID], r.Level+" "+r.Error)
		}
	}
	return out
}

// Each call that a route makes to its database or its store of pictures fails in
// turn. Whatever the answer is, one of 5xx has exactly one record of its cause, which
// the id of the request finds; other answers have none. No answer tells the cause.
func TestS69_EachFailureLeavesItsCause(t *testing.T) {
	down := errors.New("canary: it broke")
	onSpied(t, func(t *testing.T, s *spied) {
		if s.db.Dialect() != sqlstore.SQLite {
			return // the way of an error is the same, and the tests of errors have both
		}
		for what, fails := range map[string]struct {
			at    func(n int)
			hit   func() bool
			cause string
			least int // answers of 5xx, so that the test looks at something
		}{
			"the database": {func(n int) { s.spy.FailAt(n, down) }, s.spy.Failed, "sqlstore: ", 100},
			"the store":    {s.failBlobAt(down), func() bool { return s.blobsLeft == 0 }, "canary", 5},
		} {
			answers, tried := 0, map[string]bool{}
			for _, c := range requests() {
				if tried[c.route] && os.Getenv("PROFILEKIT_LONG") == "" {
					continue // the short form takes one situation a route
				}
				tried[c.route] = true
				for n := 1; n < 40; n++ {
					send := c.prepare(s)
					before := len(s.log.String())
					fails.at(n)
					got := send()
					hit := fails.hit()
					fails.at(0)
					if !hit {
						break // the request makes fewer calls
					}
					where := fmt.Sprintf("%s, %s, call %d of %s", c.route, c.when, n, what)
					id := got.Header.Get("X-Request-Id")
					records := causes(t, s.log.String()[before:])[id]
					if bytes.Contains(got.body, []byte("canary")) {
						t.Errorf("%s: the answer tells the cause: %s", where, got.body)
					}
					switch {
					case got.StatusCode < 500:
						if len(records) != 0 {
							t.Errorf("%s: status %d with a cause: %q", where, got.StatusCode, records)
						}
					case id == "" || len(records) != 1 || !strings.Contains(records[0], fails.cause):
						t.Errorf("%s: status %d has the causes %q", where, got.StatusCode, records)
					default:
						answers++
					}
				}
			}
			if answers < fails.least {
				t.Errorf("%d answers of 5xx of %s: the test looks at too little", answers, what)
			}
		}
	})
}

// Without a Logger causes go to slog.Default, and records of requests nowhere.
func TestS69_WithoutALoggerCausesAreNotLost(t *testing.T) {
	kept := slog.Default()
	defer slog.SetDefault(kept)
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	cfg, _ := config(t)
	cfg.Logger = nil
	cfg.Authenticator = failing{}
	fit(&cfg)
	app, err := httpadapter.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	get := func(h http.Handler, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	get(app, "/api/openapi.json")
	if out.Len() != 0 {
		t.Errorf("an ordinary request wrote %s", out.String())
	}
	own := app.RequireUser(http.NotFoundHandler())
	for what, w := range map[string]*httptest.ResponseRecorder{"a route of ours": get(app, "/api/profile"), "a route of the host": get(own, "/")} {
		records := causes(t, out.String())[w.Header().Get("X-Request-Id")]
		if w.Code != 500 || len(records) != 1 || records[0] != "ERROR the sign-in broke" {
			t.Errorf("%s: %d, %q in %s", what, w.Code, records, out.String())
		}
	}
}

type failing struct{}

func (failing) Authenticate(*http.Request) (httpadapter.Caller, error) {
	return httpadapter.Caller{}, errors.New("the sign-in broke")
}
