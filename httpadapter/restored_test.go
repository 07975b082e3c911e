package httpadapter_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// backedUp is a database that is copied and later brought back.
type backedUp struct {
	open    func() *sqlstore.DB
	backup  func()
	restore func()
}

// backedUpOn runs f with a database of each kind. Nobody has it open during backup
// and restore.
func backedUpOn(t *testing.T, f func(t *testing.T, d backedUp)) {
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		present, kept := filepath.Join(dir, "app.db"), filepath.Join(dir, "backup.db")
		f(t, backedUp{
			open: func() *sqlstore.DB {
				db, err := sqlite.Open(t.Context(), present, sqlite.Options{})
				check(t, err)
				return db
			},
			backup:  func() { check(t, sqlite.Backup(t.Context(), present, kept, sqlite.BackupOptions{})) },
			restore: func() { present = kept }, // as if it had been copied
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.Open(t)
		u, err := url.Parse(dsn)
		check(t, err)
		name := strings.TrimPrefix(u.Path, "/")
		server, err := sql.Open("postgres", pgtest.Start(t))
		check(t, err)
		defer server.Close()
		do := func(statement string) {
			t.Helper()
			_, err := server.Exec(statement)
			check(t, err)
		}
		defer func() { do("DROP DATABASE IF EXISTS " + name + "_kept WITH (FORCE)") }()
		f(t, backedUp{
			open: func() *sqlstore.DB {
				db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
				check(t, err)
				return db
			},
			backup: func() { do("CREATE DATABASE " + name + "_kept TEMPLATE " + name) },
			restore: func() {
				do("DROP DATABASE " + name + " WITH (FORCE)")
				do("CREATE DATABASE " + name + " TEMPLATE " + name + "_kept")
			},
		})
	})
}

// A backup of an hour ago is brought back beside the pictures of today. What it says
// of pictures that have gone is an honest 404 and the letters of a name, and Repair
// and the next upload mend it; sessions of before it are dead, also those that had
// been ended since and came back with it.
func TestR42_ABackupIsBroughtBack(t *testing.T) {
	backedUpOn(t, func(t *testing.T, d backedUp) {
		c, w := config(t)
		blobs := memblob.New(memblob.Options{})
		var db *sqlstore.DB
		mux := &http.ServeMux{}
		w.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { mux.ServeHTTP(rw, r) }))
		t.Cleanup(w.srv.Close)
		start := func() {
			t.Helper()
			db = d.open()
			if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
				t.Fatal(err)
			}
			c.Stores, c.Blobs, c.Pictures.Direct = httpadapter.StoresOf(db).Unlimited(), blobs, false
			var err error
			if w.app, err = httpadapter.New(c); err != nil {
				t.Fatal(err)
			}
			mux = http.NewServeMux()
			w.app.Register(mux)
		}
		t.Cleanup(func() { db.Close() })
		stop := func() {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		purge := func() {
			t.Helper()
			if _, err := w.app.Pictures.PurgeBlobs(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
		}

		start()
		ada, stolen, bob := w.client().register("ada"), w.client(), w.client().register("bob")
		stolen.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
		ada.photo(1)
		bob.photo(2)
		then, kept := ada.pictureURLs(), bob.pictureURLs()
		stop()
		d.backup()

		start()
		w.clock.advance(time.Hour)
		ada.photo(3)
		now := ada.pictureURLs()
		carol := w.client().register("carol")
		carol.photo(4)
		// Ada throws the thief out.
		ada.send("POST", "/api/auth/password", `{"currentPassword":"`+password+`","newPassword":"a third and different password"}`).want(t, 204)
		stolen.get("/api/profile").want(t, 401)
		w.clock.advance(2 * time.Hour)
		purge()
		ada.get(then[0]).want(t, 404)
		stop()

		d.restore()
		start()
		// This is why: what was ended is back.
		stolen.get("/api/profile").want(t, 200)
		if n, err := w.app.Auth.EndAllSessions(t.Context()); err != nil || n != 3 {
			t.Errorf("%d sessions were ended, %v; the backup has 3", n, err)
		}
		for name, c := range map[string]*client{"the thief": stolen, "ada": ada, "bob": bob, "carol": carol} {
			if got := c.get("/api/profile"); got.StatusCode != 401 {
				t.Errorf("the session of %s answers %d", name, got.StatusCode)
			}
		}
		ada.send("POST", "/api/auth/login", login("ada", password)).want(t, 200) // the password of then
		bob.send("POST", "/api/auth/login", login("bob", password)).want(t, 200)

		// Bob's picture did not change since, and is there.
		for _, u := range kept {
			bob.get(u).want(t, 200)
		}
		// Ada's of then has gone, and that of now is nobody's.
		for _, u := range append(ada.pictureURLs(), now...) {
			ada.get(u).want(t, 404)
		}
		purge() // which knows of nothing to delete
		for _, u := range kept {
			bob.get(u).want(t, 200)
		}
		if report, err := w.app.Pictures.Repair(t.Context(), picture.RepairOptions{Delete: true, Age: -1}); err != nil ||
			report.Missing != len(then) || report.Unknown == 0 || report.Deleted != report.Unknown || report.Live != len(then)+len(kept) {
			t.Errorf("repairing: %+v, %v", report, err)
		}
		ada.photo(5)
		purge()
		for _, u := range append(ada.pictureURLs(), kept...) {
			ada.get(u).want(t, 200)
		}
		report, err := w.app.Pictures.Repair(t.Context(), picture.RepairOptions{Age: -1})
		if err != nil || report.Missing+report.Unknown != 0 || report.Listed != report.Live {
			t.Errorf("afterwards: %+v, %v", report, err)
		}
		// Who signed up since the backup does so again.
		w.client().register("carol").photo(6)
		if log := w.log.String(); strings.Contains(log, "handler panicked") || strings.Contains(log, `"status":5`) {
			t.Errorf("something failed: %s", log)
		}
	})
}
