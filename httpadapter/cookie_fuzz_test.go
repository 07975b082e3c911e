package httpadapter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
)

// FuzzR39_Cookie: whatever stands in Cookie and Authorization, nobody is let in
// by it, nothing panics, and the answer tells nothing.
func FuzzR39_Cookie(f *testing.F) {
	c := configForFuzz(f)
	app, err := httpadapter.New(c)
	if err != nil {
		f.Fatal(err)
	}
	token := strings.Repeat("A", 43)
	for _, seed := range [][2]string{
		{"", ""},
		{"profilekit=" + token, ""},
		{"profilekit=" + token[1:] + "=; profilekit-half=x", ""},
		{"profilekit=\"" + token + "\"", ""},
		{"profilekit", "Bearer"},
		{"profilekit=;profilekit=" + token, "bearer " + token},
		{"__Host-profilekit=" + token, "Basic YTpi"},
		{"profilekit=%00", "Bearer " + token + " x"},
		{strings.Repeat("a=b; ", 500), "Bearer\t" + token},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, cookie, authorization string) {
		for _, path := range []string{"/api/profile", "/api/auth/mfa"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			if path == "/api/auth/mfa" {
				r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"method":"totp","code":"123456"}`))
				r.Header.Set("Content-Type", "application/json")
			}
			r.Header.Set("Cookie", cookie)
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized || len(cookie) > 60 && strings.Contains(w.Body.String(), cookie) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}
