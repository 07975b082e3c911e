package sqlstore_test

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// The mark is what Create was given, also for a signed-in reader and after an edit.
func TestT09_TheMarkOfAnImportIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		for _, adopted := range []bool{true, false} {
			name := map[bool]string{true: "imported", false: "signed-up"}[adopted]
			u, err := db.Users().Create(t.Context(), profile.User{Username: name, Email: name + "@example.org", Adopted: adopted})
			if err != nil || u.Adopted != adopted {
				t.Errorf("Create: %v, %v", u.Adopted, err)
			}
			for what, patch := range map[string]profile.Patch{"an edit": {Bio: new("x")}, "a proof": {EmailVerified: new(true)}} {
				if u, err = db.Users().Update(t.Context(), u.ID, patch); err != nil || u.Adopted != adopted {
					t.Errorf("after %s: %v, %v", what, u.Adopted, err)
				}
			}
			if u, err = db.Users().User(t.Context(), u.ID); err != nil || u.Adopted != adopted {
				t.Errorf("User: %v, %v", u.Adopted, err)
			}
		}
	})
}

// An upgrade marks whom nobody can have signed up here, and nobody else: a wrong mark keeps
// what a stranger left in a sign-up.
func TestT09_AnUpgradeMarksWhoDidNotSignUpHere(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := &dumpClock{at: dumpStart}
		db := p.openAt(t, clock.now)
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		raw := p.raw(t)
		defer raw.Close()
		// As if the tables were those of the version before, and as old as the clock says.
		do(t, raw, "DELETE FROM profilekit_migrations WHERE version_id >= 11")
		do(t, raw, "ALTER TABLE users DROP COLUMN adopted")
		for _, index := range []string{"turn", "group", "claimed"} {
			do(t, raw, "DROP INDEX profilekit_outbox_"+index)
		}
		for _, column := range []string{"class", "group_id", "held", "claimed"} {
			do(t, raw, "ALTER TABLE profilekit_outbox DROP COLUMN "+column)
		}
		do(t, raw, p.bind("UPDATE profilekit_migrations SET tstamp = $1"), dumpStart.Add(-time.Hour).Format(time.DateTime))
		create := func(name string, proved bool) {
			t.Helper()
			at := map[bool]any{true: dumpMoment(clock.now()), false: clock.now().UTC().Format("2006-01-02 15:04:05.999999")}[!p.postgres]
			do(t, raw, p.bind(`INSERT INTO users (username, email, username_key, email_key, email_verified, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`),
				name, name+"@example.org", name, name+"@example.org", proved, at, at)
		}
		registered := func(name string) {
			t.Helper()
			id := one[string](t, raw, "SELECT CAST(id AS TEXT) FROM users WHERE username = '"+name+"'")
			err := db.Activity().Append(t.Context(), activity.Event{ID: name, UserID: id, Kind: authevent.Registered, At: clock.now()})
			if err != nil {
				t.Fatal(err)
			}
		}
		// Its event is purged since: events begin a day later.
		create("signed-up-long-ago", false)
		clock.pass(24 * time.Hour)
		create("signed-up", false)
		registered("signed-up")
		create("of-the-same-day", false)
		clock.pass(25 * time.Hour)
		create("imported", false)
		create("imported-and-proved", true)
		create("signed-up-later", false)
		registered("signed-up-later")
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{
			"signed-up-long-ago": false, "signed-up": false, "of-the-same-day": false, "imported": true, "imported-and-proved": false, "signed-up-later": false,
		} {
			if u, err := db.Users().ByUsername(t.Context(), name); err != nil || u.Adopted != want {
				t.Errorf("%s is marked: %v, %v; want %v", name, u.Adopted, err, want)
			}
		}
	})
}

// dumpMoment is a time as a column of SQLite has it.
func dumpMoment(at time.Time) int64 { return at.UnixMicro() }

// An adoption marks every row, whatever its time of creation.
func TestT09_AnAdoptionMarksEveryRow(t *testing.T) {
	p, _ := oldDatabase(t, `INSERT INTO users (username, email, password_hash, role, created_at) VALUES
		('early', 'early@example.org', '', 'user', '2001-01-01'), ('timeless', 'timeless@example.org', '', 'user', NULL), ('ahead', 'ahead@example.org', '', 'user', '2999-01-01')`)
	db := p.open(t)
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"early", "timeless", "ahead"} {
		if u, err := db.Users().ByUsername(t.Context(), name); err != nil || !u.Adopted {
			t.Errorf("%s is marked: %v, %v", name, u.Adopted, err)
		}
	}
	if u := user(t, t.Context(), db, "newcomer"); u.Adopted {
		t.Error("who came later is marked")
	}
}
