package silence

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
)

// clients of R09, of which half upload pictures where pictures are slow.
const clients = 200

// slowBlobs takes a picture only after it was let go.
type slowBlobs struct {
	*memblob.Store
	hanging atomic.Int64
	letGo   chan struct{}
}

func (s *slowBlobs) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	s.hanging.Add(1)
	defer s.hanging.Add(-1)
	select {
	case <-s.letGo:
		return s.Store.Put(ctx, key, body, meta)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busy counts the server's connections of this database that are amid a
// statement or a transaction.
func busy(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// until waits for a condition that a loaded machine may take its time for.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// R09: 100 uploads hang in the store of pictures, and 100 other clients change
// and read profiles over a pool of 2: the uploads hold no connection.
func TestR09_SlowPicturesHoldNoConnection(t *testing.T) {
	dsn := fresh(t)
	direct, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{MaxOpen: 2, MaxWait: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	blobs := &slowBlobs{Store: memblob.New(memblob.Options{}), letGo: make(chan struct{})}
	a := serve(t, db, blobs, func(c *httpadapter.Config) {
		c.HTTP.RequestTimeout, c.HTTP.BodyTimeout = 60*time.Second, 60*time.Second
		c.Pictures.Limits = picture.Limits{Queue: clients, QueueTime: 60 * time.Second}
	})
	count := clients / 2
	if raceEnabled { // making squares takes ten times as long
		count = clients / 10
	}
	tokens := make([]string, count)
	for i := range tokens {
		tokens[i] = a.user("slow" + strconv.Itoa(i))
	}
	jpeg := imagetest.JPEG(imagetest.Card(64, 48), 80)
	uploaded := make([]answer, len(tokens))
	var uploads sync.WaitGroup
	for i, token := range tokens {
		uploads.Go(func() { uploaded[i] = a.do("PUT", "/api/profile/picture", token, nil, "image/jpeg", jpeg) })
	}
	until(t, "all uploads reach the store of pictures", func() bool { return blobs.hanging.Load() >= int64(len(tokens)) })
	until(t, "no connection is in use", func() bool { return busy(t, direct) == 0 })

	for round := range times(2, 50) {
		for i, r := range at(len(tokens), func(i int) answer {
			return a.json("PATCH", "/api/profile", tokens[i], fmt.Sprintf(`{"bio":"%d of %d"}`, i, round))
		}) {
			if r.status != http.StatusOK {
				t.Errorf("PATCH beside %d uploads: %d %s", blobs.hanging.Load(), r.status, r.body)
			}
			if p, _ := a.profile(tokens[i]); p["bio"] != fmt.Sprintf("%d of %d", i, round) {
				t.Errorf("bio is %v after it was acknowledged", p["bio"])
			}
		}
	}
	if n := blobs.hanging.Load(); n < int64(len(tokens)) {
		t.Errorf("only %d uploads were still hanging", n)
	}
	if n := busy(t, direct); n != 0 {
		t.Errorf("%d connections are in use while nothing but uploads runs", n)
	}
	close(blobs.letGo)
	uploads.Wait()
	for _, r := range uploaded {
		if r.status != http.StatusOK {
			t.Errorf("upload: %d %s", r.status, r.body)
		}
	}
}

// R09: while all connections are taken, by work of the host's own, every
// client is told so after MaxWait; when they are free again all are served.
func TestR09_FullPoolAnswersUnavailable(t *testing.T) {
	wait := 500 * time.Millisecond
	if long {
		wait = 2 * time.Second
	}
	dsn := fresh(t)
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{MaxOpen: 2, MaxWait: wait})
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, db, nil, func(c *httpadapter.Config) { c.HTTP.RequestTimeout = 30 * time.Second })
	token := a.user("alice")
	letGo := make(chan struct{})
	var held atomic.Int64
	var holders sync.WaitGroup
	for range 2 {
		holders.Go(func() {
			if err := db.InTx(t.Context(), func(context.Context) error {
				held.Add(1)
				<-letGo
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "both connections are taken", func() bool { return held.Load() == 2 })
	ask := func(i int) answer {
		if i%2 == 0 {
			return a.json("GET", "/api/profile", token, "")
		}
		return a.json("PATCH", "/api/profile", token, fmt.Sprintf(`{"bio":"%d"}`, i))
	}
	for _, r := range at(clients, ask) {
		unavailable(t, route{method: "any", path: "/api/profile"}, r)
		if r.took < wait || r.took > wait+time.Second+slack {
			t.Errorf("answered after %v; want %v to %v", r.took, wait, wait+time.Second+slack)
		}
		a.discreet(dsn, r)
	}
	close(letGo)
	holders.Wait()
	a.recovers(token)
	// Not all at once: that a pool of 2 serves 200 in 500 ms is not the point.
	for i := range 20 {
		if r := ask(i); r.status != http.StatusOK {
			t.Errorf("with a free pool: %d %s", r.status, r.body)
		}
	}
}

// slack is what a loaded machine may add to a time that the row names.
const slack = 2 * time.Second
