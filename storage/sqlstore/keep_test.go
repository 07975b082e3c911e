package sqlstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// signedIn makes a session of the user for a new token.
func signedIn(t testing.TB, db *sqlstore.DB, userID string) (token string, s authstore.Session) {
	t.Helper()
	token, now := rand.Text()+rand.Text(), time.Now()
	s = authstore.Session{
		ID: rand.Text(), UserID: userID, TokenHash: sha256.Sum256([]byte(token)), Level: authstore.LevelFull,
		Source:    activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux"},
		CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
	event := activity.Event{ID: rand.Text(), Kind: "auth.sign_in", At: now, Source: s.Source}
	if err := db.Auth().Sessions.CreateSession(t.Context(), s, event); err != nil {
		t.Fatal(err)
	}
	return token, s
}

func TestRestartKeepsEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		ctx := t.Context()
		db := p.open(t)
		u := user(t, ctx, db, "kept")
		_, s := signedIn(t, db, u.ID)
		if err := db.Auth().Passwords.SetPassword(ctx, u.ID, "", "$argon2id$hash"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Settings().Put(ctx, u.ID, settings.Record{Data: []byte(`{"theme":"dark"}`)}); err != nil {
			t.Fatal(err)
		}
		if err := db.Ledger().Reserve(ctx, u.ID, []string{"k-512.jpg"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		rule := limit.Rule{Limit: 1, Window: time.Hour}
		if ok, _, err := db.Limits().Take(ctx, "k", rule, time.Now()); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
		if _, err := db.Users().User(ctx, u.ID); err == nil {
			t.Error("a closed database answers")
		}

		db = p.open(t)
		if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		_, got, err := db.Auth().Sessions.(authstore.SessionUserStore).SessionWithUser(ctx, s.TokenHash)
		if err != nil || got.Username != "kept" || !got.CreatedAt.Equal(u.CreatedAt) {
			t.Errorf("session and user: %+v, %v", got, err)
		}
		if hash, err := db.Auth().Passwords.PasswordHash(ctx, u.ID); err != nil || hash != "$argon2id$hash" {
			t.Errorf("password: %q, %v", hash, err)
		}
		if r, err := db.Settings().Get(ctx, u.ID); err != nil || string(r.Data) != `{"theme":"dark"}` || r.Version != 1 {
			t.Errorf("settings: %s, %v", r.Data, err)
		}
		if keys, err := db.Ledger().Keys(ctx, u.ID); err != nil || len(keys) != 1 {
			t.Errorf("ledger: %v, %v", keys, err)
		}
		if page, err := db.Activity().Page(ctx, activity.Query{UserID: u.ID, Limit: 9}); err != nil || len(page) != 1 {
			t.Errorf("activity: %v, %v", page, err)
		}
		if ok, _, err := db.Limits().Take(ctx, "k", rule, time.Now()); err != nil || ok {
			t.Errorf("throttle: ok %v, %v; want the try refused after a restart too", ok, err)
		}
	})
}

// dump is every row of every table as text.
func dump(t *testing.T, p place, db *sqlstore.DB) string {
	t.Helper()
	list := "SELECT name FROM sqlite_schema WHERE type = 'table'"
	if p.postgres {
		list = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	var tables []string
	ask(t, db, &tables, list)
	if len(tables) < 7 {
		t.Fatalf("only %v to look at", tables)
	}
	var out strings.Builder
	for _, table := range tables {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			rows, err := tx.QueryxContext(ctx, "SELECT * FROM "+table)
			if err != nil {
				return err
			}
			defer rows.Close()
			return write(&out, rows)
		})
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	return out.String()
}

func write(out *strings.Builder, rows *sqlx.Rows) error {
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			return err
		}
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				fmt.Fprintf(out, "%s %x ", b, b)
				continue
			}
			fmt.Fprintf(out, "%v ", v)
		}
		out.WriteByte('\n')
	}
	return rows.Err()
}

func TestS28_DatabaseHoldsNoToken(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		u := user(t, t.Context(), db, "tokened")
		first, s := signedIn(t, db, u.ID)
		second := rand.Text() + rand.Text()
		old := s.TokenHash
		s.TokenHash = sha256.Sum256([]byte(second))
		if err := db.Auth().Sessions.RotateSession(t.Context(), old, s); err != nil {
			t.Fatal(err)
		}
		all := dump(t, p, db)
		if !strings.Contains(all, hex.EncodeToString(s.TokenHash[:])) {
			t.Fatal("the dump has not even the hash: the test does not look at sessions")
		}
		if strings.Contains(all, hex.EncodeToString(old[:])) {
			t.Error("the hash of a rotated token is still there")
		}
		for _, token := range []string{first, second} {
			for _, form := range []string{token, token[:16], hex.EncodeToString([]byte(token)), base64.StdEncoding.EncodeToString([]byte(token))} {
				if strings.Contains(all, form) {
					t.Errorf("the dump holds a token, as %q", form)
				}
			}
		}
		if p.postgres {
			return
		}
		// Also not in what SQLite keeps beside its tables.
		files, err := filepath.Glob(p.at + "*")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(first)) || bytes.Contains(b, []byte(second)) {
				t.Errorf("%s holds a token", filepath.Base(name))
			}
		}
	})
}

func TestIDsAreNeverGivenAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		last := user(t, ctx, db, "last")
		_, s := signedIn(t, db, last.ID)
		err := db.InTx(ctx, func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			_, err := tx.ExecContext(ctx, "DELETE FROM users")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if next := user(t, ctx, db, "next"); next.ID == last.ID {
			t.Errorf("the ID %s of a removed user was given again", next.ID)
		}
		if _, _, err := db.Auth().Sessions.(authstore.SessionUserStore).SessionWithUser(ctx, s.TokenHash); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the session of a removed user: %v, want ErrNotFound", err)
		}
	})
}

// Only the canonical form of a number is an ID: nothing that a cast takes for
// it may reach somebody's row.
func TestForeignIDsReachNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		if u := user(t, ctx, db, "one"); u.ID != "1" {
			t.Fatalf("the first user has the ID %s", u.ID)
		}
		withUser := db.Auth().Sessions.(authstore.SessionUserStore)
		bio := "x"
		for _, id := range []string{"", "0", "-1", "01", "+1", " 1", "1 ", "1x", "1.0", "1e0", "0x1", "١", "x", "99999999999999999999", "9223372036854775807", "1' OR '1'='1"} {
			if _, err := db.Users().User(ctx, id); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("User(%q): %v", id, err)
			}
			if _, err := db.Users().Update(ctx, id, profile.Patch{Bio: &bio}); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("Update(%q): %v", id, err)
			}
			if err := db.Auth().Passwords.SetPassword(ctx, id, "", "h"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("SetPassword(%q): %v", id, err)
			}
			_, s := signedIn(t, db, id)
			if _, _, err := withUser.SessionWithUser(ctx, s.TokenHash); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("SessionWithUser of a session of %q: %v", id, err)
			}
		}
	})
}

// R30: whatever zone a time comes in, the same instant comes back, in UTC.
func TestR30_ZonesDoNotMoveTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		// In the hour that Zurich's clocks skip, and the one they repeat.
		for i, at := range []time.Time{
			time.Date(2026, 3, 29, 1, 30, 0, 123456789, time.UTC),
			time.Date(2026, 10, 25, 0, 30, 0, 999999999, time.UTC),
			time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
		} {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("", -11*3600), time.FixedZone("", 5*3600+45*60), time.FixedZone("", 14*3600)} {
				owner := fmt.Sprint(i, zone)
				e := activity.Event{ID: rand.Text(), UserID: owner, Kind: "test", At: at.In(zone)}
				if err := db.Activity().Append(ctx, e); err != nil {
					t.Fatal(err)
				}
				page, err := db.Activity().Page(ctx, activity.Query{UserID: owner, Limit: 1})
				if err != nil || len(page) != 1 {
					t.Fatal(page, err)
				}
				if want := at.Truncate(time.Microsecond); page[0].At != want {
					t.Errorf("%v came back as %v, want %v", at.In(zone), page[0].At, want)
				}
			}
		}
	})
}
