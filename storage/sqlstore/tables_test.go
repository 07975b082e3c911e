package sqlstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
)

// asLongAsTheAccount is the retention of rows that nothing but erasing removes.
const asLongAsTheAccount = "as long as the account"

// keptTable is what was decided for a table: how a row names its person, who forgets
// it, whether the person gets a copy of it, and how long it is kept. The test looks
// whether it is so.
type keptTable struct {
	table string
	// names is the condition of the rows of one person, $1 being the ID. "" is a
	// table that is sealed: its rows are opened by openOutbox.
	names string
	// hosts are the flavours of hosts that have rows there.
	hosts []string
	// exported is the file of the copy that has them, and shown what of each row must
	// be in it: a column, or the text itself when it is "'like this'".
	exported, shown string
	// whyNot is why the person gets no copy of it.
	whyNot string
	// retention says how long a row is kept, and who removes it then.
	retention string
	// stays is the condition of the rows that are kept as long as the account; "" is
	// none. The purges remove all others in time.
	stays string
}

// everyTable has all tables of ours, and no other.
var everyTable = []keptTable{
	{
		table: "users", names: "CAST(id AS TEXT) = $1", hosts: []string{plain},
		exported: "profile.json", shown: "username", retention: asLongAsTheAccount, stays: "TRUE",
	},
	{
		table: "profilekit_passwords", names: "user_id = $1", hosts: []string{separate},
		whyNot: "the hash of a password is worth something to a thief only", retention: asLongAsTheAccount, stays: "TRUE",
	},
	{
		table: "profilekit_settings", names: "user_id = $1", hosts: []string{plain, separate},
		exported: "settings.json", shown: "'Europe/Prague'", retention: asLongAsTheAccount, stays: "TRUE",
	},
	{
		table: "profilekit_sessions", names: "user_id = $1", hosts: []string{plain, separate},
		exported: "security.json", shown: "id",
		retention: "until the session ends or its limits are reached: auth.Service.PurgeExpired",
	},
	{
		table: "profilekit_factors", names: "user_id = $1", hosts: []string{plain, separate},
		exported: "security.json", shown: "id",
		retention: asLongAsTheAccount + "; a pending one until it expires: auth.Service.PurgeExpired", stays: "NOT pending",
	},
	{
		table: "profilekit_passkey_handles", names: "user_id = $1", hosts: []string{plain, separate},
		whyNot:    "random bytes that say nothing of the person, for authenticators alone; the passkeys are in security.json",
		retention: asLongAsTheAccount + ", also without a passkey: an authenticator may still hold one", stays: "TRUE",
	},
	{
		table: "profilekit_tickets", names: "user_id = $1", hosts: []string{plain, separate},
		whyNot:    "a hash and a time, worth something to a thief only; the addresses of a change are in the profile",
		retention: "two days after it expires: auth.Service.PurgeExpired; codes for recovery " + asLongAsTheAccount,
		stays:     "purpose = 'recovery'",
	},
	{
		table: "profilekit_activity", names: "user_id = $1", hosts: []string{plain, separate},
		exported: "activity.jsonl", shown: "id", retention: "activity.Policy.Retention: activity.Log.PurgeExpired",
	},
	{
		table: "profilekit_blobs", names: "user_id = $1", hosts: []string{plain, separate},
		whyNot:    "keys say nothing; the picture itself is in the copy, as a file",
		retention: asLongAsTheAccount + "; what is replaced or never used an hour: picture.Service.PurgeBlobs", stays: "state = 'live'",
	},
	{
		table: "profilekit_throttle", names: "key LIKE '%:user:' || $1", hosts: []string{plain, separate},
		whyNot: "how often something was tried is forgotten within a day", retention: "the window of the rule: limit.PurgeExpired",
	},
	{
		table: "profilekit_holds", names: "user_id = $1", hosts: []string{plain, separate},
		whyNot:    "hashes of names that were given up, which the history tells",
		retention: "until a hold ends: profile.Service.PurgeExpired",
	},
	{
		table: "profilekit_outbox", hosts: []string{plain, separate},
		whyNot:    "sealed on its way to the person; the history tells what happened",
		retention: "until sent, expired or tried ten times; the latter two are kept 30 days more, empty and nobody's: notify.Notifier.Run",
	},
}

// TestEveryTableIsErasedExportedAndKeptForATime walks over every table that there is
// and wants it to be as everyTable says: by two people who have something in each, of
// whom one leaves.
func TestEveryTableIsErasedExportedAndKeptForATime(t *testing.T) {
	for _, flavour := range []string{plain, separate} {
		t.Run(flavour, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p place) {
				wantEveryTable(t, p)
				l := newLeaving(t, p, flavour)
				for _, who := range []*person{l.stayer, l.leaver} { // a letter that waits
					l.must(l.auth.Forgot(t.Context(), dumpClient, who.name+"@example.com"))
				}
				l.wantEverywhere(l.leaver)
				l.wantEverywhere(l.stayer)
				l.export()
				l.erase()
				l.purge()
			})
		})
	}
}

// wantEveryTable compares everyTable with the tables that there are.
func wantEveryTable(t *testing.T, p place) {
	t.Helper()
	db := p.raw(t)
	defer db.Close()
	tables := slices.DeleteFunc(p.tables(t, db), func(name string) bool { return name == "profilekit_migrations" })
	declared := map[string]bool{}
	for _, k := range everyTable {
		declared[k.table] = true
		if !slices.Contains(tables, k.table) {
			t.Errorf("everyTable has %s, and the database does not", k.table)
		}
		if (k.exported == "") == (k.whyNot == "") || k.retention == "" || len(k.hosts) == 0 {
			t.Errorf("%s: say in which file of a copy it is or why in none, how long it is kept, and which hosts have it", k.table)
		}
	}
	for _, name := range tables {
		if !declared[name] {
			t.Fatalf(`the table %s is new. Decide, and add it to everyTable:
	- who erases it: a personal.Contributor that httpadapter's App has, or the store's DeleteUser;
	- which file of the copy has it (ExportUser), or why none does;
	- how long a row is kept, and which purge that App.Run calls removes it then;
	- whether hosts with users of their own have rows there.
Then have leaving.live leave a row of each person there`, name)
		}
	}
}

// live makes an account that has a row in every table.
func (l *leaving) live(who *person, phone string) {
	ctx := l.t.Context()
	l.refused, l.repeats = errOnPurpose, true
	token := l.join(who.name, true)
	who.id = l.id(token).User.ID
	l.forgetful(who.name)
	l.send() // to dead letters all
	l.refused = nil
	token = l.prove(token)
	l.describe(who.id)
	l.pictured(l.id(token).User)
	l.phones[0], l.phones[1] = phone, phone+"9"
	l.must(l.auth.BeginEmailChange(ctx, dumpClient, l.id(token), who.name+"@example.com", 0))
	l.must(l.auth.ConfirmEmailChange(ctx, dumpClient, l.token(authmail.EmailChange)))
	token = l.reads(token)
	l.must(l.auth.BeginEmailChange(ctx, dumpClient, l.id(token), who.name+"@example.net", 0))
	_, err := l.profiles.Edit(ctx, who.id, profile.Edit{Username: new(who.name + "-2")}, 0)
	l.must(err)
	l.clock.pass(2 * time.Hour) // More messages are too many.
	l.enrol(l.reads(l.signIn(who.name+"-2", false).Token))
	l.clock.pass(2 * time.Hour)
	l.halfway(who.name + "-2")
	l.clock.pass(time.Minute)
	in, err := l.auth.FinishSignIn(ctx, dumpClient, l.half(l.signIn(who.name+"-2", true)), l.app(), false)
	l.must(err)
	who.token = in.Token
	who.traces = []string{who.id, who.name, phone[1:]}
}

// wantEverywhere wants a row of the person in each table that this host has, and
// what is in it to be sealed or hashed where it is a secret.
func (l *leaving) wantEverywhere(who *person) {
	l.t.Helper()
	for _, k := range everyTable {
		rows := l.rowsOf(k, who)
		if has := slices.Contains(k.hosts, l.flavour); has != (len(rows) > 0) {
			l.t.Errorf("%s has %d rows of %s in the table %s; rows are expected: %v", l.flavour, len(rows), who.name, k.table, has)
		}
		if k.stays != "" && slices.Contains(k.hosts, l.flavour) && l.count(k.table, k.stays) == 0 {
			l.t.Errorf("no row of %s is kept %s", k.table, asLongAsTheAccount)
		}
	}
	if n := l.count("profilekit_outbox", "dead AND reason LIKE '%the address%'"); n < 2 {
		l.t.Errorf("%d dead letters hide an address, want some of each person", n)
	}
	if n := l.count("profilekit_outbox", "dead AND (length(body) > 0 OR group_id <> '')"); n != 0 {
		l.t.Errorf("%d dead letters still say what they said, or whose they were", n)
	}
}

// export has the copy of the one who leaves say what is in the tables, and no secret.
func (l *leaving) export() {
	l.t.Helper()
	secrets := l.secrets()
	files := l.copyOf(l.leaver)
	for _, k := range everyTable {
		if k.exported == "" || !slices.Contains(k.hosts, l.flavour) {
			continue
		}
		values := l.column(k.table, k.shown, k.names, l.leaver.id)
		if len(values) == 0 {
			l.t.Errorf("%s has nothing to be shown", k.table)
		}
		for _, value := range values {
			if !strings.Contains(files[k.exported], value) {
				l.t.Errorf("%s of the copy does not have %q of %s", k.exported, value, k.table)
			}
		}
	}
	if l.flavour == separate && !strings.Contains(files["profile.json"], l.leaver.name+"-2") {
		l.t.Error("the copy has no profile")
	}
	l.wantPicture(files)
	for name, content := range files {
		for what, secret := range secrets {
			if strings.Contains(content, secret) {
				l.t.Errorf("%s of the copy has %s", name, what)
			}
		}
		for _, trace := range []string{l.stayer.name, l.stayer.id} {
			if strings.Contains(content, trace) {
				l.t.Errorf("%s of the copy has %q, which is somebody else's", name, trace)
			}
		}
	}
}

// erase has the one who leaves erased, and nobody else.
func (l *leaving) erase() {
	ctx := l.t.Context()
	_, err := l.host.Deletions.Request(ctx, l.id(l.leaver.token).Caller())
	l.must(err)
	l.send()
	l.clock.pass(profile.DefaultDeletionGrace + time.Hour)
	before := l.allOf(l.stayer)
	if n, err := l.host.Eraser.Erase(ctx); n != 1 || err != nil {
		l.t.Fatalf("%d were erased, %v", n, err)
	}
	for table, rows := range l.allOf(l.stayer) {
		if !slices.Equal(rows, before[table]) {
			l.t.Errorf("of the one who stays %s had\n%s\nand has\n%s", table, strings.Join(before[table], "\n"), strings.Join(rows, "\n"))
		}
	}
	// The last letter still has to be sent, and blobs to be purged.
	l.send()
	if told := l.last.To; !strings.HasPrefix(told, l.leaver.name) {
		l.t.Errorf("the last letter went to %q, want it to tell the one who left", told)
	}
	_, err = l.host.Pictures.PurgeBlobs(ctx, picture.DefaultPendingAge)
	l.must(err)
	for _, k := range everyTable {
		for _, row := range l.rowsOf(k, l.leaver) {
			l.t.Errorf("the table %s still has a row of the one who left: %s", k.table, row)
		}
	}
	// What was counted under the hash of an address forgets by itself.
	l.must(limit.PurgeExpired(ctx, l.db.Limits(), l.clock.now()))
	l.wantNoTrace()
}

// purge has everything go in time that is not declared to stay, by what a host runs.
func (l *leaving) purge() {
	_, err := l.auth.SignIn(l.t.Context(), dumpClient, auth.Credentials{Login: l.stayer.name + "-2", Password: "what was it again?"})
	if !errors.Is(err, auth.ErrInvalidCredentials) || l.count("profilekit_throttle", "TRUE") == 0 {
		l.t.Errorf("a wrong password: %v; want it to be counted", err)
	}
	l.clock.pass(500 * 24 * time.Hour)
	l.run()
	for _, k := range everyTable {
		condition := "TRUE"
		if k.stays != "" {
			condition = "NOT (" + k.stays + ")"
			if rows := l.rowsOf(k, l.stayer); len(rows) == 0 && slices.Contains(k.hosts, l.flavour) {
				l.t.Errorf("%s is to be kept %s, and is gone", k.table, k.retention)
			}
		}
		if n := l.count(k.table, condition); n != 0 {
			l.t.Errorf("%d rows of %s are left after 500 days, against its retention: %s", n, k.table, k.retention)
		}
	}
}
