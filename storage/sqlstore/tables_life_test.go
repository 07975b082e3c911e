package sqlstore_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

// person is somebody who has something in every table.
type person struct {
	name, id, token string
	// traces are texts that name the person wherever they are.
	traces []string
}

// leaving is a program with two people, of whom one leaves, and the app of a host,
// which knows whom to ask for a copy and to forget.
type leaving struct {
	*dumpProgram
	place          place
	raw            *sql.DB
	host           *httpadapter.App
	config         httpadapter.Config
	leaver, stayer *person
}

func newLeaving(t *testing.T, p place, flavour string) *leaving {
	t.Helper()
	raw := p.raw(t)
	switch { // IDs that are nothing else by chance
	case flavour == separate:
		do(t, raw, peopleTable)
	case p.postgres:
		do(t, raw, "ALTER SEQUENCE users_id_seq RESTART WITH 734003351")
	default:
		do(t, raw, "INSERT INTO sqlite_sequence (name, seq) VALUES ('users', 734003350)")
	}
	clock := &dumpClock{at: dumpStart}
	l := &leaving{
		place: p, raw: raw, dumpProgram: newDumpProgram(t, p.openAt(t, clock.now), clock, flavour),
		leaver: &person{name: "leaver"}, stayer: &person{name: "stayer"},
	}
	l.config = httpadapter.Config{
		Stores: httpadapter.StoresOf(l.db), Blobs: l.blobs, Keys: l.ring, BaseURL: dumpOrigin, Auth: auth.Policy{Courier: l.notifier, Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}), Factors: l.factors(), Passkeys: l.passkeys, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS}}}, Recorder: l.notifier,
		Now:     clock.now,
		Profile: profile.Policy{Custom: []profile.CustomField{{Name: "team"}}},
	}
	if flavour == separate {
		l.config.Stores = httpadapter.StoresWithUsers(l.db, l.users)
	}
	var err error
	l.host, err = httpadapter.New(l.config)
	l.must(err)
	l.live(l.stayer, "+420601222333")
	l.live(l.leaver, "+420777444555")
	return l
}

// query is a column of text of the database without our stores.
func (l *leaving) query(query string, args ...any) []string {
	l.t.Helper()
	return column(l.t, l.raw, l.place.bind(query), args...)
}

// count is the number of rows of the table, of all people and of none.
func (l *leaving) count(table, condition string) int {
	l.t.Helper()
	return len(l.query("SELECT 1 FROM " + table + " WHERE " + condition))
}

// column is what a column has of the rows of one person.
func (l *leaving) column(table, name, condition, id string) []string {
	l.t.Helper()
	return l.query("SELECT CAST("+name+" AS TEXT) FROM "+table+" WHERE "+condition, id)
}

// rowsOf are the rows of one person, as text in their order.
func (l *leaving) rowsOf(k keptTable, who *person) []string {
	l.t.Helper()
	if k.names == "" {
		return l.openOutbox(who)
	}
	parts := make([]string, 0, 20)
	for _, c := range l.place.columns(l.t, l.raw, k.table) {
		if l.place.postgres {
			parts = append(parts, `quote_nullable("`+c+`"::text)`)
		} else {
			parts = append(parts, `quote("`+c+`")`)
		}
	}
	rows := l.query("SELECT "+strings.Join(parts, " || ', ' || ")+" FROM "+k.table+" WHERE "+k.names, who.id)
	slices.Sort(rows)
	return rows
}

// allOf are the rows of one person in every table, the host's own too.
func (l *leaving) allOf(who *person) map[string][]string {
	l.t.Helper()
	all := map[string][]string{}
	for _, k := range everyTable {
		all[k.table] = l.rowsOf(k, who)
	}
	if l.flavour == separate {
		all["people"] = l.column("people", "profile", "id = $1", who.id)
	}
	return all
}

// openOutbox are the letters to or about the person, which nobody else can open. A
// dead one has nothing to open.
func (l *leaving) openOutbox(who *person) (list []string) {
	l.t.Helper()
	var rows []struct {
		ID   string
		Body []byte
	}
	ask(l.t, l.db, &rows, "SELECT id, body FROM profilekit_outbox WHERE NOT dead ORDER BY id")
	for _, r := range rows {
		text, err := l.ring.Open("notify.outbox", r.Body, []byte(r.ID))
		l.must(err)
		var m authmail.Message
		l.must(json.Unmarshal(text, &m))
		if m.UserID == who.id || who.in(string(text)) {
			list = append(list, r.ID+" "+string(text))
		}
	}
	return list
}

// in reports whether the text names the person.
func (p *person) in(text string) bool {
	return slices.ContainsFunc(p.traces, func(trace string) bool { return strings.Contains(strings.ToLower(text), trace) })
}

// copyOf is a copy of everything by its files.
func (l *leaving) copyOf(who *person) map[string]string {
	l.t.Helper()
	var file bytes.Buffer
	l.must(l.host.Exporter.Export(l.t.Context(), l.id(who.token).Caller(), &file))
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	l.must(err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		l.must(err)
		content, err := io.ReadAll(r)
		l.must(err)
		files[f.Name] = string(content)
	}
	return files
}

// wantPicture wants the picture to be in the copy as it is stored.
func (l *leaving) wantPicture(files map[string]string) {
	l.t.Helper()
	for name, content := range files {
		if !strings.HasPrefix(name, "picture.") {
			continue
		}
		for _, key := range l.column("profilekit_blobs", "key", "state = 'live' AND user_id = $1", l.leaver.id) {
			r, _, err := l.blobs.Open(l.t.Context(), key)
			l.must(err)
			data, err := io.ReadAll(r)
			l.must(errors.Join(err, r.Close()))
			if string(data) == content {
				return
			}
		}
	}
	l.t.Error("the copy does not have the picture that profilekit_blobs leads to")
}

// secrets are texts that are in no copy, by what they are.
func (l *leaving) secrets() map[string]string {
	l.t.Helper()
	all := map[string]string{
		"a seed": dumpSeed, "a seed for an app": base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(dumpSeed)),
		"a token": l.leaver.token, "a key of a limit": ":user:",
	}
	for what, query := range map[string]string{
		"the hash of a password":  "SELECT password_hash FROM users WHERE password_hash <> '' UNION ALL SELECT hash FROM profilekit_passwords",
		"the hash of a token":     "SELECT token_hash FROM profilekit_sessions",
		"the hash of a ticket":    "SELECT hash FROM profilekit_tickets",
		"the secret of a factor":  "SELECT data FROM profilekit_factors",
		"the ID of a credential":  "SELECT lookup FROM profilekit_factors WHERE lookup <> ''",
		"the handle of passkeys":  "SELECT handle FROM profilekit_passkey_handles",
		"a key of a limit itself": "SELECT key FROM profilekit_throttle",
	} {
		list := l.query(query)
		if len(list) == 0 {
			l.t.Errorf("%s: there is none to look for", what)
		}
		for i, secret := range list {
			what := fmt.Sprintf("%s (%d)", what, i)
			all[what] = secret
			all[what+" as hex"] = hex.EncodeToString([]byte(secret))
			all[what+" as base64"] = base64.StdEncoding.EncodeToString([]byte(secret))
		}
	}
	return all
}

// wantNoTrace looks for the one who left in every column of every table, the
// host's too, also by what is known to be a hash of a name or an address.
func (l *leaving) wantNoTrace() {
	l.t.Helper()
	traces, held := slices.Clone(l.leaver.traces), []string{}
	for _, name := range []string{l.leaver.name, l.leaver.name + "-2"} {
		key, err := profile.UsernameHold(name)
		l.must(err)
		held = append(held, key)
		traces = append(traces, key, hashedText(name))
	}
	for _, host := range []string{"org", "com", "net"} {
		email := l.leaver.name + "@example." + host
		key, err := profile.EmailHold(email)
		l.must(err)
		traces = append(traces, key, hashedText(email))
	}
	kept := 0
	for _, table := range l.place.tables(l.t, l.raw) {
		columns := l.place.columns(l.t, l.raw, table)
		for _, row := range l.texts(table, columns) {
			for i, text := range row {
				for _, trace := range traces {
					if !strings.Contains(strings.ToLower(text), strings.ToLower(trace)) {
						continue
					}
					switch {
					// The name is kept against everybody, and says not whose it was.
					case table == "profilekit_holds" && columns[i] == "key" && slices.Contains(held, text) && row[slices.Index(columns, "user_id")] == "":
						kept++
					default:
						l.t.Errorf("the column %s of %s still has %q: %q", columns[i], table, trace, text)
					}
				}
			}
		}
	}
	if kept != 2 {
		l.t.Errorf("%d holds of names are kept, want 2", kept)
	}
}

// texts are the columns of each row as they are, NULL as "".
func (l *leaving) texts(table string, columns []string) (list [][]string) {
	l.t.Helper()
	rows, err := l.raw.QueryContext(l.t.Context(), `SELECT "`+strings.Join(columns, `", "`)+`" FROM `+table)
	l.must(err)
	defer rows.Close()
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		l.must(rows.Scan(into...))
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = string(v)
		}
		list = append(list, row)
	}
	l.must(rows.Err())
	return list
}

// run has a host's App.Run do one round: it ends when the last thing that it does,
// the purge, and the Notifier beside it are through.
func (l *leaving) run() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	var left atomic.Int32
	left.Store(2)
	through := func() func() {
		return sync.OnceFunc(func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	config := l.config
	config.Auth.Courier, config.Recorder = nil, nil
	config.Mail = notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: dumpMailer{l.dumpProgram}, authmail.BySMS: dumpMailer{l.dumpProgram}}}
	config.Stores.Outbox = purgedOutbox{config.Stores.Outbox, through()}
	config.Stores.Ledger = purgedLedger{config.Stores.Ledger, through()}
	app, err := httpadapter.New(config)
	l.must(err)
	if err := app.Run(ctx); !errors.Is(err, context.Canceled) {
		l.t.Fatalf("Run: %v, and %d of 2 did not come to their end", err, left.Load())
	}
}

// purgedLedger tells when a purge is through.
type purgedLedger struct {
	storage.Ledger
	through func()
}

func (l purgedLedger) Purge(ctx context.Context, keys []string) error {
	defer l.through()
	return l.Ledger.Purge(ctx, keys)
}

// purgedOutbox tells when the dead letters were purged.
type purgedOutbox struct {
	notify.OutboxStore
	through func()
}

func (o purgedOutbox) PurgeItems(ctx context.Context, before time.Time, limit int) (int, error) {
	defer o.through()
	return o.OutboxStore.PurgeItems(ctx, before, limit)
}

// hashedText is how package auth names what it must not tell.
func hashedText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
