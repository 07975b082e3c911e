//go:build unix

package cloudtest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// build returns the program of internal/testservers/name, building it when
// the user's cache does not have it in that version.
func build(name string) (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the sources are not there")
	}
	dir := filepath.Join(filepath.Dir(here), "..", "testservers", name)
	pins, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(pins), "\ntool ")
	tool, _, _ := strings.Cut(rest, "\n")
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "profilekit-test")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(pins, runtime.Version()...))
	program := filepath.Join(folder, name+"-"+hex.EncodeToString(sum[:8]))
	// Test binaries of several packages run at once: one builds, the others wait.
	lock, err := os.OpenFile(program+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fresh := program + ".new"
	cmd := exec.Command("go", "build", "-o", fresh, tool)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w: %s", tool, err, out)
	}
	return program, os.Rename(fresh, program)
}

// install returns a folder with what internal/testservers/name pins for npm.
func install(name string) (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the sources are not there")
	}
	dir := filepath.Join(filepath.Dir(here), "..", "testservers", name)
	files := map[string][]byte{}
	hash := sha256.New()
	for _, f := range []string{"package.json", "package-lock.json", "storage.cjs"} {
		raw, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			return "", err
		}
		files[f] = raw
		hash.Write(raw)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "profilekit-test", name+"-"+hex.EncodeToString(hash.Sum(nil)[:8]))
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(folder+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	fresh := folder + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o755)); err != nil {
		return "", err
	}
	for f, raw := range files {
		if err := os.WriteFile(filepath.Join(fresh, f), raw, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = fresh
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %s", err, out)
	}
	return folder, os.Rename(fresh, folder)
}

// supervise runs the server until its standard input ends, which it does when
// the test binary is gone, and then removes the folder $1.
const supervise = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -KILL "$pid"
wait "$pid"
rm -rf "$dir"`

// pipes keep the supervisors' pipes from being collected and closed.
var pipes []io.Closer

// run starts program in dir and waits until it is ready.
func run(dir string, env []string, ready func() bool, program string, args ...string) error {
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervise, "cloudtest", dir, program}, args...)...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	// A group of its own: an interrupt at the terminal must reach the
	// supervisor as the end of the pipe.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	pipes = append(pipes, pipe)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ready() {
			return nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return fmt.Errorf("%s does not answer: %s", filepath.Base(program), log)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
