package httpadapter_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/memblob"
)

// A host mounts the routes beside its own, and asks who is calling.
func Example() {
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := httpadapter.New(httpadapter.Config{
		Stores:  httpadapter.StoresOf(memstore.New()),
		Blobs:   memblob.New(memblob.Options{}),
		Keys:    keys,
		BaseURL: "http://localhost",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	app.Register(mux)
	mux.Handle("GET /hello", app.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := httpadapter.User(r.Context())
		fmt.Fprintf(w, "Hello %s", user.Username)
	})))

	call := func(method, path, body string, cookies []*http.Cookie) *http.Response {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(method, path, w.Code)
		if path == "/hello" && w.Code == http.StatusOK {
			fmt.Println(w.Body)
		}
		return w.Result()
	}
	call("GET", "/hello", "", nil)
	in := call("POST", "/api/auth/register", `{"username":"ada","email":"ada@example.org","password":"correct horse battery"}`, nil)
	call("GET", "/hello", "", in.Cookies())
	// Output:
	// GET /hello 401
	// POST /api/auth/register 201
	// GET /hello 200
	// Hello ada
}

// gateway is a host's own sign-in: a proxy in front of it signs people in and
// overwrites these headers.
type gateway struct{}

func (gateway) Authenticate(r *http.Request) (httpadapter.Caller, error) {
	proved, err := time.Parse(time.RFC3339, r.Header.Get("X-Gateway-Proved"))
	if err != nil {
		return httpadapter.Caller{}, auth.ErrUnauthenticated
	}
	return httpadapter.Caller{UserID: r.Header.Get("X-Gateway-User"), ProvedAt: proved}, nil
}

// A host that signs people in by itself keeps every other rule.
func ExampleAuthenticator() {
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		fmt.Println(err)
		return
	}
	db := memstore.New()
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: "http://localhost", Authenticator: gateway{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ada, err := db.Users().Create(context.Background(), profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, age := range []time.Duration{time.Minute, time.Hour} {
		r := httptest.NewRequest("GET", "/api/profile/export", nil)
		r.Header.Set("X-Gateway-User", ada.ID)
		r.Header.Set("X-Gateway-Proved", time.Now().Add(-age).Format(time.RFC3339))
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println("proved", age, "ago:", w.Code)
	}
	// Output:
	// proved 1m0s ago: 200
	// proved 1h0m0s ago: 403
}
