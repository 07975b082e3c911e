package embedded

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const killWriters = 8

// padding makes a change several pages, so that the log is copied into the
// database every few hundred changes: kills meet that as well.
var padding = strings.Repeat("x", 8000)

// writer writes rising numbers to users, with one activity row each, and says
// which are committed: "user number".
func writer(path string, _ io.Reader) error {
	ctx := context.Background()
	db, err := open(ctx, path)
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error)
	var users [killWriters]profile.User
	for i := range users {
		if users[i], err = account(ctx, db, fmt.Sprintf("writer%d", i)); err != nil {
			return err
		}
	}
	for i, u := range users {
		go func() {
			n := 0
			fmt.Sscan(u.Bio, &n)
			for {
				n++
				bio := fmt.Sprint(n, " ", padding)
				_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio},
					activity.Event{ID: fmt.Sprint(i, "-", n), Kind: "test", UserID: u.ID, At: time.Now()})
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Fprintln(os.Stdout, i, n)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// A process is killed as it writes, again and again, also right after the log
// began to be copied. No acknowledged change is gone, each that is there has
// its activity row, and the file is sound.
func TestR01_KillNineDuringWritesAndCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	var acknowledged [killWriters]int
	checkpoints := 0
	for round := range either(6, 200) {
		p := start(t, "writer", path)
		least := 50 + rand.IntN(300)
		if round%2 == 0 { // kill it in a checkpoint: they change the database file itself
			before := database(path)
			for seen := 0; seen < 5000 && (seen < 10 || database(path) == before); seen++ {
				note(t, p, &acknowledged)
				if seen == 10 {
					before = database(path)
				}
			}
			if database(path) != before {
				checkpoints++
			}
		} else {
			for range least {
				note(t, p, &acknowledged)
			}
		}
		p.drain(t, &acknowledged)

		// The log is still there; opening the database takes it over.
		db := mustOpen(t, path)
		for i := range acknowledged {
			number, events := state(t, db, fmt.Sprintf("writer%d", i))
			if number < acknowledged[i] || number > acknowledged[i]+1 {
				t.Errorf("round %d, writer %d: %d is there, %d was acknowledged, and one more sent", round, i, number, acknowledged[i])
			}
			if events != number {
				t.Errorf("round %d, writer %d: %d activity rows of %d changes", round, i, events, number)
			}
			acknowledged[i] = number
		}
		sound(t, path) // with the log
		if round%3 == 0 {
			db.Close()
			sound(t, path) // and without
		}
	}
	if checkpoints == 0 {
		t.Error("no kill met a checkpoint")
	}
}

// database tells one content of the file from another.
func database(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
}

// note reads one acknowledgement.
func note(t *testing.T, p *process, acknowledged *[killWriters]int) {
	t.Helper()
	text := p.line()
	var i, n int
	if _, err := fmt.Sscan(text, &i, &n); err != nil {
		t.Fatalf("the writer ended after %q", text)
	}
	acknowledged[i] = max(acknowledged[i], n)
}

// drain kills the process and reads what it acknowledged before.
func (p *process) drain(t *testing.T, acknowledged *[killWriters]int) {
	t.Helper()
	_ = p.cmd.Process.Kill()
	for p.lines.Scan() {
		var i, n int
		if _, err := fmt.Sscan(p.lines.Text(), &i, &n); err == nil {
			acknowledged[i] = max(acknowledged[i], n)
		}
	}
	_ = p.cmd.Wait()
}

// state is the number that the user has, and how many activity rows.
func state(t *testing.T, db *sqlstore.DB, name string) (number, events int) {
	t.Helper()
	u, err := db.Users().ByUsername(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Sscan(u.Bio, &number)
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return tx.GetContext(ctx, &events, "SELECT count(*) FROM profilekit_activity WHERE user_id = ?", u.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	return number, events
}
