package sqlstore_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// unchanged says whether a test's database is, catalog and rows, as it was.
func unchanged(t *testing.T, p place) func() {
	t.Helper()
	before := pgtest.Dump(t, p.at)
	if !strings.Contains(before, "password_hash") {
		t.Fatal("the dump does not hold the table")
	}
	return func() {
		t.Helper()
		if after := pgtest.Dump(t, p.at); after != before {
			t.Error("the database was changed")
		}
	}
}

func TestAdoptReportsCollisionsByIDAndChangesNothing(t *testing.T) {
	p, old := oldDatabase(t, `INSERT INTO users (id, username, email, password_hash) VALUES
		(7, 'Bob', 'bob@example.org', ''), (3, 'bob', 'robert@example.org', ''), (9, 'BOB', 'bobby@example.org', ''),
		(4, 'ann', 'a@X.org', ''), (5, 'ann2', 'A@x.org', ''), (6, 'fine', 'fine@example.org', '')`)
	db := p.open(t)
	same := unchanged(t, p)
	for name, run := range map[string]func() error{
		"Migrate": func() error { return db.Migrate(t.Context(), inUTC) },
		"Plan":    func() error { _, err := db.Plan(t.Context(), inUTC); return err },
	} {
		err := run()
		var refused *sqlstore.AdoptError
		if !errors.As(err, &refused) {
			t.Fatalf("%s: %v, want an AdoptError", name, err)
		}
		want := []sqlstore.Collision{{Field: "username", IDs: []string{"3", "7", "9"}}, {Field: "email", IDs: []string{"4", "5"}}}
		if !reflect.DeepEqual(refused.Collisions, want) || refused.More != 0 || len(refused.Problems) != 0 {
			t.Errorf("%s: %+v, want the collisions %v alone", name, refused, want)
		}
		if text := err.Error(); !strings.Contains(text, "3, 7, 9") || strings.Contains(strings.ToLower(text), "bob") || strings.Contains(text, "@") {
			t.Errorf("%s: the text is %q; want ids and no names", name, text)
		}
		same()
	}
	do(t, old, "UPDATE users SET username = 'bob' || id WHERE id IN (7, 9)")
	do(t, old, "UPDATE users SET email = 'another@x.org' WHERE id = 5")
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Errorf("once they have others: %v", err)
	}
}

func TestAdoptTellsOfManyCollisionsInFewWords(t *testing.T) {
	p, _ := oldDatabase(t,
		`INSERT INTO users (username, email, password_hash) SELECT 'U' || n, 'u' || n || '@example.org', '' FROM generate_series(1, 300) n`,
		`INSERT INTO users (username, email, password_hash) SELECT 'u' || n, 'v' || n || '@example.org', '' FROM generate_series(1, 300) n`,
		// 2^6 spellings of one name.
		`INSERT INTO users (id, username, email, password_hash) SELECT 0 - n - 1 + 1000, (SELECT string_agg(CASE n >> b & 1 WHEN 1 THEN 'K' ELSE 'k' END, '')
			FROM generate_series(0, 5) b), 'w' || n || '@example.org', '' FROM generate_series(0, 63) n`)
	err := p.open(t).Migrate(t.Context(), inUTC)
	var refused *sqlstore.AdoptError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if len(refused.Collisions) != 100 || refused.More != 201 {
		t.Errorf("%d groups and %d more, want 100 and 201", len(refused.Collisions), refused.More)
	}
	if first := refused.Collisions[0]; !reflect.DeepEqual(first.IDs, []string{"1", "301"}) {
		t.Errorf("the first group is %v", first)
	}
}

func TestPlanShowsTheAdoptionAndChangesNothing(t *testing.T) {
	p, _ := oldDatabase(t, `INSERT INTO users (username, email, password_hash, created_at)
		SELECT 'u' || n, CASE n WHEN 2 THEN 'u2@localhost' ELSE 'u' || n || '@example.org' END, '', NOW() FROM generate_series(1, 10) n`)
	db := p.open(t)
	same := unchanged(t, p)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	o := sqlstore.MigrateOptions{AdoptUsers: true, Zone: berlin}
	plan, err := db.Plan(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	same()
	text := plan.String()
	for _, want := range []string{
		"ALTER COLUMN id TYPE BIGINT", "ADD COLUMN display_name TEXT NOT NULL DEFAULT ''", "AT TIME ZONE 'Europe/Berlin'",
		"-- The table users, 10 rows, is locked", "-- The e-mail address of ids 2 is kept", "CREATE TABLE profilekit_activity", "00003_",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not hold %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "CREATE TABLE users") || strings.Contains(text, "u2@") {
		t.Error("the plan makes the table anew, or holds an address")
	}
	var done sqlstore.Plan
	o.Report = func(p sqlstore.Plan) { done = p }
	if err := db.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := len(done.Statements); n == 0 || !reflect.DeepEqual(done.Statements, plan.Statements[:n]) || !reflect.DeepEqual(done.Notes, plan.Notes) {
		t.Errorf("what was done is not what was planned:\n%s", done)
	}
	if plan, err := db.Plan(t.Context(), o); err != nil || plan.String() != "-- Nothing to do.\n" {
		t.Errorf("afterwards the plan is %q, %v", plan, err)
	}
}

func TestPlanOfAFreshDatabase(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		db := p.open(t)
		plan, err := db.Plan(t.Context(), sqlstore.MigrateOptions{})
		if err != nil || len(plan.Statements) < 3 || !strings.Contains(plan.String(), "CREATE TABLE users") {
			t.Errorf("the plan is %v, %v", plan, err)
		}
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		if plan, err = db.Plan(t.Context(), sqlstore.MigrateOptions{}); err != nil || len(plan.Statements) != 0 {
			t.Errorf("afterwards the plan is %v, %v", plan, err)
		}
	})
}

// What adoption would have to destroy, or could not keep, is refused by name.
func TestAdoptRefusesWhatItCannotTakeAsItIs(t *testing.T) {
	for name, c := range map[string]struct{ change, want string }{
		"type of id":         {"ALTER TABLE users ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE TEXT", "column id: is text"},
		"no sequence":        {"ALTER TABLE users ALTER COLUMN id DROP DEFAULT", "column id: has no sequence"},
		"no primary key":     {"ALTER TABLE users DROP CONSTRAINT users_pkey", "column id: is not the primary key"},
		"wider name":         {"ALTER TABLE users ALTER COLUMN username TYPE VARCHAR(80)", "column username: is character varying(80)"},
		"name not unique":    {"ALTER TABLE users DROP CONSTRAINT users_username_key", "column username: is not unique"},
		"e-mail not unique":  {"ALTER TABLE users DROP CONSTRAINT users_email_key", "column email: is not unique"},
		"unique in part":     {"ALTER TABLE users DROP CONSTRAINT users_email_key; CREATE UNIQUE INDEX ON users (email) WHERE role <> 'x'", "column email: is not unique"},
		"time with a zone":   {"ALTER TABLE users ALTER COLUMN created_at TYPE TIMESTAMPTZ", "column created_at: is timestamp with time zone"},
		"a column is gone":   {"ALTER TABLE users DROP COLUMN role", "column role: is missing"},
		"a column of ours":   {"ALTER TABLE users ADD COLUMN bio VARCHAR(10)", "column bio: is one that we add"},
		"a column in need":   {"ALTER TABLE users ADD COLUMN team INT NOT NULL", "column team: is NOT NULL without a default"},
		"a generated column": {"ALTER TABLE users ADD COLUMN up TEXT GENERATED ALWAYS AS (upper(username)) STORED", "column up: is generated"},
		"a view":             {"CREATE VIEW people AS SELECT id FROM users", "column id: is used by the view people"},
		"a trigger": {
			"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()",
			"trigger audit",
		},
		"a rule":         {"CREATE RULE r AS ON DELETE TO users DO INSTEAD NOTHING", "rule r"},
		"row security":   {"ALTER TABLE users ENABLE ROW LEVEL SECURITY", "row level security"},
		"a child":        {"CREATE TABLE staff () INHERITS (users)", "inherit"},
		"a view instead": {"ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people", "users is a view"},
		"ids below one":  {"INSERT INTO users (id, username, email, password_hash) VALUES (-4, 'a', 'a@x.org', '')", "column id: is less than 1 in -4"},
		"endless time":   {"INSERT INTO users (username, email, password_hash, created_at) VALUES ('a', 'a@x.org', '', 'infinity')", "column created_at: is outside the years 1 to 9999 for ids 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := oldDatabase(t, c.change)
			db := p.open(t)
			same := unchanged(t, p)
			var refused *sqlstore.AdoptError
			if err := db.Migrate(t.Context(), inUTC); !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Migrate: %v, want %q", err, c.want)
			}
			if _, err := db.Plan(t.Context(), inUTC); !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Plan: %v, want %q", err, c.want)
			}
			same()
		})
	}
}

func TestAdoptRefusesAZoneThatIsNone(t *testing.T) {
	p, _ := oldDatabase(t, "INSERT INTO users (username, email, password_hash) VALUES ('a', 'a@x.org', '')")
	db := p.open(t)
	same := unchanged(t, p)
	for name, zone := range map[string]*time.Location{
		"none": nil, "Local": time.Local, "fixed": time.FixedZone("UTC+2", 7200), "without a name": time.FixedZone("", 0),
	} {
		var refused *sqlstore.AdoptError
		err := db.Migrate(t.Context(), sqlstore.MigrateOptions{AdoptUsers: true, Zone: zone})
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "MigrateOptions.Zone") {
			t.Errorf("%s: %v", name, err)
		}
	}
	same()
}

// The program that had the table before goes on beside us.
func TestTheOldProgramGoesOnAfterAdoption(t *testing.T) {
	p, old := oldDatabase(t, "INSERT INTO users (username, email, password_hash) VALUES ('Ann', 'Ann@Example.org', 'h')",
		"CREATE TABLE posts (author INTEGER REFERENCES users (id))", "INSERT INTO posts VALUES (1)")
	db := p.open(t)
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	do(t, old, "INSERT INTO users (username, email, password_hash) VALUES ('New Name', 'First.O''Last+tag@Sub.Example.ORG', 'h')")
	do(t, old, "INSERT INTO posts VALUES (2)")
	for _, address := range []string{"first.o'last+TAG@sub.example.org", "First.O'Last+tag@Sub.Example.ORG"} {
		u, err := db.Users().ByEmail(t.Context(), address)
		if err != nil || u.ID != "2" || u.Username != "New Name" || time.Since(u.CreatedAt).Abs() > time.Hour {
			t.Errorf("the old program's user by address: %v, %v", u, err)
		}
	}
	if u, err := db.Users().ByUsername(t.Context(), "new name"); err != nil || u.ID != "2" {
		t.Errorf("the old program's user by name: id %s, %v", u.ID, err)
	}
	do(t, old, "UPDATE users SET username = 'Anna', email = 'anna@example.org', profile_picture = 'https://x.example/1' WHERE id = 1")
	u, err := db.Users().ByUsername(t.Context(), "anna")
	if err != nil || u.Version != 2 || u.Email != "anna@example.org" || u.Picture.URL != "https://x.example/1" {
		t.Errorf("a user whom the old program changed: %v, %v", u, err)
	}
	if _, err := db.Users().ByEmail(t.Context(), "ann@example.org"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the address before: %v", err)
	}
	for _, statement := range []string{
		"INSERT INTO users (username, email, password_hash) VALUES ('ANNA', 'x@x.org', '')",
		"INSERT INTO users (username, email, password_hash) VALUES ('x', 'ANNA@example.org', '')",
		"INSERT INTO users (username, email, password_hash) VALUES ('x', 'x@localhost', '')",
		"INSERT INTO users (username, email, password_hash) VALUES ('x', 'x@xn--bcher-kva.example', '')",
		"INSERT INTO users (username, email, password_hash) VALUES ('x', 'x@bücher.example', '')",
		"INSERT INTO users (username, email, password_hash) VALUES ('', 'x@x.org', '')",
		"INSERT INTO users (username, email, password_hash) VALUES (E'a\\x01', 'x@x.org', '')",
		"UPDATE users SET email = 'anna@EXAMPLE.org' WHERE id = 2",
	} {
		if _, err := old.Exec(statement); err == nil {
			t.Errorf("was taken: %s", statement)
		}
	}
	// Ours pass the trigger by.
	name, address := "ANNA", "x@bücher.example"
	u, err = db.Users().Update(t.Context(), "1", profile.Patch{Username: &name, Email: &address})
	if err != nil || u.Version != 3 {
		t.Errorf("our update: version %d, %v", u.Version, err)
	}
	if u, err := db.Users().ByEmail(t.Context(), "x@xn--bcher-kva.example"); err != nil || u.ID != "1" {
		t.Errorf("our key: id %s, %v", u.ID, err)
	}
	var taken *storage.TakenError
	if _, err := db.Users().Create(t.Context(), profile.User{Username: "NEW name", Email: "y@x.org"}); !errors.As(err, &taken) || taken.Field != "username" {
		t.Errorf("a taken name: %v", err)
	}
}

// The keys that SQL makes must be those that Go makes.
func TestKeysOfTheOldProgramAreOurs(t *testing.T) {
	p, old := oldDatabase(t)
	db := p.open(t)
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	for i, address := range []string{
		"A.B@X.org", "a!#$%&'*+/=?^_{|}~-z@x-Y.example", "9@9.example", strings.Repeat("a", 64) + "@x.org", strings.Repeat("a", 65) + "@x.org",
		"a..b@x.org", ".a@x.org", "a.@x.org", "a@-x.org", "a@x-.org", "a@x--y.org", "a@ab--y.org", "a@x_y.org", "a@x.org.", "a@x.1", "a@x.o1", "a@1.2.3.4",
		"a@[1.2.3.4]", "a b@x.org", "a@x .org", "a@b@x.org", "\"a\"@x.org", "a@" + strings.Repeat("b", 63) + ".org", "a@" + strings.Repeat("b", 64) + ".org",
		"a(c)@x.org", "a@x.org\n", "\u212a@x.org", "İ@x.org", "a`b@x.org", "<a@x.org>",
	} {
		name := fmt.Sprintf("Name Kİ %d", i)
		_, err := old.Exec("INSERT INTO users (username, email, password_hash) VALUES ($1, $2, '')", name, address)
		want, refused := profile.EmailKey(address)
		if err != nil {
			continue // stricter is safe
		}
		if refused != nil {
			t.Errorf("%q was taken, which we refuse: %v", address, refused)
			continue
		}
		var nameKey, emailKey string
		if err := old.QueryRow("SELECT username_key, email_key FROM users WHERE email = $1", address).Scan(&nameKey, &emailKey); err != nil {
			t.Fatal(err)
		}
		if emailKey != want {
			t.Errorf("%q has the key %q, want %q", address, emailKey, want)
		}
		if want, _ := profile.UsernameKey(name); nameKey != want {
			t.Errorf("%q has the key %q, want %q", name, nameKey, want)
		}
	}
	if n := one[int](t, old, "SELECT count(*) FROM users"); n < 5 {
		t.Errorf("only %d of the addresses were taken", n)
	}
}
