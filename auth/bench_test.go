package auth_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
)

// BenchmarkSignIn measures a sign-in against the bare hash it contains, taken
// in turns in the same run: "x/bare-hash" is the goal of row 5.
func BenchmarkSignIn(b *testing.B) {
	hasher := hash.Argon2id{}
	w := open(b, limitsOff, func(c *auth.Config) { c.Hashers = hash.New(hasher) })
	in := w.register(b, "ada")
	hash := w.hash(b, in.User.ID)
	var whole, bare time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := w.signIn(b, "ada", password); err != nil {
			b.Fatal(err)
		}
		mid := time.Now()
		if !hasher.Match(hash, password).Match {
			b.Fatal("no match")
		}
		whole += mid.Sub(start)
		bare += time.Since(mid)
	}
	b.ReportMetric(float64(whole)/float64(bare), "x/bare-hash")
	b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "bare-us/op")
}

// BenchmarkSignIn100AtOnce compares a crowd with a loop of bare hashes that
// runs as many at once as the gate does: "x/bare-loop" is throughput, above
// 0.95 in row 5. What the process grows by beside the memory of two hashes is
// printed too.
func BenchmarkSignIn100AtOnce(b *testing.B) {
	const crowd = 100
	hasher := hash.Argon2id{}
	w := open(b, limitsOff, func(c *auth.Config) { c.Hashers = hash.NewGated(hash.Gate{Slots: 2, Waiting: crowd}, hasher) })
	in := w.register(b, "ada")
	hash := w.hash(b, in.User.ID)
	hasher.Match(hash, password) // the first hashes pay for fresh memory
	hasher.Match(hash, password)
	runtime.GC()
	base := resident("VmRSS")
	// The peak starts again at what is in use now (proc(5)).
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600)
	var whole, bare time.Duration
	for b.Loop() {
		start := time.Now()
		var wg sync.WaitGroup
		for range crowd {
			wg.Go(func() {
				if _, err := w.signIn(b, "ada", password); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		mid := time.Now()
		for range 2 {
			wg.Go(func() {
				for range crowd / 2 {
					hasher.Match(hash, password)
				}
			})
		}
		wg.Wait()
		whole += mid.Sub(start)
		bare += time.Since(mid)
	}
	b.ReportMetric(float64(bare)/float64(whole), "x/bare-loop")
	if peak := resident("VmHWM"); base > 0 && peak > 0 {
		b.ReportMetric(float64(peak-base)/(1<<20)-2*19, "MiB-beside-hashes") // at most 64 in row 5
	}
}

// resident is this process's memory in bytes as Linux tells it, elsewhere 0.
func resident(field string) int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}

// BenchmarkAuthenticate is what every signed-in request pays besides its store.
func BenchmarkAuthenticate(b *testing.B) {
	w := open(b)
	in := w.register(b, "ada")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Authenticate(b.Context(), in.Token); err != nil {
			b.Fatal(err)
		}
	}
}
