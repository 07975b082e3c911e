package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// database is what a Notifier needs of one.
type database interface {
	storage.Transactor
	Users() profile.Store
	Settings() settings.Store
	Activity() activity.Store
	Outbox() notify.OutboxStore
}

func onDatabases(t *testing.T, run func(t *testing.T, db database)) {
	t.Run("memory", func(t *testing.T) { run(t, memstore.New()) })
	t.Run("SQLite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		run(t, db)
	})
	t.Run("Postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		run(t, db)
	})
}

// mailer is a Sender that does as it is told and keeps what it was given.
type mailer struct {
	mu   sync.Mutex
	sent []notify.Letter
	fail func(l notify.Letter) error
}

func (m *mailer) Send(ctx context.Context, l notify.Letter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(l); err != nil {
			return err
		}
	}
	m.sent = append(m.sent, l)
	return nil
}

func (m *mailer) letters() []notify.Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]notify.Letter(nil), m.sent...)
}

// post is a Notifier with its clock, log and mailers in hand.
type post struct {
	*notify.Notifier
	db       database
	mail     *mailer
	sms      *mailer
	settings *settings.Service
	log      *bytes.Buffer
	now      time.Time
	links    int
}

func open(t *testing.T, db database, change ...func(*notify.Config)) *post {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	p := &post{db: db, mail: &mailer{}, sms: &mailer{}, log: &bytes.Buffer{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	p.settings, err = settings.New(settings.Config{
		Store: db.Settings(), Sections: []settings.Declaration{notify.PreferencesSection.Declare()},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := notify.Config{
		Store: db.Outbox(), Keys: keys, Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: p.mail, authmail.BySMS: p.sms}},
		Users: db.Users(), Settings: p.settings, Service: "Example", Now: func() time.Time { return p.now },
		ReportLink: func(ctx context.Context, userID, to string) (string, error) {
			p.links++
			return "https://example.org/account/not-me#token=for-" + userID, nil
		},
		Logger: slog.New(slog.NewTextHandler(p.log, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	if p.Notifier, err = notify.New(cfg); err != nil {
		t.Fatal(err)
	}
	return p
}

const canary = "canary-4f9a"

func reset(to string) authmail.Message { return resetOf("7", to) }

func resetOf(user, to string) authmail.Message {
	return authmail.Message{
		Kind: authmail.Reset, Channel: authmail.ByEmail, To: to, UserID: user, Name: "Ada",
		Link: "https://example.org/account/reset#token=" + canary,
	}
}

func (p *post) flush(t *testing.T) int {
	t.Helper()
	n, err := p.Flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// I7: a message is sent once if its transaction was committed, and never if it
// was rolled back.
func TestS56_MessagesBelongToTheirTransaction(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		failed := errors.New("rolled back")
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if err := p.Deliver(ctx, reset("ada@example.org")); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) || p.flush(t) != 0 {
			t.Errorf("%v; something waits after a rollback", err)
		}
		err = db.InTx(t.Context(), func(ctx context.Context) error { return p.Deliver(ctx, reset("ada@example.org")) })
		if err != nil {
			t.Fatal(err)
		}
		if p.flush(t) != 1 || p.flush(t) != 0 {
			t.Error("not taken once")
		}
		got := p.mail.letters()
		if len(got) != 1 || got[0].To != "ada@example.org" || !strings.Contains(got[0].Text, canary) || got[0].Subject != "Example: Set a new password" {
			t.Errorf("%+v", got)
		}
	})
}

// What waits is sealed, and no record of the log has a secret in it.
func TestS66_NothingIsReadableOnTheWay(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		if err := p.Deliver(t.Context(), resetOf("user-7", "ada@example.org")); err != nil {
			t.Fatal(err)
		}
		items, err := db.Outbox().ClaimItems(t.Context(), p.now, p.now, 10)
		if err != nil || len(items) != 1 {
			t.Fatalf("%d, %v", len(items), err)
		}
		for _, secret := range []string{canary, "ada@example.org", "Ada"} {
			if bytes.Contains(items[0].Body, []byte(secret)) {
				t.Errorf("the row holds %q", secret)
			}
		}
		if group := items[0].Group; len(group) != 22 || strings.Contains(group, "user-7") {
			t.Errorf("the group %q is none, or tells whose it is", group)
		}
		p.mail.fail = func(notify.Letter) error { return errors.New("down") }
		p.flush(t)
		p.now = p.now.Add(time.Hour)
		p.mail.fail = func(notify.Letter) error { return &notify.PermanentError{Err: errors.New("no such mailbox")} }
		p.flush(t)
		for _, secret := range []string{canary, "ada@example.org"} {
			if strings.Contains(p.log.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
		if !strings.Contains(p.log.String(), "down") {
			t.Error("the failure is not logged")
		}
		// Moved to another row it does not open.
		moved := items[0]
		moved.ID = "another"
		if err := db.Outbox().AddItem(t.Context(), notify.Item{ID: moved.ID, Body: moved.Body, CreatedAt: p.now}); err != nil {
			t.Fatal(err)
		}
		p.mail.fail = nil
		p.flush(t)
		if n := len(p.mail.letters()); n != 0 {
			t.Errorf("%d letters of a moved row", n)
		}
		dead, err := p.DeadItems(t.Context(), 10)
		if err != nil || len(dead) != 2 || dead[0].Body != nil {
			t.Errorf("%+v, %v", dead, err)
		}
	})
}

// R27: a mailer that is down is tried again, ever more seldom, and given up in
// the end; what expired is not sent; a refusal for good is not tried again.
func TestR27_TroubleWithTheMailer(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db, func(c *notify.Config) { c.Attempts = 4 })
		m := reset("ada@example.org")
		if err := p.Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		p.mail.fail = func(notify.Letter) error { return errors.New("451 later") }
		tries := 0
		for second := range 600 {
			if second > 0 {
				p.now = p.now.Add(time.Second)
			}
			tries += p.flush(t)
		}
		if tries != 4 {
			t.Errorf("%d tries in ten minutes; want 4", tries)
		}
		if dead, err := p.DeadItems(t.Context(), 10); err != nil || len(dead) != 1 || dead[0].Attempts != 4 {
			t.Errorf("%+v, %v", dead, err)
		}

		m.ExpiresAt = p.now.Add(time.Minute)
		if err := p.Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		p.flush(t)
		p.mail.fail = nil
		p.now = p.now.Add(2 * time.Minute)
		if p.flush(t) != 1 || len(p.mail.letters()) != 0 {
			t.Error("a message was sent after its secret had expired")
		}
		dead, err := p.DeadItems(t.Context(), 10)
		if err != nil || len(dead) != 2 || dead[0].Reason != notify.ReasonExpired || dead[0].Attempts != 2 || dead[0].Body != nil || dead[0].Group != "" {
			t.Errorf("the letter that expired is not among the dead ones: %+v, %v", dead, err)
		}
		if got, want := p.Stats(), (notify.Stats{Retried: 4, GivenUp: 1, Expired: 1}); got != want {
			t.Errorf("it is counted as %+v, want %+v", got, want)
		}
		_, record, _ := strings.Cut(p.log.String(), "expired before")
		if strings.Count(p.log.String(), "expired before") != 1 || !strings.Contains(record, "kind=reset") || strings.Contains(record, "user=") || strings.Contains(record, "ada@") {
			t.Errorf("the log is\n%s", p.log)
		}
		p.now = p.now.Add(time.Hour)
		if p.flush(t) != 0 {
			t.Error("an expired message still waits")
		}

		// A panic is a failure of that letter, not of the worker.
		p.mail.fail = func(notify.Letter) error { panic(canary) }
		if err := p.Deliver(t.Context(), reset("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		p.flush(t)
		p.mail.fail = nil
		p.now = p.now.Add(time.Minute)
		if p.flush(t) != 1 || len(p.mail.letters()) != 1 {
			t.Error("not sent after a panic of the sender")
		}
		if strings.Contains(p.log.String(), canary) {
			t.Error("the panic's words are logged")
		}
	})
}

// R28: each of many messages is taken by one of several workers; what a dead
// worker had is taken by another one later.
func TestR28_WorkersShare(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		const messages = 60
		for i := range messages {
			if err := p.Deliver(t.Context(), resetOf(fmt.Sprint(i), fmt.Sprintf("u%d@example.org", i))); err != nil {
				t.Fatal(err)
			}
		}
		// A worker takes some and dies.
		lost, err := db.Outbox().ClaimItems(t.Context(), p.now, p.now.Add(5*time.Minute), 7)
		if err != nil || len(lost) != 7 {
			t.Fatalf("%d, %v", len(lost), err)
		}
		work := func() {
			for _, err := range conform.Together(4, func(int) error {
				for {
					if n, err := p.Flush(t.Context()); err != nil || n == 0 {
						return err
					}
				}
			}) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		work()
		if n := len(p.mail.letters()); n != messages-7 {
			t.Errorf("%d sent; want %d", n, messages-7)
		}
		p.now = p.now.Add(5 * time.Minute)
		work()
		seen := map[string]int{}
		for _, l := range p.mail.letters() {
			seen[l.To]++
		}
		for i := range messages {
			if n := seen[fmt.Sprintf("u%d@example.org", i)]; n != 1 {
				t.Errorf("message %d was sent %d times", i, n)
			}
		}
	})
}

// A message without an address is written down like any other, and sent to
// nobody.
func TestS11_MessagesToNobody(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		if err := p.Deliver(t.Context(), reset("")); err != nil {
			t.Fatal(err)
		}
		gone := reset("")
		gone.ExpiresAt = p.now
		if err := p.Deliver(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		if p.flush(t) != 2 || p.flush(t) != 0 || len(p.mail.letters()) != 0 {
			t.Error("not taken once and thrown away")
		}
		if dead, err := p.DeadItems(t.Context(), 10); err != nil || len(dead) != 0 || p.log.Len() != 0 || p.Stats() != (notify.Stats{}) {
			t.Errorf("what is for nobody left %+v, %v, %+v and in the log %q", dead, err, p.Stats(), p.log)
		}
	})
}

// S22: the owner is told, by the channels that they chose.
func TestS22_Notices(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db)
		u, err := db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org", EmailVerified: true, DisplayName: "Ada\r\nBcc: eve@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		phone := "+41791234567"
		if u, err = db.Users().Update(t.Context(), u.ID, profile.Patch{Phone: &phone}); err != nil {
			t.Fatal(err)
		}
		record := func(kinds ...activity.Kind) {
			t.Helper()
			var events []activity.Event
			for _, k := range kinds {
				e := activity.NewEvent(t.Context(), k, u.ID, p.now, map[string]string{"method": "totp"})
				e.Source = activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux"}
				events = append(events, e)
			}
			if err := db.InTx(t.Context(), func(ctx context.Context) error { return p.Record(ctx, events...) }); err != nil {
				t.Fatal(err)
			}
			for p.flush(t) > 0 {
			}
		}
		record(authevent.FactorAdded, authevent.SignIn, "profile.updated")
		got := p.mail.letters()
		if len(got) != 1 || len(p.sms.letters()) != 0 {
			t.Fatalf("%d mails and %d SMS; want 1 and 0", len(got), len(p.sms.letters()))
		}
		for _, want := range []string{"Two-step verification was turned on", "Firefox on Linux", "203.0.113.0/24", "not-me#token=for-" + u.ID} {
			if !strings.Contains(got[0].Text, want) {
				t.Errorf("%q is not in %q", want, got[0].Text)
			}
		}
		if strings.Contains(got[0].Text, "\nBcc") || got[0].To != "ada@example.org" {
			t.Errorf("%+v", got[0])
		}
		if _, err := p.settings.Patch(t.Context(), u.ID, []byte(`{"notifications":{"security":{"sms":true},"account":{"email":false}}}`), 0); err != nil {
			t.Fatal(err)
		}
		record(authevent.PasswordChanged, authevent.EmailVerified)
		if m, s := len(p.mail.letters()), len(p.sms.letters()); m != 2 || s != 1 {
			t.Errorf("%d mails and %d SMS; want 2 and 1", m, s)
		}
		if sms := p.sms.letters()[0]; sms.To != phone || strings.Contains(sms.Text, "token") {
			t.Errorf("%+v", sms)
		}
	})
}

// S55: names and values are text, whatever is in them.
func TestS55P17_HostileWords(t *testing.T) {
	for _, evil := range []string{"{{7*7}}", "<script>alert(1)</script>", "a\r\nBcc: eve@example.org", "x\u2028y", "\"><a href=http://evil>", strings.Repeat("n", 5000)} {
		m := authmail.Message{Kind: authmail.Reset, Channel: authmail.ByEmail, To: "ada@example.org", Name: evil, Account: evil, Link: "https://example.org/#token=t"}
		l, err := notify.Render(m, evil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(l.HTML, "<script>") || strings.Contains(l.HTML, "<a href=http://evil") || strings.ContainsAny(l.Subject, "\r\n") || strings.Contains(l.Text, "\nBcc:") {
			t.Errorf("%.40q: %+v", evil, l)
		}
		if strings.Contains(evil, "{{") && !strings.Contains(l.HTML, "{{7*7}}") {
			t.Errorf("%q is not literal", evil)
		}
		raw, err := notify.MIME(notify.Letter{Channel: authmail.ByEmail, To: m.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML}, "Example <no-reply@example.org>", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		got, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got.Header.Get("Bcc") != "" || len(got.Header["To"]) != 1 || len(got.Header["Subject"]) != 1 {
			t.Errorf("%.40q: headers %v", evil, got.Header)
		}
	}
	// P17, P42: one recipient, as stored.
	for _, to := range []string{"a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "Ada <a@example.org>", "", "a"} {
		var p *notify.PermanentError
		if _, err := notify.MIME(notify.Letter{To: to}, "no-reply@example.org", time.Now()); !errors.As(err, &p) {
			t.Errorf("%q: %v", to, err)
		}
	}
}

// Every kind of message has a text for its channels, and every notice one.
func TestTextsAreComplete(t *testing.T) {
	for _, k := range []authmail.Kind{
		authmail.Verify, authmail.SignUpTaken, authmail.Reset, authmail.TakenOver, authmail.EmailChange, authmail.EmailChanging, authmail.FactorRecovery, authmail.FactorRemoval, authmail.Code, authmail.Phone,
		authmail.Proof, authmail.Wait, authmail.Handover, authmail.HandoverBegun,
	} {
		l, err := notify.Render(authmail.Message{Kind: k, Channel: authmail.ByEmail, Link: "https://example.org/#t", Code: "123456"}, "")
		if err != nil || l.Subject == "" || l.Text == "" || l.HTML == "" || strings.Contains(l.Text+l.Subject, "{") {
			t.Errorf("%s: %+v, %v", k, l, err)
		}
	}
	for _, k := range []authmail.Kind{authmail.FactorRecovery, authmail.FactorRemoval, authmail.Wait, authmail.HandoverBegun} {
		if l, err := notify.Render(authmail.Message{Kind: k, Channel: authmail.BySMS}, "Example"); err != nil || strings.Contains(l.Text, "{") || len(l.Text) > 160 {
			t.Errorf("%s: %+v, %v", k, l, err)
		}
	}
	for _, k := range []authmail.Kind{authmail.Code, authmail.Phone} {
		if l, err := notify.Render(authmail.Message{Kind: k, Channel: authmail.BySMS, Code: "123456"}, "Example"); err != nil || !strings.Contains(l.Text, "123456") || len(l.Text) > 160 {
			t.Errorf("%s: %+v, %v", k, l, err)
		}
	}
	if _, err := notify.Render(authmail.Message{Kind: "odd"}, ""); err == nil {
		t.Error("a kind without a text is rendered")
	}
}

func TestS66_FilesAreForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	f, err := notify.NewFiles(dir, "Example <no-reply@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	letter, err := notify.Render(reset("ada@example.org"), "Example")
	if err != nil {
		t.Fatal(err)
	}
	letter.Channel, letter.To = authmail.ByEmail, "ada@example.org"
	if err := f.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), notify.Letter{Channel: authmail.BySMS, To: "+41791234567", Text: "123456"}); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{"*.eml": "Subject: Example: Set a new password", "*.txt": "123456"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		data, err := os.ReadFile(names[0])
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s, %v", pattern, data, err)
		}
		if info, err := os.Stat(names[0]); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	if _, err := notify.NewFiles(dir, "nobody"); err == nil {
		t.Error("a sender without an address")
	}
}

// Run sends what is delivered, and ends with its context.
func TestRun(t *testing.T) {
	db := memstore.New()
	p := open(t, db, func(c *notify.Config) { c.Now, c.Poll = nil, time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if err := p.Deliver(t.Context(), reset("ada@example.org")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); len(p.mail.letters()) == 0; {
		if time.Now().After(end) {
			t.Fatal("not sent")
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	keys, _ := keyring.New(keyring.Generate())
	good := notify.Config{Store: memstore.New().Outbox(), Keys: keys, Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: &mailer{}}}}
	for name, change := range map[string]func(*notify.Config){
		"no store": func(c *notify.Config) { c.Store = nil }, "no keys": func(c *notify.Config) { c.Keys = nil },
		"workers below none": func(c *notify.Config) { c.Workers = -1 }, "too many workers": func(c *notify.Config) { c.Workers = 65 },
		"no senders": func(c *notify.Config) { c.Senders = nil }, "a nil sender": func(c *notify.Config) { c.Senders = map[authmail.Channel]notify.Sender{authmail.BySMS: nil} },
	} {
		c := good
		change(&c)
		if _, err := notify.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	n, err := notify.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Deliver(t.Context(), authmail.Message{Kind: authmail.Code, Channel: authmail.BySMS}); err == nil {
		t.Error("a message for a channel without a sender is taken")
	}
}

// What waits can be seen with the key it needs; a node that does not know the
// key yet leaves it for one that does.
func TestR41_LettersWaitForTheirKey(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		one, two := keyring.Generate(), keyring.Generate()
		ring := func(keys ...keyring.Key) func(*notify.Config) {
			r, err := keyring.New(keys...)
			if err != nil {
				t.Fatal(err)
			}
			return func(c *notify.Config) { c.Keys = r }
		}
		newer, older := open(t, db, ring(two, one)), open(t, db, ring(one))
		for range 3 {
			if err := newer.Deliver(t.Context(), reset("ada@example.org")); err != nil {
				t.Fatal(err)
			}
		}
		waiting, err := db.Outbox().(notify.OutboxWalker).WaitingItems(t.Context(), "", 2)
		if err != nil || len(waiting) != 2 || waiting[0].ID >= waiting[1].ID || len(waiting[0].Body) == 0 {
			t.Fatalf("two wait: %v, %v", waiting, err)
		}
		more, err := db.Outbox().(notify.OutboxWalker).WaitingItems(t.Context(), waiting[1].ID, 10)
		if err != nil || len(more) != 1 {
			t.Fatalf("one more waits: %v, %v", more, err)
		}
		if n := older.flush(t); n != 3 || len(older.mail.letters()) != 0 {
			t.Errorf("the node without the key took %d and sent %d", n, len(older.mail.letters()))
		}
		if dead, err := db.Outbox().DeadItems(t.Context(), 10); err != nil || len(dead) != 0 {
			t.Errorf("letters were given up: %v, %v", dead, err)
		}
		newer.now = newer.now.Add(time.Hour / 2)
		if n := newer.flush(t); n != 3 || len(newer.mail.letters()) != 3 {
			t.Errorf("the node with the key took %d and sent %d", n, len(newer.mail.letters()))
		}
	})
}

// Who watches the folder by its endings never sees half a mail, nor one that is
// gone a moment later under that name.
func TestFilesAppearWhole(t *testing.T) {
	dir := t.TempDir()
	f, err := notify.NewFiles(dir, "no-reply@example.org")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	letter, err := notify.Render(reset("ada@example.org"), "Example")
	if err != nil {
		t.Fatal(err)
	}
	letter.Channel, letter.To = authmail.ByEmail, "ada@example.org"
	const n = 300
	sent := make(chan error, 1)
	go func() {
		for range n {
			if err := f.Send(context.Background(), letter); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for done := false; ; {
		names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Concat(names[:min(2, len(names))], names[max(0, len(names)-2):]) { // hidden ones sort first
			if data, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(data), "--\r\n") {
				t.Fatalf("a mail of %d bytes, %v", len(data), err)
			}
		}
		if done {
			if len(names) != n {
				t.Fatalf("%d of %d mails", len(names), n)
			}
			return
		}
		select {
		case err := <-sent:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
	}
}

// S66: what a server says of a mailbox names it, and is kept for longer than the
// account of its owner may be.
func TestS66_ADeadLetterDoesNotTellTheAddress(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := open(t, db, func(c *notify.Config) { c.Attempts = 2 })
		p.mail.fail = func(l notify.Letter) error {
			return fmt.Errorf("450 <%s> or %s is busy", strings.ToUpper(l.To), l.To)
		}
		if err := p.Deliver(t.Context(), reset("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		p.flush(t)
		p.now = p.now.Add(time.Minute)
		p.flush(t)
		dead, err := p.DeadItems(t.Context(), 10)
		if err != nil || len(dead) != 1 || dead[0].Reason != "450 <[the address]> or [the address] is busy" {
			t.Errorf("%+v, %v", dead, err)
		}
		if log := strings.ToLower(p.log.String()); strings.Contains(log, "ada@example.org") || !strings.Contains(log, "is busy") {
			t.Errorf("the log says %s", log)
		}
	})
}

func TestDeadLettersAreKeptFor30Days(t *testing.T) {
	const month = 30 * 24 * time.Hour
	onDatabases(t, func(t *testing.T, db database) {
		p, ctx := open(t, db), t.Context()
		for i := range 300 { // more than one batch
			id := fmt.Sprint("letter-", i)
			if err := db.Outbox().AddItem(ctx, notify.Item{ID: id, Body: []byte("sealed"), CreatedAt: p.now}); err != nil {
				t.Fatal(err)
			}
			if err := db.Outbox().BuryItem(ctx, id, "no such mailbox", p.now); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			after time.Duration
			left  int
		}{{month, 300}, {time.Second, 0}} {
			p.now = p.now.Add(c.after)
			if err := p.PurgeExpired(ctx); err != nil {
				t.Fatal(err)
			}
			if dead, err := p.DeadItems(ctx, 1000); err != nil || len(dead) != c.left {
				t.Errorf("%d are left, %v; want %d", len(dead), err, c.left)
			}
		}
	})
}
