package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const diskSize = 6 << 20

// fullDisk is a program on a small disk, with two people and a picture.
type fullDisk struct {
	disk
	*site
	db       *sqlstore.DB
	path     string
	pictures [][]byte
}

func onSmallDisk(t *testing.T, size int) *fullDisk {
	t.Helper()
	f := &fullDisk{disk: mount(t, size)}
	f.path = f.disk.path("app.db")
	f.db = mustOpen(t, f.path)
	f.site = serve(t, f.db, f.disk.path("pictures"))
	for seed := range uint32(2) {
		f.pictures = append(f.pictures, imagetest.JPEG(imagetest.Photo(200, 200, seed), 90))
	}
	return f
}

// refusal is an answer that a full disk may give.
func refusal(a answer) bool {
	return a.status == 503 || a.status == 507
}

// intact: no file of a picture is empty, everyone's pictures are whole, the
// database is sound.
func (f *fullDisk) intact(t *testing.T, people ...*person) {
	t.Helper()
	err := filepath.WalkDir(f.disk.path("pictures"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil && info.Size() == 0 {
			t.Errorf("%s is empty", filepath.Base(path))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for i, p := range people {
		v := p.profile()
		if v.Picture == nil {
			continue
		}
		if len(v.Sizes) == 0 {
			t.Errorf("person %d has a picture of no size", i)
		}
		for size, url := range v.Sizes {
			a := p.send("GET", url, "", nil)
			m, err := jpeg.Decode(bytes.NewReader(a.body))
			if a.status != 200 || err != nil {
				t.Errorf("person %d, size %s: %d, %v", i, size, a.status, err)
			} else if got := m.Bounds(); got == (image.Rectangle{}) {
				t.Errorf("person %d, size %s: an empty picture", i, size)
			}
		}
	}
	sound(t, f.path)
}

// The disk fills up while one writes and one uploads. What cannot be stored is
// refused with 503 or 507, what is stored stays readable, and when there is
// room again everything goes on without a restart.
func TestR04_FullDiskRefusesAndRecovers(t *testing.T) {
	if !again(t, ownMounts()) {
		return
	}
	f := onSmallDisk(t, diskSize)
	ada, bob := f.register("ada"), f.register("bob")
	if a := ada.upload(f.pictures[0]); a.status != 200 {
		t.Fatalf("upload: %d %s", a.status, a.body)
	}
	if a := bob.patch("Before."); a.status != 200 {
		t.Fatalf("PATCH: %d %s", a.status, a.body)
	}
	f.intact(t, ada, bob)
	before := ada.profile()

	// A log that has been used before has room in it, so that a full disk may
	// take a while to tell.
	f.fill(0)
	last, full := "Before.", 0
	for i := 0; full < 3; i++ {
		bio := fmt.Sprint(i, strings.Repeat(" word", 190))
		switch a := bob.patch(bio); {
		case a.status == 200:
			last = bio
		case refusal(a):
			full++
		default:
			t.Fatalf("PATCH on a full disk: %d %s", a.status, a.body)
		}
		if i > 5000 {
			t.Fatal("the disk never is full")
		}
	}
	if a := ada.upload(f.pictures[1]); !refusal(a) {
		t.Errorf("an upload to a full disk: %d %s", a.status, a.body)
	}
	// Who is signed in may look around, also when the use of the session is due
	// to be noted.
	f.clock.add(2 * time.Minute)
	if got := ada.profile(); *got.Picture != *before.Picture {
		t.Errorf("the picture is %s, want the one before", *got.Picture)
	}
	if got := bob.profile(); got.Bio == nil || *got.Bio != last {
		t.Errorf("the bio is %.12q, want the last that was acknowledged, %.12q", *got.Bio, last)
	}
	f.intact(t, ada, bob)
	dest := f.disk.path("backup.db")
	if err := sqlite.Backup(t.Context(), f.path, dest, sqlite.BackupOptions{}); !errors.Is(err, storage.ErrFull) {
		t.Errorf("a backup onto the full disk: %v, want storage.ErrFull", err)
	}
	if left, _ := filepath.Glob(f.disk.path(".backup*")); len(left) > 0 {
		t.Errorf("a backup left %v", left)
	}

	f.clear()
	if a := bob.patch("There is room."); a.status != 200 {
		t.Errorf("PATCH when there is room: %d %s", a.status, a.body)
	}
	if a := ada.upload(f.pictures[1]); a.status != 200 {
		t.Errorf("an upload when there is room: %d %s", a.status, a.body)
	}
	if err := sqlite.Backup(t.Context(), f.path, dest, sqlite.BackupOptions{}); err != nil {
		t.Errorf("a backup when there is room: %v", err)
	}
	if got := bob.profile(); *got.Bio != "There is room." {
		t.Errorf("bio %q", *got.Bio)
	}
	f.intact(t, ada, bob)
	if _, err := f.app.Pictures.PurgeBlobs(t.Context(), 0); err != nil {
		t.Errorf("purge: %v", err)
	}
	f.intact(t, ada, bob)
	f.db.Close()
	sound(t, f.path)
}

// The disk fills up at any moment of many people's writes and uploads.
func TestR04_FullAtAnyMoment(t *testing.T) {
	if !again(t, ownMounts()) {
		return
	}
	// Room for what is stored in all rounds, or the last ones find none.
	f := onSmallDisk(t, either(1, 16)*diskSize)
	var people []*person
	const writers = 4
	for i := range writers + 2 {
		people = append(people, f.register(fmt.Sprint("person", i)))
	}
	acknowledged := make([]string, len(people))
	refused, stored := 0, 0
	for round := range either(3, 100) {
		f.fill(rand.IntN(1 << 20))
		var all sync.WaitGroup
		var mu sync.Mutex
		for i, p := range people {
			all.Go(func() {
				for n := range either(25, 40) {
					var a answer
					bio := fmt.Sprint(round, "-", n, strings.Repeat(" word", 190))
					if i < writers {
						a = p.patch(bio)
					} else if n%24 == 0 {
						a = p.upload(f.pictures[n%2])
					} else {
						continue
					}
					mu.Lock()
					switch {
					case a.status == 200 && i < writers:
						acknowledged[i] = bio
						stored++
					case a.status == 200:
						stored++
					case refusal(a):
						refused++
					default:
						t.Errorf("round %d: %d %s", round, a.status, a.body)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		f.intact(t, people...)
		f.clear()
		for i, p := range people[:writers] {
			if got := p.profile(); acknowledged[i] != "" && *got.Bio != acknowledged[i] {
				t.Errorf("round %d, person %d: not the bio that was acknowledged last", round, i)
			}
			if a := p.patch("room"); a.status != 200 {
				t.Errorf("round %d: PATCH when there is room: %d %s", round, a.status, a.body)
			}
			acknowledged[i] = "room"
		}
		if _, err := f.app.Pictures.PurgeBlobs(t.Context(), 0); err != nil {
			t.Errorf("purge: %v", err)
		}
	}
	t.Logf("%d stored, %d refused", stored, refused)
	if refused == 0 || stored == 0 {
		t.Errorf("%d stored and %d refused: the disk was never, or always, full", stored, refused)
	}
	f.intact(t, people...)
}

// A database that cannot be made says so in one line, and can be made later.
func TestR04_OpenOnAFullDisk(t *testing.T) {
	if !again(t, ownMounts()) {
		return
	}
	d := mount(t, diskSize)
	path := d.path("app.db")
	for leave := 0; leave < 512<<10; leave += either(64, 4) << 10 {
		d.fill(leave)
		db, err := open(t.Context(), path)
		if err == nil {
			db.Close()
		} else if text := err.Error(); strings.Contains(text, "\n") || !strings.HasPrefix(text, "sql") {
			t.Errorf("%d bytes free: %q is not one clear line", leave, text)
		} else if !errors.Is(err, storage.ErrFull) && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%d bytes free: %v matches neither ErrFull nor ErrUnavailable", leave, err)
		}
		d.clear()
		db, err = open(t.Context(), path)
		if err != nil {
			t.Fatalf("after %d bytes were free: %v", leave, err)
		}
		if _, err := account(t.Context(), db, "ada"); err != nil {
			t.Error(err)
		}
		db.Close()
		sound(t, path)
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + suffix)
		}
	}
}
