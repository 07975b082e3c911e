package httpadapter_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestR34_StopAnswersWhatIsUnderWay stops a server as the package's comment
// shows, within one process: requests whose bodies never end are answered, the
// database may be closed twice, and no goroutine is left.
func TestR34_StopAnswersWhatIsUnderWay(t *testing.T) {
	before := runtime.NumGoroutine()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app, err := httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: "http://" + ln.Addr().String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	app.Register(mux)
	base, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return base }}
	served, ran := make(chan error, 1), make(chan error, 1)
	runCtx, stopRun := context.WithCancel(context.Background())
	defer stopRun()
	go func() { ran <- app.Run(runCtx) }()
	go func() { served <- server.Serve(ln) }()

	const requests = 30
	conns := make([]*bufio.Reader, requests)
	for i := range conns {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Minute))
		conns[i] = bufio.NewReader(conn)
		path := []string{"/api/auth/login", "/api/auth/register"}[i%2]
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", path)
		if line, err := conns[i].ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%q %v, want 100 Continue", line, err)
		}
		if _, err := conns[i].ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "{")
	}
	shut := make(chan error, 1)
	go func() { shut <- server.Shutdown(context.Background()) }()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Fatal(err)
	}
	giveUp()
	for i, from := range conns {
		resp, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatalf("request %d was dropped: %v", i, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("request %d: %d, Retry-After %q", i, resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	if err := <-shut; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	stopRun()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	for range 2 {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestBodyLeavesTheConnectionAlone: the end of a request, and with it that of
// its context, does not end the body of the next one on the same connection.
func TestBodyLeavesTheConnectionAlone(t *testing.T) {
	w := newWorld(t)
	conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	from := bufio.NewReader(conn)
	for i := range 200 {
		fmt.Fprint(conn, "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n")
		fmt.Fprint(conn, "{}")
		resp, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 401 && resp.StatusCode != 422 {
			t.Fatalf("request %d: %d", i, resp.StatusCode)
		}
	}
}
