package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"golang.org/x/crypto/bcrypt"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// oldTable is the table of the programs that are taken over from.
const oldTable = `CREATE TABLE users (id SERIAL PRIMARY KEY, username VARCHAR(50) UNIQUE NOT NULL, email VARCHAR(100) UNIQUE NOT NULL,
	password_hash TEXT NOT NULL, profile_picture TEXT, role VARCHAR(20) DEFAULT 'user', created_at TIMESTAMP DEFAULT NOW())`

// oldDatabase has that table and what more the statements do.
func oldDatabase(t testing.TB, statements ...string) (place, *sql.DB) {
	t.Helper()
	dsn := pgtest.Open(t)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, s := range append([]string{oldTable}, statements...) {
		do(t, db, s)
	}
	return place{postgres: true, at: dsn}, db
}

func do(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%v in %s", err, statement)
	}
}

// one is the single value of a query.
func one[T any](t testing.TB, db *sql.DB, query string) T {
	t.Helper()
	var v T
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	return v
}

func hashed(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

var inUTC = sqlstore.MigrateOptions{AdoptUsers: true, Zone: time.UTC}

func TestAdoptKeepsAHundredThousandUsers(t *testing.T) {
	const password = "an old password of theirs"
	p, old := oldDatabase(t)
	do(t, old, `INSERT INTO users (username, email, password_hash, profile_picture, role, created_at)
		SELECT 'User ' || n, 'User' || n || '@Example.org', $1, CASE WHEN n % 2 = 0 THEN 'https://pictures.example/' || n END,
		CASE n % 3 WHEN 0 THEN 'admin' WHEN 1 THEN 'user' END, TIMESTAMP '2020-01-01 12:00' + n * INTERVAL '1 minute'
		FROM generate_series(1, 100000) n`, hashed(t, password))
	sum := `SELECT count(*) || md5(string_agg(concat_ws('|', id, username, email, password_hash, COALESCE(profile_picture, '-'), COALESCE(role, '-'), created_at), ',' ORDER BY id)) FROM users`
	before := one[string](t, old, sum)

	db := p.open(t)
	var report sqlstore.Plan
	o := inUTC
	o.Report = func(p sqlstore.Plan) { report = p }
	start := time.Now()
	if err := db.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Logf("adopted 100000 users in %v", time.Since(start))
	if report.Rows != 100000 || len(report.Statements) == 0 {
		t.Errorf("the report tells of %d rows and %d statements", report.Rows, len(report.Statements))
	}
	if after := one[string](t, old, sum); after != before {
		t.Error("rows are not what they were")
	}
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Errorf("once more: %v", err)
	}

	u, err := db.Users().ByUsername(t.Context(), "USER 70002")
	if err != nil {
		t.Fatal(err)
	}
	want := profile.User{
		ID: "70002", Username: "User 70002", Email: "User70002@Example.org", Adopted: true, Role: "admin", Version: 1, Links: u.Links,
		Picture:   profile.Picture{URL: "https://pictures.example/70002"},
		CreatedAt: time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC).Add(70002 * time.Minute), UpdatedAt: u.UpdatedAt,
	}
	if fmt.Sprint(u) != fmt.Sprint(want) {
		t.Errorf("the user is\n%v, want\n%v", u, want)
	}
	if u := user(t, t.Context(), db, "newcomer"); u.ID != "100001" || u.Role != "user" || u.Adopted {
		t.Errorf("the next user has id %s and role %q, adopted: %v", u.ID, u.Role, u.Adopted)
	}
}

func TestAdoptedHashesSignInAndAreRehashed(t *testing.T) {
	const password = "an old password of theirs"
	p, old := oldDatabase(t)
	do(t, old, `INSERT INTO users (username, email, password_hash, role) VALUES ('Bo', 'Bo@Example.org', $1, NULL)`, hashed(t, password))
	db := p.open(t)
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	service, err := auth.New(auth.Config{Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db})
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"bo", "bo@example.org", "Bo"} {
		in, err := service.SignIn(t.Context(), auth.Client{}, auth.Credentials{Login: login, Password: password})
		if err != nil {
			t.Fatalf("sign-in as %s: %v", login, err)
		}
		if in.User.ID != "1" || in.User.Role != "user" {
			t.Errorf("signed in as id %s, role %q", in.User.ID, in.User.Role)
		}
		if got := one[string](t, old, "SELECT password_hash FROM users"); !strings.HasPrefix(got, "$argon2id$") {
			t.Errorf("after sign-in as %s the hash begins %q", login, got[:7])
		}
	}
	_, err = service.SignIn(t.Context(), auth.Client{}, auth.Credentials{Login: "bo", Password: password + "?"})
	if !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("a wrong password: %v", err)
	}
}

// Names that nobody could choose today, and what a column may hold that ours
// never does.
func TestAdoptKeepsWhatWouldBeRefusedToday(t *testing.T) {
	p, _ := oldDatabase(t, `INSERT INTO users (username, email, password_hash, profile_picture, role, created_at) VALUES
		('X', 'x@localhost', '', NULL, NULL, NULL),
		('two words', '"quoted"@example.org', 'plain', '', 'user', NULL),
		('a@b.example', '', '', 'javascript:alert(1)', 'root', '2024-03-31 02:30'),
		('Łukasz', 'józef@example.org', '', NULL, 'user', '2024-07-01'),
		('', 'no.name@example.org', '', NULL, 'user', '2024-07-01'),
		(E'tab\there', 'tab@example.org', '', NULL, 'user', '2024-07-01')`)
	db := p.open(t)
	var report sqlstore.Plan
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now().Add(-time.Minute)
	err = db.Migrate(t.Context(), sqlstore.MigrateOptions{AdoptUsers: true, Zone: prague, Report: func(p sqlstore.Plan) { report = p }})
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(report.Notes, "\n")
	for _, want := range []string{
		"The user name of ids 5, 6 is kept", "The e-mail address of ids 1, 2 is kept", "address of ids 3 is one to sign in by",
		"2 rows have no created_at",
		"passwords of ids 2 are", "pictures of ids 3 are",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not hold %q:\n%s", want, notes)
		}
	}
	for id, name := range map[string]string{"1": "x", "2": "Two Words", "3": "A@b.example", "4": "Łukasz"} {
		if u, err := db.Users().ByUsername(t.Context(), name); err != nil || u.ID != id {
			t.Errorf("%s: id %s, %v; want %s", name, u.ID, err, id)
		}
	}
	for id, address := range map[string]string{"4": "józef@EXAMPLE.org", "5": "no.name@example.org", "6": "tab@example.org"} {
		if u, err := db.Users().ByEmail(t.Context(), address); err != nil || u.ID != id {
			t.Errorf("%s: id %s, %v; want %s", address, u.ID, err, id)
		}
	}
	for _, address := range []string{"x@localhost", "", "\x01", "\x01x@localhost"} {
		if _, err := db.Users().ByEmail(t.Context(), address); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the address %q finds somebody: %v", address, err)
		}
	}
	bio := "Hello."
	for id := range 6 {
		u, err := db.Users().Update(t.Context(), fmt.Sprint(id+1), profile.Patch{IfVersion: 1, Bio: &bio})
		if err != nil || u.Bio != bio {
			t.Errorf("editing id %d: %v", id+1, err)
		}
		if id < 2 && u.CreatedAt.Before(begun) {
			t.Errorf("id %d, without a time, was created %v", id+1, u.CreatedAt)
		}
	}
	// That night the clocks of Prague went from 2:00 to 3:00.
	for id, want := range map[string]string{"3": "2024-03-31T01:30:00Z", "4": "2024-06-30T22:00:00Z"} {
		if u, err := db.Users().User(t.Context(), id); err != nil || u.CreatedAt.Format(time.RFC3339) != want {
			t.Errorf("id %s was created %v, want %s (%v)", id, u.CreatedAt, want, err)
		}
	}
	if u, err := db.Users().User(t.Context(), "3000000000"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an id beyond the old type: %v, %v", u.ID, err)
	}
}

func TestR31_NodesAdoptOnceWhileTheOldProgramWrites(t *testing.T) {
	p, old := oldDatabase(t, `INSERT INTO users (username, email, password_hash)
		SELECT 'u' || n, 'u' || n || '@example.org', '' FROM generate_series(1, 5000) n`)
	const nodes = 6
	stop := make(chan struct{})
	inserted := make(chan int)
	go func() { // the old program
		n := 0
		for {
			_, err := old.Exec("INSERT INTO users (username, email, password_hash) VALUES ($1, $2, '')", fmt.Sprintf("Late %d", n), fmt.Sprintf("late%d@Example.org", n))
			if err != nil {
				t.Errorf("the old program's insert: %v", err)
			}
			n++
			select {
			case <-stop:
				inserted <- n
				return
			default:
			}
		}
	}()
	reports := make(chan sqlstore.Plan, nodes)
	var all sync.WaitGroup
	for i := range nodes {
		db := p.open(t)
		all.Go(func() {
			o := inUTC
			o.Report = func(p sqlstore.Plan) { reports <- p }
			if err := db.Migrate(t.Context(), o); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	all.Wait()
	close(stop)
	late := <-inserted
	if len(reports) != 1 {
		t.Errorf("%d nodes adopted, want 1", len(reports))
	}
	if n := one[int](t, old, "SELECT count(*) FROM users"); n != 5000+late {
		t.Errorf("there are %d users, want %d", n, 5000+late)
	}
	if n := one[int](t, old, "SELECT count(*) FROM users WHERE username_key <> lower(username) OR email_key <> lower(email)"); n != 0 {
		t.Errorf("%d keys are wrong", n)
	}
}

// An adopted table is, to the catalog, the one that a fresh start makes, but
// for the trigger that serves the old program.
func TestR33_AnAdoptedSchemaEqualsAFreshOne(t *testing.T) {
	p, old := oldDatabase(t)
	if err := p.open(t).Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	do(t, old, "DROP FUNCTION profilekit_users_keys CASCADE")
	if got, want := pgtest.Dump(t, p.at, true), pgtest.Dump(t, migrated(t), true); got != want {
		t.Errorf("the schema is\n%s\nwant\n%s", got, want)
	}
}

func TestAForeignTableOfUsersIsRefusedUnlessAdopted(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		db := p.open(t)
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			_, err := tx.ExecContext(ctx, "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); !errors.Is(err, sqlstore.ErrForeignUsers) {
			t.Errorf("Migrate: %v, want ErrForeignUsers", err)
		}
		var refused *sqlstore.AdoptError
		if err := db.Migrate(t.Context(), inUTC); !errors.As(err, &refused) || len(refused.Problems) == 0 {
			t.Errorf("AdoptUsers: %v, want an AdoptError", err)
		}
	})
}
