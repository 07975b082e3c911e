package embedded

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// insideVariable names the test that runs in a process of its own kind.
const insideVariable = "PROFILEKIT_EMBEDDED_INSIDE"

// again runs this test once more in a process with those attributes, and
// reports whether this is that process. The test of the outer one ends with it.
func again(t *testing.T, attributes *syscall.SysProcAttr) (inside bool) {
	t.Helper()
	if os.Getenv(insideVariable) == t.Name() {
		return true
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), insideVariable+"="+t.Name())
	cmd.SysProcAttr = attributes
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	t.Logf("in a process of its own:\n%s", out.Bytes())
	if err != nil {
		t.Fatalf("%v (if it did not start: the test needs root or user namespaces)", err)
	}
	if !bytes.Contains(out.Bytes(), []byte("--- PASS: "+t.Name()+" ")) {
		t.Fatal("the test did not run")
	}
	return false
}

// ownMounts makes a process see mounts that nobody else sees, and that end with
// it. Who is not root becomes it in a namespace of users.
func ownMounts() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		a.Cloneflags = syscall.CLONE_NEWUSER
		asUser(a, 0)
	}
	return a
}

// nobodySpecial makes a process one that permissions bind also when the test
// runs as root.
func nobodySpecial() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	asUser(a, 1000)
	return a
}

func asUser(a *syscall.SysProcAttr, id int) {
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Geteuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getegid(), Size: 1}}
}

// disk is a small one, in memory.
type disk struct {
	t   *testing.T
	dir string
}

func mount(t *testing.T, bytes int) disk {
	t.Helper()
	d := disk{t, t.TempDir()}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, "mode=0700,size="+strconv.Itoa(bytes)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.dir, syscall.MNT_DETACH) })
	return d
}

func (d disk) path(name string) string { return filepath.Join(d.dir, name) }

func (d disk) free() int {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		d.t.Fatal(err)
	}
	return int(st.Bfree) * int(st.Bsize)
}

// fill leaves so many bytes free.
func (d disk) fill(leave int) {
	d.t.Helper()
	if n := d.free() - leave; n > 0 {
		f, err := os.OpenFile(d.path("ballast"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err == nil {
			_, err = f.Write(make([]byte, n))
			_ = f.Close()
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// clear removes what fill wrote.
func (d disk) clear() {
	d.t.Helper()
	if err := os.Remove(d.path("ballast")); err != nil {
		d.t.Fatal(err)
	}
}
