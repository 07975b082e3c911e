package auth_test

import (
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
)

// BenchmarkSignIn measures a sign-in against the bare hash it contains, taken
// in turns in the same run: "x/bare-hash" is the goal of row 5.
func BenchmarkSignIn(b *testing.B) {
	hasher := auth.Argon2id{}
	w := open(b, limitsOff, func(c *auth.Config) { c.Hashers = auth.NewHashers(hasher) })
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
// 0.95 in row 5.
func BenchmarkSignIn100AtOnce(b *testing.B) {
	const crowd = 100
	hasher := auth.Argon2id{}
	w := open(b, limitsOff, func(c *auth.Config) { c.Hashers = auth.NewGatedHashers(auth.Gate{Slots: 2, Waiting: crowd}, hasher) })
	in := w.register(b, "ada")
	hash := w.hash(b, in.User.ID)
	hasher.Match(hash, password) // the first hashes pay for fresh memory
	hasher.Match(hash, password)
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
