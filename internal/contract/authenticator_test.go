package contract_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/contract"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage/memblob"
)

// proxy is a host's sign-in: a cookie of the host's names the user.
type proxy struct{ proved *atomic.Int64 }

func (p proxy) Authenticate(r *http.Request) (httpadapter.Caller, error) {
	ck, err := r.Cookie("host")
	if err != nil {
		return httpadapter.Caller{}, auth.ErrUnauthenticated
	}
	return httpadapter.Caller{UserID: ck.Value, ProvedAt: time.Unix(p.proved.Load(), 0)}, nil
}

// TestAuthenticatorKeepsTheContract: with a host's own sign-in the answers of every
// way through an account's end are those of the document that is served.
func TestAuthenticatorKeepsTheContract(t *testing.T) {
	db := openSQLite(t)
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	proved := &atomic.Int64{}
	proved.Store(time.Now().Unix())
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: directtest.New(t, memblob.New(memblob.Options{})), Keys: keys, BaseURL: "http://localhost",
		Authenticator: proxy{proved}, Pictures: picture.Policy{Direct: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org", Role: "user"},
		activity.NewEvent(t.Context(), "host.created", "", time.Now(), nil))
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	app.ServeHTTP(rec, httptest.NewRequest("GET", "http://localhost/api/openapi.json", nil))
	v, err := contract.New(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range v.Operations() {
		if op.Class == "half" {
			t.Errorf("%s %s is in the document", op.Method, op.Path)
		}
	}
	const deletes, restores = "/api/profile", "/api/profile/restore"
	steps := []struct {
		method, path string
		stale        bool     // the proof
		header       []string // in pairs, instead of those that are right
		want         int
	}{
		{"POST", restores, false, nil, 409},
		{"DELETE", deletes, true, nil, 403},
		{"DELETE", deletes, false, nil, 202},
		{"GET", "/api/profile", false, nil, 401},
		{"GET", "/api/users/ada", false, nil, 404},
		{"POST", restores, true, nil, 403},
		{"POST", restores, false, []string{"Cookie", ""}, 401},
		{"POST", restores, false, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", restores, false, []string{"Accept", "text/html"}, 406},
		{"POST", restores, false, nil, 200},
		{"POST", restores, false, nil, 409},
		{"GET", "/api/profile", false, nil, 200},
		{"GET", "/api/profile/export", false, nil, 200},
	}
	for i, step := range steps {
		now := time.Now()
		if step.stale {
			now = now.Add(-time.Hour)
		}
		proved.Store(now.Unix())
		r := httptest.NewRequest(step.method, "http://localhost"+step.path, nil)
		r.Header.Set("Cookie", "host="+u.ID)
		for i := 0; i < len(step.header); i += 2 {
			r.Header.Set(step.header[i], step.header[i+1])
		}
		rec := httptest.NewRecorder()
		app.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if rec.Code != step.want {
			t.Fatalf("step %d, %s %s: %d, want %d: %s", i, step.method, step.path, rec.Code, step.want, body)
		}
		if err := v.Check(contract.Exchange{Request: r, Response: rec.Result(), Body: body}); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
}
