package sqlstore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestDumpsOfOlderVersionsUpgrade loads every database of the folder of dumps,
// brings it to the present version and goes on with it. A file's name says what
// it is: <commit>.<sqlite or postgres>.<flavour>.sql.
func TestDumpsOfOlderVersionsUpgrade(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(dumps, "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	// Those of the first commit that was dumped stay, whatever else comes.
	for _, what := range []string{"sqlite.plain", "sqlite.separate", "postgres.plain", "postgres.separate", "postgres.adopted"} {
		if name := filepath.Join(dumps, "7817c0d."+what+".sql"); !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			parts := strings.Split(filepath.Base(name), ".")
			if len(parts) != 4 || !slices.Contains([]string{"sqlite", "postgres"}, parts[1]) || !slices.Contains([]string{plain, adopted, separate}, parts[2]) {
				t.Fatal("the name is not <commit>.<sqlite or postgres>.<flavour>.sql")
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := empty(t, parts[1])
			p.load(t, string(text))
			p.wantRows(t)
			p.upgrade(t, parts[2])
		})
	}
}

// upgrade migrates a database that was loaded, and uses it as its programs would.
func (p place) upgrade(t *testing.T, flavour string) {
	before, last := p.contents(t), p.lastUser(t)
	// Half a day later, when the sessions of the dump are still alive.
	clock := &dumpClock{at: dumpStart.Add(12 * time.Hour)}
	db := p.openAt(t, clock.now)
	var o sqlstore.MigrateOptions
	if flavour == adopted { // A program that adopted may ask for it at every start.
		o = inUTC
	}
	for range 2 { // The second time there is nothing to do.
		if err := db.Migrate(t.Context(), o); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
		p.wantContents(t, before)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	if plan, err := db.Plan(t.Context(), sqlstore.MigrateOptions{}); err != nil || len(plan.Statements) != 0 {
		t.Errorf("what is left to do is %v, %v; want nothing", plan, err)
	}
	storesHave(t, db, flavour)
	p.wantContents(t, before) // Reading has changed nothing.

	program := newDumpProgram(t, db, clock, flavour)
	program.wakeUp()
	program.clock.pass(2 * time.Hour)
	program.forgets("bob", flavour == adopted)
	program.clock.pass(2 * time.Hour)
	program.story("-new")
	program.clock.pass(2 * time.Hour)
	program.forgets("bob-new", false)
	newest := "ada-new"
	if flavour == separate {
		newest = "of-before-new"
	}
	u, err := db.Users().ByUsername(t.Context(), newest)
	if id, _ := strconv.ParseInt(u.ID, 10, 64); err != nil || id <= last {
		t.Errorf("a new user has the ID %q, %v; up to %d they were given before", u.ID, err, last)
	}
	if flavour == adopted { // The old program still writes the columns that it knows.
		do(t, p.raw(t), `INSERT INTO users (username, email, password_hash) VALUES ('Much Later', 'much.later@example.org', '')`)
		if u, err := db.Users().ByUsername(t.Context(), "much later"); err != nil || u.Email != "much.later@example.org" {
			t.Errorf("whom the old program added is %v, %v", u, err)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check at the end: %v", err)
	}
}

// table is what a table has: rows as SQL writes them.
type table struct{ columns, rows []string }

// contents are all tables, the host's and that of the versions too.
func (p place) contents(t testing.TB) map[string]table {
	t.Helper()
	db := p.raw(t)
	defer db.Close()
	all := map[string]table{}
	for _, name := range p.tables(t, db) {
		columns := p.columns(t, db, name)
		all[name] = table{columns, p.rows(t, db, name, columns)}
	}
	return all
}

// wantContents wants every row of before to be there, with the same in the
// columns of then. Other columns, rows and tables may have come.
func (p place) wantContents(t testing.TB, before map[string]table) {
	t.Helper()
	db := p.raw(t)
	defer db.Close()
	for name, was := range before {
		now := map[string]int{}
		for _, row := range p.rows(t, db, name, was.columns) {
			now[row]++
		}
		for _, row := range was.rows {
			if now[row]--; now[row] < 0 {
				t.Errorf("the table %s does not have this row any more: %s", name, row)
			}
		}
	}
}

// lastUser is the last ID that the table users gave out, to somebody who may be
// gone.
func (p place) lastUser(t testing.TB) int64 {
	t.Helper()
	db := p.raw(t)
	defer db.Close()
	if p.postgres {
		return one[int64](t, db, "SELECT last_value FROM users_id_seq")
	}
	return one[int64](t, db, "SELECT seq FROM sqlite_sequence WHERE name = 'users'")
}

// wakeUp signs in everybody of the dump, by the passphrase and the authenticator
// app, edits their profiles, and sends the letters that waited.
func (p *dumpProgram) wakeUp() {
	ctx := p.t.Context()
	report, err := p.auth.Reseal(ctx)
	if err != nil || report.Factors == 0 || report.Resealed != 0 || len(report.Lost) != 0 {
		p.t.Errorf("the factors are sealed otherwise: %+v, %v", report, err)
	}
	dead, err := p.notifier.DeadItems(ctx, 100)
	p.must(err)
	p.send()
	after, err := p.notifier.DeadItems(ctx, 100)
	p.must(err)
	// The code that a dead worker had in hand is worth nothing any more.
	expired := slices.DeleteFunc(slices.Clone(after), func(i notify.Item) bool { return i.Reason != notify.ReasonExpired })
	if p.sent == 0 || len(dead) == 0 || len(expired) != 1 || len(after) != len(dead)+len(expired) {
		p.t.Errorf("%d letters were sent, %d were dead and %d are, of which %d expired", p.sent, len(dead), len(after), len(expired))
	}

	levels := map[authstore.Level]int{}
	for _, u := range p.everybody() {
		if _, err := p.settings.Document(ctx, u.ID); err != nil {
			p.t.Errorf("the settings of %s: %v", u.Username, err)
		}
		p.clock.pass(time.Minute) // for another code of the app
		in := p.signIn(u.Username, false)
		levels[in.Session.Level]++
		switch in.Session.Level {
		case authstore.LevelHalf:
			in, err = p.auth.FinishSignIn(ctx, dumpClient, p.half(in), p.app(), false)
		case authstore.LevelDeletionPending:
			in, err = p.auth.Restore(ctx, dumpClient, p.half(in))
		}
		if err != nil {
			p.t.Errorf("the sign-in of %s: %v", u.Username, err)
			continue
		}
		edited, err := p.profiles.Edit(ctx, p.id(in.Token).User.ID, profile.Edit{Pronouns: new("they")}, 0)
		if err != nil || edited.Pronouns != "they" || edited.Bio != u.Bio {
			p.t.Errorf("an edit of %s: %v, %v", u.Username, edited, err)
		}
	}
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDeletionPending} {
		if levels[level] == 0 {
			p.t.Errorf("nobody got as far as %s: %v", level, levels)
		}
	}
}

// forgets has somebody whose address was never proved write something, enrol a factor, and
// reset the password. Who was adopted keeps all of it; of a sign-up it goes, since it may be
// a stranger's. Versions before the rule of package authrule added factors to such accounts
// by the password alone; so does a program that does not know which addresses are proved.
func (p *dumpProgram) forgets(name string, keeps bool) {
	ctx := p.t.Context()
	before, err := p.users.ByUsername(ctx, name)
	p.must(err)
	if before.EmailVerified || before.Adopted != keeps {
		p.t.Fatalf("%s is proved: %v, adopted: %v; want %v and %v", name, before.EmailVerified, before.Adopted, false, keeps)
	}
	token := p.signIn(name, false).Token
	p.describe(before.ID)
	_, err = p.pictures.Put(ctx, before.ID, bytes.NewReader(imagetest.PNG(imagetest.Card(64, 64))), picture.PutOptions{})
	p.must(err)
	_, err = p.auth.BeginFactor(ctx, dumpClient, p.id(token), totp.Kind, "Phone")
	if _, ok := errors.AsType[*input.InvalidError](err); !ok {
		p.t.Errorf("a factor of %s, whose address is not proved: %v", name, err)
	}
	older := p.authConfig
	older.Policy.UnknownAddresses = true
	unaware, err := auth.New(older)
	p.must(err)
	_, err = unaware.BeginFactor(ctx, dumpClient, p.id(token), totp.Kind, "Phone")
	p.must(err)
	_, err = unaware.ConfirmFactor(ctx, dumpClient, p.id(token), p.app())
	p.must(err)
	before, err = p.users.User(ctx, before.ID)
	p.must(err)
	chosen, err := p.settings.Document(ctx, before.ID)
	p.must(err)

	p.must(p.auth.Forgot(ctx, dumpClient, before.Email))
	p.must(p.auth.Reset(ctx, dumpClient, p.token(authmail.Reset), dumpPassphrase+" anew"))
	if _, err := p.auth.Authenticate(ctx, token); !errors.Is(err, auth.ErrUnauthenticated) {
		p.t.Errorf("a session of %s goes on: %v", name, err)
	}
	after, err := p.users.User(ctx, before.ID)
	p.must(err)
	now, err := p.settings.Document(ctx, before.ID)
	p.must(err)
	want, left := before, profile.Patch{}
	want.EmailVerified, want.Version, want.UpdatedAt = true, after.Version, after.UpdatedAt
	left.Empty(after)
	switch {
	case keeps && (!reflect.DeepEqual(after, want) || string(now.JSON) != string(chosen.JSON)):
		p.t.Errorf("%s was adopted and has %+v and %s; want %+v and %s", name, after, now.JSON, want, chosen.JSON)
	case !keeps && (left != (profile.Patch{}) || string(now.JSON) == string(chosen.JSON)):
		p.t.Errorf("%s signed up, and what was written is left: %+v, %s", name, after, now.JSON)
	}
	p.clock.pass(time.Minute) // for another code of the app
	in, err := p.auth.SignIn(ctx, dumpClient, auth.Credentials{Login: name, Password: dumpPassphrase + " anew"})
	p.must(err)
	if asked := in.Status == auth.SecondFactorRequired; asked != keeps {
		p.t.Errorf("the app of %s is asked for: %v, want %v", name, asked, keeps)
	}
	if keeps {
		_, err = p.auth.FinishSignIn(ctx, dumpClient, p.half(in), p.app(), false)
		p.must(err)
	}
}

// everybody is the users who have the passphrase.
func (p *dumpProgram) everybody() (list []profile.User) {
	query := "SELECT CAST(id AS TEXT) AS id, password_hash AS hash FROM users ORDER BY id"
	if p.flavour == separate {
		query = "SELECT user_id AS id, hash FROM profilekit_passwords ORDER BY user_id"
	}
	var rows []struct{ ID, Hash string }
	ask(p.t, p.db, &rows, query)
	hashers := hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}, hash.Bcrypt{})
	for _, r := range rows {
		ok, _, err := hashers.Verify(p.t.Context(), r.Hash, dumpPassphrase)
		p.must(err)
		if u, err := p.users.User(p.t.Context(), r.ID); ok && err == nil {
			list = append(list, u)
		} else if ok {
			p.t.Errorf("the user %s with a password: %v", r.ID, err)
		}
	}
	return list
}
