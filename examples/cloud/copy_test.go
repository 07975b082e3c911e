package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
)

// TestMoveToAnotherStore is what the usage describes: copy beside the running
// program, restart it on the new store, copy the rest, delete the old.
func TestMoveToAnotherStore(t *testing.T) {
	for _, way := range [][2]string{{"disk", "S3"}, {"S3", "Firebase"}, {"Cloudinary", "disk"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			from, to := clouds[way[0]](t), clouds[way[1]](t)
			data := t.TempDir()
			env := append(append([]string{"COPY_FROM=" + from.address, "COPY_TO=" + to.address}, from.env...), to.env...)
			run := func(want string, args ...string) {
				t.Helper()
				out, errs, code := command(t, env, append([]string{"copy", "-data", data}, args...)...)
				if code != 0 || !strings.HasPrefix(out, want) || strings.Contains(errs, "\r") {
					t.Fatalf("copy %v: %d %q %q, want %q", args, code, out, errs, want)
				}
				from.quiet(t, out, errs)
				to.quiet(t, out, errs)
			}
			p := start(t, data, append(env, "BLOB_URL="+from.address))
			p.register("ada")
			p.upload(1)
			each := from.blobs(t)
			p.upload(2) // the first is dead, and not to be copied
			run(fmt.Sprintf("would copy %d blobs", each), "-dry-run")
			if n := to.blobs(t); n != 0 {
				t.Fatalf("a dry run put %d blobs", n)
			}
			run(fmt.Sprintf("copied %d blobs", each))
			p.register("grace")
			p.upload(3)
			p.stop()

			p = start(t, data, append(env, "BLOB_URL="+to.address))
			run(fmt.Sprintf("copied %d blobs", each), "-verify")
			run(fmt.Sprintf("copied 0 blobs (0 bytes), %d there already, 0 failed, %d deleted from the source", 2*each, 2*each), "-delete-source")
			if n := to.blobs(t); n != 2*each {
				t.Errorf("the new store has %d blobs, want %d", n, 2*each)
			}
			if n := from.blobs(t); n != each {
				t.Errorf("the old store has %d blobs, want the %d that nobody points to", n, each)
			}
			for _, name := range []string{"ada", "grace"} {
				p.do("POST", "/api/auth/login", "application/json", fmt.Appendf(nil, `{"login":%q,"password":%q}`, name, password), http.StatusOK)
				if status, kind, body := p.look(p.picture()); status != http.StatusOK || kind != "image/jpeg" || len(body) == 0 {
					t.Errorf("%s: %d %s, %d bytes", name, status, kind, len(body))
				}
			}
			p.stop()
		})
	}
}

// TestR24_CopyCommandIsKilled: kill -9 while the store is at its fifth upload;
// the next run sends exactly the rest.
func TestR24_CopyCommandIsKilled(t *testing.T) {
	const again = 1000 // from here uploads are counted for the second run
	data := t.TempDir()
	from := clouds["disk"](t)
	p := start(t, data, append(from.env, "BLOB_URL="+from.address))
	for i := range 3 {
		p.register(fmt.Sprintf("user%d", i))
		p.upload(uint32(i))
	}
	p.stop()
	all := from.blobs(t)

	s := cloudinarytest.New(t)
	to := cloud{address: "cloudinary://" + s.Key + ":" + s.Secret + "@" + s.Cloud + "?api=" + s.URL, secrets: []string{s.Secret}}
	cmd := exec.Command(binary, "copy", "-data", data, "-from", from.address, "-parallel", "2")
	cmd.Env = append(os.Environ(), "COPY_TO="+to.address)
	var uploads atomic.Int64
	var busy sync.RWMutex // is held by uploads
	fifth := make(chan struct{})
	s.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
		if !strings.HasSuffix(r.URL.Path, "/upload") {
			return false
		}
		busy.RLock()
		defer busy.RUnlock()
		switch n := uploads.Add(1); {
		case n == 5:
			close(fifth)
			fallthrough
		case n > 5 && n < again: // arrived with the fifth, or is sent by a client that is about to die
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		pass.ServeHTTP(w, r)
		return true
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-fifth
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the command was not killed: %v", err)
	}
	busy.Lock()
	uploads.Store(again)
	busy.Unlock()
	there := to.blobs(t)
	out, errs, code := command(t, []string{"COPY_TO=" + to.address}, "copy", "-data", data, "-from", from.address)
	want := fmt.Sprintf("copied %d blobs", all-there)
	if code != 0 || !strings.HasPrefix(out, want) || !strings.Contains(out, fmt.Sprintf("%d there already", there)) || there < 3 || there >= all {
		t.Fatalf("%d of %d were there; then %d %q %q", there, all, code, out, errs)
	}
	if got := int(uploads.Load()) - again; got != all-there {
		t.Errorf("%d uploads, want %d", got, all-there)
	}
	to.quiet(t, out, errs)
}

// TestR24_CopyCommandTellsWhatFailed: a store that refuses one blob for good.
func TestR24_CopyCommandTellsWhatFailed(t *testing.T) {
	data := t.TempDir()
	from := clouds["disk"](t)
	p := start(t, data, []string{"BLOB_URL=" + from.address})
	p.register("ada")
	p.upload(1)
	p.stop()
	all := from.blobs(t)
	var victim string
	for info, err := range from.open(t).(storage.Lister).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		victim = info.Key
	}
	s := cloudinarytest.New(t)
	secret := "cloudinary://" + s.Key + ":" + s.Secret + "@" + s.Cloud + "?api=" + s.URL
	name, _, _ := strings.Cut(victim, ".")
	s.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if strings.HasSuffix(r.URL.Path, "/upload") {
			if err := r.ParseMultipartForm(1 << 20); err == nil && strings.Contains(r.FormValue("public_id"), name) {
				cloudinarytest.Refuse(w, http.StatusForbidden, "not this one")
				return true
			}
		}
		return false
	})
	out, errs, code := command(t, []string{"COPY_TO=" + secret}, "copy", "-data", data, "-from", from.address, "-delete-source")
	if code != 1 || !strings.HasPrefix(out, fmt.Sprintf("copied %d blobs", all-1)) || !strings.Contains(out, "1 failed") ||
		!strings.Contains(errs, victim+": ") || !strings.HasSuffix(errs, "copy: 1 failed; run it again to try them once more\n") {
		t.Fatalf("%d %q %q", code, out, errs)
	}
	if n := from.blobs(t); n != all {
		t.Errorf("%d of %d blobs are left in the source", n, all)
	}
	cloud{secrets: []string{s.Secret}}.quiet(t, out, errs)
}
