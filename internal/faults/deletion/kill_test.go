//go:build unix

package deletion

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// The environment of a process that erases: where, and the number of its call
// before which it is killed, 0 for none and for that it runs later.
const (
	childDatabase = "PROFILEKIT_TEST_ERASE_DATABASE"
	childFolder   = "PROFILEKIT_TEST_ERASE_FOLDER"
	childDeath    = "PROFILEKIT_TEST_ERASE_DEATH"
)

// after is when the account is due; later, a purge's claim of pictures is over
// that was killed.
const (
	after = 15 * 24 * time.Hour
	later = after + 2*time.Hour
)

// TestErasingChild is that process; alone it erases nobody in an empty host.
func TestErasingChild(t *testing.T) {
	p := place{postgres: os.Getenv(childDatabase), dir: os.Getenv(childFolder)}
	death, _ := strconv.Atoi(os.Getenv(childDeath))
	var mu sync.Mutex
	calls := 0
	each := func() {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == death {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
	alone := p.dir == ""
	if alone {
		p.dir = t.TempDir()
	}
	ahead := after
	if death == 0 {
		ahead = later
	}
	app, db, err := p.app(ahead, each, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if alone {
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := app.Eraser.Erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Pictures.PurgeBlobs(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if calls == 0 {
		t.Error("no call was counted")
	}
}

func erase(t *testing.T, p place, death int) (out []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestErasingChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDatabase+"="+p.postgres, childFolder+"="+p.dir, childDeath+"="+strconv.Itoa(death))
	return cmd.CombinedOutput()
}

func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// TestR43P39_KilledInEachStepOfAnErasure: whenever the process dies that erases
// an account, nobody gets into it, the others lose nothing, and the next process
// finishes. Then there is nothing of it anywhere, and who signs up with the same
// address finds nothing of before.
func TestR43P39_KilledInEachStepOfAnErasure(t *testing.T) {
	for name, tm := range map[string]*template{"sqlite": {}, "postgres": {postgres: true}} {
		t.Run(name, func(t *testing.T) {
			stride := 1
			switch { // in the long form before every call
			case long():
			case raceEnabled: // a process takes a second to start
				stride = 9
			default:
				stride = 6
			}
			kills := 0
			for death := 1; ; death += stride {
				p := tm.copy(t)
				stays := look(t, p, "stays")
				out, err := erase(t, p, death)
				if err == nil {
					gone(t, p, stays)
					break
				}
				if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("death %d: %v\n%s", death, err, out)
				}
				kills++
				between(t, p)
				if out, err := erase(t, p, 0); err != nil {
					t.Fatalf("after death %d: %v\n%s", death, err, out)
				}
				gone(t, p, stays)
				if t.Failed() {
					t.Fatalf("at death %d", death)
				}
			}
			if least := 30 / stride; kills < least {
				t.Errorf("killed %d times, want at least %d", kills, least)
			}
			t.Logf("killed %d times", kills)
		})
	}
}

// between is what holds also while the erasure is not finished.
func between(t *testing.T, p place) {
	t.Helper()
	app, db, err := p.app(after, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	who := serve(t, app)()
	who.send(401, "POST", "/auth/login", fmt.Sprintf(`{"login":"leaves","password":%q}`, password))
	who.send(404, "GET", "/users/leaves", "")
	who.send(200, "POST", "/auth/login", fmt.Sprintf(`{"login":"stays","password":%q}`, password))
}

// look is everything that names the user, as sorted rows.
func look(t *testing.T, p place, name string) []string {
	t.Helper()
	_, db, err := p.app(0, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	u, err := db.Users().ByUsername(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for table, rows := range tables(t, db, p) {
		for _, row := range rows {
			if names(row, table, u) {
				list = append(list, table+row)
			}
		}
	}
	slices.Sort(list)
	if len(list) < 20 {
		t.Fatalf("%d rows name %s", len(list), name)
	}
	return list
}

func names(row, table string, u profile.User) bool {
	return strings.Contains(row, "|user_id="+u.ID+"|") || table == "users" && strings.HasPrefix(row, "|id="+u.ID+"|") ||
		strings.Contains(row, ":user:"+u.ID+"|") || strings.Contains(row, u.Username)
}

// gone looks whether of "leaves" there is nothing and of the other everything.
func gone(t *testing.T, p place, stays []string) {
	t.Helper()
	app, db, err := p.app(after, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// A sign-in under a name that is gone writes an event of nobody, which the next purge
	// takes.
	if _, err := app.Activity.PurgeExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := u(t, stays)
	var keys []string
	held, err := profile.UsernameHold("leaves")
	if err != nil {
		t.Fatal(err)
	}
	holds := 0
	all := tables(t, db, p)
	for _, table := range slices.Sorted(maps.Keys(all)) {
		for _, row := range all[table] {
			// The name is kept from others, and does not say whose it was.
			if table == "profilekit_holds" && strings.HasPrefix(row, "|key="+held+"|user_id=|") {
				holds++
				continue
			}
			// What is sealed waits for its reader. Counters of an address of the
			// network, or of a hash, forget by themselves.
			if strings.Contains(row, "leaves") || strings.Contains(row, "|user_id=") && !strings.Contains(row, "|user_id="+kept+"|") ||
				strings.Contains(row, ":user:") && !strings.Contains(row, ":user:"+kept+"|") {
				t.Errorf("%s still has %s", table, row)
			}
			if table == "profilekit_blobs" {
				keys = append(keys, strings.TrimPrefix(strings.SplitN(row, "|", 3)[1], "key="))
			}
		}
		if table == "users" && len(all[table]) != 1 {
			t.Errorf("%d users are left", len(all[table]))
		}
	}
	if holds != 1 {
		t.Errorf("the name is held %d times, want once", holds)
	}
	slices.Sort(keys)
	if found := pictures(t, p); !slices.Equal(found, keys) || len(keys) == 0 {
		t.Errorf("pictures on the disk: %v, in the ledger: %v", found, keys)
	}
	now := look(t, p, "stays")
	for _, row := range stays {
		// The purge took the picture that was replaced, and a sign-in was looked at.
		if !slices.Contains(now, row) && !strings.HasPrefix(row, "profilekit_blobs") {
			t.Errorf("of the one who stays there is no longer %s", row)
		}
	}

	again := serve(t, app)()
	// The address is free; the name is held for a while.
	again.send(409, "POST", "/auth/register", fmt.Sprintf(`{"username":"Leaves","email":"other@example.org","password":%q}`, password))
	again.send(201, "POST", "/auth/register", fmt.Sprintf(`{"username":"newcomer","email":"leaves@example.org","password":%q}`, password))
	me := again.send(200, "GET", "/profile", "")
	if me["bio"] != nil || me["profilePicture"] != nil || me["displayName"] != nil || me["pendingEmail"] != nil {
		t.Errorf("the new account has %v", me)
	}
	if items := again.send(200, "GET", "/activity", "")["items"].([]any); len(items) != 1 {
		t.Errorf("the new account's feed is %v", items)
	}
	if look := again.send(200, "GET", "/settings", "")["appearance"].(map[string]any); look["theme"] != "system" {
		t.Errorf("the new account looks %v", look)
	}
	if items := again.send(200, "GET", "/auth/sessions", "")["items"].([]any); len(items) != 1 {
		t.Errorf("the new account's sessions are %v", items)
	}
	if mfa := again.send(200, "GET", "/auth/mfa", ""); len(mfa["factors"].([]any)) != 0 || mfa["recoveryCodesLeft"] != 0.0 {
		t.Errorf("the new account has %v", mfa)
	}
}

// u is the ID of the user in its row.
func u(t *testing.T, rows []string) string {
	t.Helper()
	for _, row := range rows {
		if rest, ok := strings.CutPrefix(row, "users|id="); ok {
			return rest[:strings.IndexByte(rest, '|')]
		}
	}
	t.Fatal("there is no row of the user")
	return ""
}

// pictures are the files of the folder of pictures.
func pictures(t *testing.T, p place) []string {
	t.Helper()
	var list []string
	root := filepath.Join(p.dir, "pictures")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(path, ".meta") && !strings.HasPrefix(d.Name(), ".") {
			list = append(list, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}
