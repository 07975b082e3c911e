package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cloud")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "cloud")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stderr = os.Stderr
	code := 1
	if build.Run() == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

const (
	patience = 60 * time.Second
	password = "correct horse battery staple"
)

// program is the program, running, with a signed-in browser.
type program struct {
	t   *testing.T
	url string
	cmd *exec.Cmd
	out *bytes.Buffer
	end chan error
	c   http.Client
}

func start(t *testing.T, data string, env []string) *program {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, url: "http://" + addr, out: &bytes.Buffer{}, end: make(chan error, 1), c: http.Client{Jar: jar, Timeout: patience}}
	p.cmd = exec.Command(binary, "-addr", addr, "-data", data)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.end <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if resp, err := http.Get(p.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return p
			}
		}
		select {
		case err := <-p.end:
			t.Fatalf("stopped at start: %v\n%s", err, p.out)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("not ready:\n%s", p.out)
	return nil
}

// stop ends the program and returns all that it said.
func (p *program) stop() string {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.end:
		if err != nil {
			p.t.Fatalf("did not stop cleanly: %v\n%s", err, p.out)
		}
	case <-time.After(patience):
		p.t.Fatal("did not stop")
	}
	return p.out.String()
}

func (p *program) do(method, path, contentType string, body []byte, want int) map[string]any {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := p.c.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		p.t.Fatalf("%s %s: %d, want %d: %s %v", method, path, resp.StatusCode, want, raw, err)
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		p.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
	return v
}

func (p *program) register(name string) {
	p.t.Helper()
	body := fmt.Appendf(nil, `{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password)
	p.do("POST", "/api/auth/register", "application/json", body, http.StatusCreated)
}

// upload sets the picture and returns the address of its largest square.
func (p *program) upload(seed uint32) string {
	p.t.Helper()
	photo := imagetest.JPEG(imagetest.Photo(300, 200, seed), 80)
	p.do("PUT", "/api/profile/picture", "image/jpeg", photo, http.StatusOK)
	return p.picture()
}

func (p *program) picture() string {
	p.t.Helper()
	at, ok := p.do("GET", "/api/profile", "", nil, http.StatusOK)["profilePicture"].(string)
	if !ok {
		p.t.Fatal("the profile has no picture")
	}
	return at
}

// look fetches a picture, by its own address or one of the store's.
func (p *program) look(at string) (status int, contentType string, body []byte) {
	p.t.Helper()
	c := &p.c
	if strings.HasPrefix(at, "/") {
		at = p.url + at
	} else {
		c = http.DefaultClient
	}
	resp, err := c.Get(at)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), body
}

// command runs the program to its end.
func command(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
