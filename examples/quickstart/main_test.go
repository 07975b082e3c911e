package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime/multipart"
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
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "quickstart")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stderr = os.Stderr
	code := 1
	if build.Run() == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is one run of the quickstart.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stdout *bytes.Buffer // to be read after stop
	stderr *bytes.Buffer
	done   chan error
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// start runs the program and waits until it is ready.
func start(t *testing.T, addr, data string, env ...string) *program {
	t.Helper()
	p := &program{t: t, url: "http://" + addr, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd = exec.Command(binary, "-addr", addr, "-data", data, "-v")
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	for range 300 {
		if resp, err := http.Get(p.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return p
			}
		}
		select {
		case err := <-p.done:
			t.Fatalf("stopped at start: %v\n%s", err, p.stderr)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("not ready:\n%s", p.stderr)
	return nil
}

// stop asks the program to end and expects it to do so cleanly.
func (p *program) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Fatalf("did not stop cleanly: %v\n%s", err, p.stderr)
		}
	case <-time.After(15 * time.Second):
		p.t.Fatal("did not stop")
	}
}

// browser is a client with a cookie jar, as a browser is.
type browser struct {
	t *testing.T
	c *http.Client
	u string
}

func newBrowser(t *testing.T, p *program) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, c: &http.Client{Jar: jar, Timeout: 20 * time.Second}, u: p.url}
}

// do sends a request and decodes a JSON answer, which must have that status.
func (b *browser) do(method, path, contentType string, body io.Reader, want int) map[string]any {
	b.t.Helper()
	req, err := http.NewRequest(method, b.u+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != want {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, want, raw)
	}
	out := map[string]any{}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &out); err != nil {
			b.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
	return out
}

func (b *browser) send(method, path, body string, want int) map[string]any {
	b.t.Helper()
	return b.do(method, path, "application/json", strings.NewReader(body), want)
}

func (b *browser) get(path string) map[string]any {
	b.t.Helper()
	return b.do("GET", path, "", nil, http.StatusOK)
}

func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 800, 600))
	for y := range 600 {
		for x := range 800 {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x / 4), uint8(y / 3), 90, 255})
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

const password = "correct horse battery staple"

// TestFirstLight is the loop a newcomer goes through, over a restart, on
// SQLite and on Postgres.
func TestFirstLight(t *testing.T) {
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			env := open(t)
			data, addr := t.TempDir(), freePort(t)
			p := start(t, addr, data, env...)
			b := newBrowser(t, p)
			b.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, password), 201)
			b.send("PATCH", "/api/profile", `{"displayName":"Ada Lovelace","bio":"First of them.","address":{"city":"London","country":"GB"}}`, 200)
			b.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`, 200)

			var form bytes.Buffer
			mw := multipart.NewWriter(&form)
			fw, _ := mw.CreateFormFile("profile_picture", "../../etc/passwd.jpg")
			fw.Write(photo(t))
			mw.Close()
			up := b.do("POST", "/upload-profile", mw.FormDataContentType(), &form, 200)
			if up["success"] != true {
				t.Fatalf("upload: %v", up)
			}
			before := b.get("/api/profile")
			if before["profilePicture"] != up["imageUrl"] {
				t.Errorf("profilePicture %v, uploaded %v", before["profilePicture"], up["imageUrl"])
			}
			p.stop()

			p = start(t, addr, data, env...)
			if got := b.get("/api/profile"); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Errorf("after a restart:\n%v\nbefore:\n%v", got, before)
			}
			b.send("POST", "/api/auth/logout", ``, 204)
			b.do("GET", "/api/profile", "", nil, 401)
			b.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada@example.org","password":%q}`, password), 200)
			if theme := b.get("/api/settings")["appearance"].(map[string]any)["theme"]; theme != "dark" {
				t.Errorf("theme is %v", theme)
			}
			resp, err := b.c.Get(p.url + fmt.Sprint(up["imageUrl"]))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if img, err := jpeg.Decode(resp.Body); err != nil || img.Bounds().Dx() != 512 {
				t.Errorf("picture after the restart: %v", err)
			}
			kinds := map[any]bool{}
			for _, it := range b.get("/api/activity")["items"].([]any) {
				kinds[it.(map[string]any)["kind"]] = true
			}
			for _, k := range []string{"auth.registered", "profile.updated", "settings.changed", "picture.changed", "auth.sign_out", "auth.sign_in"} {
				if !kinds[k] {
					t.Errorf("the feed has no %s: %v", k, kinds)
				}
			}
			p.stop()
		})
	}
}

// TestStopsAtStart: what is wrong with the set-up is one line and a non-zero
// exit, without a secret in it.
func TestStopsAtStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	readOnly := t.TempDir()
	if err := os.Chmod(readOnly, 0o555); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		env  string
		says string
	}{
		"taken port":         {[]string{"-addr", taken.Addr().String()}, "", "cannot listen"},
		"read-only data":     {[]string{"-data", readOnly}, "", "read-only"},
		"data is a file":     {[]string{"-data", file}, "", "data folder"},
		"refused database":   {nil, "DATABASE_URL=postgres://u:hunter2@" + freePort(t) + "/db?sslmode=disable", "DATABASE_URL"},
		"not a database":     {nil, "DATABASE_URL=mysql://u:hunter2@localhost/db", "DATABASE_URL"},
		"unknown blob store": {nil, "BLOB_URL=ftp://u:hunter2@example.org", "BLOB_URL"},
		"bad keys":           {nil, "SECRET_KEYS=hunter2", "SECRET_KEYS"},
		"limits off":         {[]string{"-addr", ":0"}, "LIMITS=off", "loopback"},
		"no wait at all":     {[]string{"-addr", ":0"}, "FACTOR_RECOVERY=1h", "loopback"},
		"a wait of words":    {nil, "FACTOR_RECOVERY=soon", "FACTOR_RECOVERY"},
		"bad base URL":       {nil, "BASE_URL=example.org", "BaseURL"},
		"a proxy by name":    {nil, "TRUSTED_PROXIES=proxy.example.org", "TRUSTED_PROXIES"},
		"every proxy":        {nil, "TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0", "0.0.0.0/0"},
		"unknown flag":       {[]string{"-nonsense"}, "", "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			args := append([]string{"-data", filepath.Join(t.TempDir(), "data"), "-addr", "127.0.0.1:0"}, tc.args...)
			cmd := exec.CommandContext(ctx, binary, args...)
			cmd.Env = append(os.Environ(), tc.env)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if ctx.Err() != nil {
				t.Fatal("still running after 30 s")
			}
			if err == nil || cmd.ProcessState.ExitCode() <= 0 {
				t.Fatalf("exit: %v", err)
			}
			line := strings.TrimRight(stderr.String(), "\n")
			if strings.Contains(line, "\n") {
				t.Errorf("more than one line:\n%s", line)
			}
			if !strings.Contains(line, tc.says) {
				t.Errorf("%q does not say %q", line, tc.says)
			}
			if strings.Contains(line, "hunter2") {
				t.Errorf("a secret is in %q", line)
			}
		})
	}
}

// TestPurge: -purge deletes what nobody points to and leaves the rest.
func TestPurge(t *testing.T) {
	data, addr := t.TempDir(), freePort(t)
	p := start(t, addr, data)
	b := newBrowser(t, p)
	b.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, password), 201)
	for range 3 {
		b.do("PUT", "/api/profile/picture", "image/jpeg", bytes.NewReader(photo(t)), 200)
	}
	p.stop()
	for i, want := range []string{"purged 8 blobs\n", "purged 0 blobs\n"} {
		cmd := exec.Command(binary, "-data", data, "-purge")
		cmd.Env = os.Environ()
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("purge %d: %q %v, want %q", i+1, out, err, want)
		}
	}
}

// TestPages: the client's routes get the page, with a policy; others are 404.
func TestPages(t *testing.T) {
	p := start(t, freePort(t), t.TempDir())
	for path, want := range map[string]int{
		"/": 200, "/login": 200, "/settings/appearance": 200, "/u/ada": 200, "/default-avatar.png": 200,
		"/nothing": 404, "/assets/nothing.js": 404, "/api/nothing": 404, "/healthz": 200,
	} {
		resp, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, resp.StatusCode, want)
		}
		if want == 200 && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") &&
			!strings.Contains(resp.Header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("GET %s has no content security policy", path)
		}
	}
}
