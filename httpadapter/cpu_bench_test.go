//go:build unix

package httpadapter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// BenchmarkCPU is what one request costs this process in CPU time, user and system
// together, with SQLite in it. The script .ci/cost puts this file into an older commit
// too and compares the two, so it uses nothing that an older commit lacks.
func BenchmarkCPU(b *testing.B) {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(b.Context(), sqlstore.MigrateOptions{}); err != nil {
		b.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		b.Fatal(err)
	}
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: "http://localhost",
		Auth: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1})},
	})
	if err != nil {
		b.Fatal(err)
	}
	in, err := app.Auth.Register(b.Context(), auth.Client{}, auth.Registration{
		Username: "ada", Email: "ada@example.org", Password: "correct horse battery staple",
	})
	if err != nil {
		b.Fatal(err)
	}
	send := func(b *testing.B, method, body string) {
		r := httptest.NewRequest(method, "/api/profile", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+in.Token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
	measure := func(name string, request func(b *testing.B, i int)) {
		b.Run(name, func(b *testing.B) {
			for i := range 100 {
				request(b, -1-i)
			}
			before := cpu(b)
			for i := range b.N {
				request(b, i)
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
	measure("GET", func(b *testing.B, _ int) { send(b, "GET", "") })
	measure("PATCH", func(b *testing.B, i int) { send(b, "PATCH", fmt.Sprintf(`{"displayName":"Name %d"}`, i)) })
}

// cpu is the CPU time that this process used, in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
