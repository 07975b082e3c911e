package httpadapter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/memstore"
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
		Stores:  memstore.New(), // a host opens sqlite or postgres here
		Blobs:   memblob.New(),
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
