// Package cloudtest gives tests real object stores. It builds the servers that
// internal/testservers pins, once for a user, and starts each at most once for
// a test binary, on a free port of 127.0.0.1:
//
//	s := cloudtest.S3(t)     // versitygw
//	s := cloudtest.MinIO(t)  // takes minutes to build: for long runs
//	url := cloudtest.GCS(t)  // fake-gcs-server
//	url := cloudtest.Firebase(t) // Google's emulator, of npm: minutes to install, for long runs
//
// When a server cannot be built the test is skipped with a loud message, or
// fails when the variable CI is set. A server ends with the test binary,
// however that ends.
package cloudtest

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience bounds the start of a server.
const patience = 60 * time.Second

// S3Server is where an S3 server answers, with path-style addresses, and who
// may do everything there.
type S3Server struct {
	Endpoint  string // http://127.0.0.1:port
	Region    string
	AccessKey string
	SecretKey string
}

var (
	versitygw = server[S3Server]{name: "versitygw", start: startVersity}
	minio     = server[S3Server]{name: "minio", start: startMinIO}
	fakegcs   = server[string]{name: "fakegcs", start: startGCS}
	firebase  = server[string]{name: "firebase", start: startFirebase, build: install}
)

// S3 returns a running versitygw.
func S3(t testing.TB) S3Server { t.Helper(); return versitygw.get(t) }

// MinIO returns a running MinIO, the second opinion on S3.
func MinIO(t testing.TB) S3Server { t.Helper(); return minio.get(t) }

// GCS returns the address of a running fake-gcs-server.
func GCS(t testing.TB) string { t.Helper(); return fakegcs.get(t) }

// Firebase returns the address of a running storage emulator of firebase-tools,
// Google's own word on download tokens. It makes buckets by itself, ignores
// preconditions, and does not look at security rules.
func Firebase(t testing.TB) string { t.Helper(); return firebase.get(t) }

// server is one that a test binary starts at most once.
type server[T any] struct {
	name  string
	start func(program, dir string) (T, error)
	build func(name string) (program string, err error) // nil: a Go program
	once  sync.Once
	value T
	err   error
}

func (s *server[T]) get(t testing.TB) T {
	t.Helper()
	s.once.Do(func() {
		get := s.build
		if get == nil {
			get = build
		}
		var program string
		if program, s.err = get(s.name); s.err != nil {
			return
		}
		var dir string
		if dir, s.err = os.MkdirTemp("", "cloudtest"); s.err != nil {
			return
		}
		s.value, s.err = s.start(program, dir)
	})
	if s.err == nil {
		return s.value
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("cloudtest: no %s, and CI is set: %v", s.name, s.err)
	}
	fmt.Fprintf(os.Stderr, "\n*** SKIPPED %s: no %s (%v)\n\n", t.Name(), s.name, s.err)
	t.Skipf("no %s: %v", s.name, s.err)
	return s.value
}

func startVersity(program, dir string) (S3Server, error) {
	s := S3Server{Region: "us-east-1", AccessKey: "tester", SecretKey: rand.Text()}
	// The sidecar keeps metadata apart from the file system's attributes; its
	// path must not begin with that of the objects.
	objects, sidecar := filepath.Join(dir, "objects"), filepath.Join(dir, "meta")
	for _, d := range []string{objects, sidecar} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return s, err
		}
	}
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	s.Endpoint = "http://" + address
	return s, run(dir, []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey},
		answers(s.Endpoint+"/"), program, "-q", "--port", address, "posix", "--sidecar", sidecar, objects)
}

func startMinIO(program, dir string) (S3Server, error) {
	s := S3Server{Region: "us-east-1", AccessKey: "tester", SecretKey: rand.Text()}
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	s.Endpoint = "http://" + address
	return s, run(dir, []string{"MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey, "MINIO_BROWSER=off"},
		answers(s.Endpoint+"/minio/health/ready"), program, "server", "--quiet", "--address", address, filepath.Join(dir, "data"))
}

func startGCS(program, dir string) (string, error) {
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	host, port, _ := net.SplitHostPort(address)
	url := "http://" + address
	return url, run(dir, nil, answers(url+"/storage/v1/b?project=test"),
		program, "-scheme", "http", "-host", host, "-port", port, "-backend", "memory", "-public-host", address)
}

func startFirebase(program, dir string) (string, error) {
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	host, port, _ := net.SplitHostPort(address)
	url := "http://" + address
	return url, run(dir, nil, answers(url+"/v0/b/none/o/none"), "node", filepath.Join(program, "storage.cjs"), host, port)
}

// answers reports whether something answers there.
func answers(url string) func() bool {
	client := &http.Client{Timeout: time.Second}
	return func() bool {
		resp, err := client.Get(url)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode < 500
	}
}
