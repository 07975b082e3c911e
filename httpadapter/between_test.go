package httpadapter_test

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/personal"
)

// hookLimits runs hook when a deletion takes its try: between the reading of the
// caller and the change.
type hookLimits struct {
	limit.Store
	hook func()
}

func (l *hookLimits) Take(ctx context.Context, key string, r limit.Rule, now time.Time) (bool, time.Duration, error) {
	if strings.HasPrefix(key, "deletion:") && l.hook != nil {
		f := l.hook
		l.hook = nil
		f()
	}
	return l.Store.Take(ctx, key, r, now)
}

// An upload ends while DELETE /profile is under way: its public addresses are dead
// before the answer all the same.
func TestS64_DeletionBesideAnUpload(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	h := &hookLimits{}
	w := newWorld(t, func(c *httpadapter.Config) {
		h.Store = c.Stores.Limits
		c.Stores.Limits, c.Blobs = h, store
	})
	ada := w.client().register("ada")
	var public []string
	h.hook = func() { ada.photo(1); public = ada.pictureURLs() }
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	for _, u := range public {
		if store.opens(t, u) {
			t.Errorf("202, the account is leaving, and %s still opens", u)
		}
	}
}

// A Contributor that panics after the first byte cuts the connection: nobody takes the
// answer for a whole one.
func TestS69_AnExportThatPanicsIsCut(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Contributors = []personal.Contributor{personal.Funcs{Export: func(ctx context.Context, id string, a *personal.Archive) error {
			out, err := a.Create("big.bin", true)
			if err != nil {
				return err
			}
			out.Write(make([]byte, 300<<10))
			panic("boom")
		}}}
	})
	ada := w.client().register("ada")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.srv.URL+"/api/profile/export", nil)
	resp, err := ada.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		t.Errorf("status %d, %d bytes, and no sign that it was cut", resp.StatusCode, len(b))
	}
}

// A parameter of a host's own that is no JSON number costs the parameters and not the
// answer.
func TestAParameterThatIsNoJSON(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Profile.Custom = []profile.CustomField{{Name: "ratio", Check: func(json.RawMessage) error {
			return input.Invalid(input.New("", input.OutOfRange, input.Params{"min": 0.0, "max": math.Inf(1)}))
		}}}
	})
	ada := w.client().register("ada")
	r := ada.send("PATCH", "/api/profile", `{"custom":{"ratio":-1}}`)
	t.Logf("%d %q", r.StatusCode, r.body)
	if string(r.body) == "{}" {
		t.Errorf("%d with the body {}", r.StatusCode)
	}
}
