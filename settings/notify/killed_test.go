package notify_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// What a worker that is started as a process of its own gets.
const (
	workerDatabase = "PROFILEKIT_TEST_OUTBOX"
	workerKey      = "PROFILEKIT_TEST_OUTBOX_KEY"
	workerSent     = "PROFILEKIT_TEST_OUTBOX_SENT"
	workerSince    = "PROFILEKIT_TEST_OUTBOX_SINCE"
	workerRuns     = "PROFILEKIT_TEST_OUTBOX_RUNS"
)

func TestMain(m *testing.M) {
	if os.Getenv(workerDatabase) != "" {
		fmt.Fprintln(os.Stderr, work(context.Background()))
		os.Exit(1) // it works until it is killed
	}
	os.Exit(m.Run())
}

func openDatabase(ctx context.Context, at string) (*sqlstore.DB, error) {
	if strings.HasPrefix(at, "postgres") {
		return postgres.Open(ctx, at, postgres.Options{})
	}
	return sqlite.Open(ctx, at, sqlite.Options{})
}

// fast is a clock that runs twenty times as fast, so that what a killed worker
// had claimed is free again soon. All processes agree on it.
func fast(since time.Time) func() time.Time {
	return func() time.Time { return since.Add(20 * time.Since(since)) }
}

// lines is a Sender that writes a line a letter, which a kill does not undo.
type lines struct{ to *os.File }

func (l lines) Send(_ context.Context, letter notify.Letter) error {
	_, err := l.to.WriteString(letter.Text[strings.Index(letter.Text, "message-"):][:len("message-0000")] + "\n")
	time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
	return err
}

func outboxOf(db *sqlstore.DB, key string, since time.Time, s notify.Sender) (*notify.Notifier, error) {
	keys, err := keyring.Parse(key)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{
		Store: db.Outbox(), Keys: keys, Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.BySMS: s}, SendTimeout: time.Second, Render: func(m authmail.Message, _ string) (notify.Letter, error) { return notify.Letter{Text: m.Code}, nil }}, Now: fast(since),
	})
}

// work is a worker's life.
func work(ctx context.Context) error {
	db, err := openDatabase(ctx, os.Getenv(workerDatabase))
	if err != nil {
		return err
	}
	to, err := os.OpenFile(os.Getenv(workerSent), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if os.Getenv(workerRuns) != "" {
		return runTwo(ctx, db, to)
	}
	nanos, err := strconv.ParseInt(os.Getenv(workerSince), 10, 64)
	if err != nil {
		return err
	}
	n, err := outboxOf(db, os.Getenv(workerKey), time.Unix(0, nanos), lines{to})
	if err != nil {
		return err
	}
	for {
		if _, err := n.Flush(ctx); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// I7: of two workers one is killed again and again while messages are written,
// some of them in transactions that are rolled back. Each that was committed is
// sent, at most twice; none that was not.
func TestR28_KilledWorkersLoseNothing(t *testing.T) {
	kills := 6
	if os.Getenv("PROFILEKIT_LONG") != "" {
		kills = 50
	}
	for name, at := range map[string]func(t *testing.T) string{
		"SQLite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "app.db") },
		"Postgres": func(t *testing.T) string { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			at, sent, since, key := at(t), filepath.Join(t.TempDir(), "sent"), time.Now(), keyring.Generate().Encode()
			db, err := openDatabase(t.Context(), at)
			if err == nil {
				t.Cleanup(func() { db.Close() })
				err = db.Migrate(t.Context(), sqlstore.MigrateOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
			n, err := outboxOf(db, key, since, lines{})
			if err != nil {
				t.Fatal(err)
			}
			start := func() *exec.Cmd {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), workerDatabase+"="+at, workerKey+"="+key, workerSent+"="+sent, fmt.Sprintf("%s=%d", workerSince, since.UnixNano()))
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					cmd.Process.Kill()
					cmd.Wait()
				})
				return cmd
			}
			workers := []*exec.Cmd{start(), start()}
			committed, rolledBack := map[string]bool{}, map[string]bool{}
			undo := errors.New("undo")
			for kill := range kills {
				for i := range 20 {
					code := fmt.Sprintf("message-%04d", 20*kill+i)
					err := db.InTx(t.Context(), func(ctx context.Context) error {
						if err := n.Deliver(ctx, authmail.Message{Kind: authmail.Code, Channel: authmail.BySMS, To: "+41791234567", Code: code}); err != nil {
							return err
						}
						if i%4 == 3 {
							return undo
						}
						return nil
					})
					switch {
					case err == nil:
						committed[code] = true
					case errors.Is(err, undo):
						rolledBack[code] = true
					default:
						t.Fatal(err)
					}
				}
				time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
				workers[kill%2].Process.Kill()
				workers[kill%2].Wait()
				workers[kill%2] = start()
			}
			var counts map[string]int
			for end := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				counts = countLines(t, sent)
				missing := 0
				for code := range committed {
					if counts[code] == 0 {
						missing++
					}
				}
				if missing == 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%d of %d are not sent", missing, len(committed))
				}
			}
			twice := 0
			for code, n := range counts {
				if rolledBack[code] || !committed[code] || n > 2 {
					t.Errorf("%s was sent %d times; committed %v", code, n, committed[code])
				}
				if n == 2 {
					twice++
				}
			}
			if twice > kills*2 {
				t.Errorf("%d were sent twice after %d kills", twice, kills)
			}
			t.Logf("%d messages, %d kills, %d sent twice", len(committed), kills, twice)
		})
	}
}

func countLines(t *testing.T, path string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return counts
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		counts[s.Text()]++
	}
	return counts
}
