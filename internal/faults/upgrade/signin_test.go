package upgrade

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// oldHash is bcrypt's, of cost 4, of oldPassword.
const (
	oldPassword = "an old password of theirs"
	oldHash     = "$2a$04$jKboaWn4Bp16fUpSKAN9S.ca0.AFyHYR/f.W2/ZDhhxqkhIkshDFa"
)

// People of the old program sign in over HTTP as they did, and see the pictures
// that they had, wherever these are.
func TestAdoptedUsersSignInAndSeeTheirPictures(t *testing.T) {
	dsn := pgtest.Open(t)
	err := run(t.Context(), dsn, oldTable, `INSERT INTO users (username, email, password_hash, profile_picture, role, created_at) VALUES
		('Bo Li', 'bo@localhost', '`+oldHash+`', 'https://pictures.example/bo.png?size=200', 'admin', '2020-02-03 04:05:06')`)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{AdoptUsers: true, Zone: time.UTC}); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	app, err := httpadapter.New(httpadapter.Config{Stores: httpadapter.StoresOf(db), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	app.Register(mux)

	var in struct{ Token string }
	call(t, srv, "POST", "/api/auth/login", "", `{"login":"bo li","password":"`+oldPassword+`","transport":"bearer"}`, &in)
	type view struct {
		Username, Email, ProfilePicture, CreatedAt, Bio string
	}
	want := view{"Bo Li", "bo@localhost", "https://pictures.example/bo.png?size=200", "2020-02-03T04:05:06Z", ""}
	var got view
	call(t, srv, "GET", "/api/profile", in.Token, "", &got)
	if got != want {
		t.Errorf("the profile is %+v, want %+v", got, want)
	}
	// A name and an address that nobody could choose today do not keep the rest
	// from being edited.
	want.Bio = "Hello."
	call(t, srv, "PATCH", "/api/profile", in.Token, `{"bio":"Hello.","username":"Bo Li","email":"bo@localhost"}`, &got)
	if got != want {
		t.Errorf("after an edit the profile is %+v, want %+v", got, want)
	}
	// The hash has changed; the password has not.
	call(t, srv, "POST", "/api/auth/login", "", `{"login":"Bo Li","password":"`+oldPassword+`","transport":"bearer"}`, &in)
	call(t, srv, "GET", "/api/profile", in.Token, "", &got)
	if got != want {
		t.Errorf("after another sign-in the profile is %+v, want %+v", got, want)
	}
}

// call makes a request that must succeed.
func call(t *testing.T, srv *httptest.Server, method, path, token, body string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case method == "PATCH":
		req.Header.Set("Content-Type", "application/merge-patch+json")
	case body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var problem json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(fmt.Sprint(method, " ", path, ": ", resp.Status, " ", string(problem), " ", err))
	}
	if err := json.Unmarshal(problem, answer); err != nil {
		t.Fatal(err)
	}
}
