package authtest

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
)

// ranked makes n sessions of a level, the first of them used last. They are written in
// another order than that of their use.
func ranked(t *testing.T, h Harness, user string, level authstore.Level, n int) []authstore.Session {
	t.Helper()
	list := make([]authstore.Session, n)
	for i := range list {
		rank := i * 4 % n // n is prime to 4
		s := newSession(user)
		s.Level, s.LastUsedAt = level, s.LastUsedAt.Add(-time.Duration(rank)*time.Microsecond)
		conform.Must(t, "CreateSession", h.Stores.Sessions.CreateSession(conform.Context(t), s))
		list[rank] = s
	}
	return list
}

// trimCases have the sessions of one level of one user cut off after the keep used last.
func trimCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	trim := func(t *testing.T, newest authstore.Session, keep, want int) {
		t.Helper()
		n, err := ss.TrimSessions(conform.Context(t), newest, keep)
		if err != nil || n != want {
			t.Errorf("TrimSessions to %d: %d and error %v, want %d", keep, n, err, want)
		}
	}
	are := func(t *testing.T, user string, level authstore.Level, want []authstore.Session) {
		t.Helper()
		got, err := ss.Sessions(conform.Context(t), user, level, 100)
		conform.Must(t, "Sessions", err)
		if len(got) != len(want) {
			t.Fatalf("Sessions of level %s returned %d, want %d", level, len(got), len(want))
		}
		for i := range want {
			sameSession(t, got[i], want[i])
		}
	}
	t.Run("a list is of one level and as long as asked for", func(t *testing.T) {
		user := h.newUser(t)
		full, devices := ranked(t, h, user, authstore.LevelFull, 5), ranked(t, h, user, authstore.LevelDevice, 3)
		are(t, user, authstore.LevelFull, full)
		are(t, user, authstore.LevelDevice, devices)
		for _, limit := range []int{0, 2, 5} {
			got, err := ss.Sessions(conform.Context(t), user, authstore.LevelFull, limit)
			if err != nil || len(got) != limit {
				t.Errorf("Sessions with limit %d: %d and error %v", limit, len(got), err)
			}
			for i := range got {
				sameSession(t, got[i], full[i])
			}
		}
	})
	t.Run("those used the longest ago go, of that level and user", func(t *testing.T) {
		user, other := h.newUser(t), created(t, h, h.newUser(t))
		full, half := ranked(t, h, user, authstore.LevelFull, 7), ranked(t, h, user, authstore.LevelHalf, 5)
		trim(t, full[0], 7, 0)
		trim(t, full[0], 4, 3)
		are(t, user, authstore.LevelFull, full[:4])
		are(t, user, authstore.LevelHalf, half)
		sessionIs(t, conform.Context(t), h, other)
		for _, s := range full[4:] {
			opensNothing(t, conform.Context(t), h, s.TokenHash)
		}
		trim(t, full[0], 4, 0)
	})
	t.Run("the newest stays, whenever it was used", func(t *testing.T) {
		user := h.newUser(t)
		full := ranked(t, h, user, authstore.LevelFull, 5)
		trim(t, full[4], 2, 3)
		are(t, user, authstore.LevelFull, []authstore.Session{full[0], full[4]})
		trim(t, full[4], 1, 1)
		trim(t, full[4], 0, 0)
		are(t, user, authstore.LevelFull, full[4:])
	})
	t.Run("at once", func(t *testing.T) {
		user := h.newUser(t)
		full := ranked(t, h, user, authstore.LevelFull, 9)
		counts := make([]int, 8)
		for _, err := range conform.Together(len(counts), func(i int) (err error) {
			counts[i], err = ss.TrimSessions(conform.Context(t), full[0], 3)
			return err
		}) {
			conform.Must(t, "TrimSessions", err)
		}
		are(t, user, authstore.LevelFull, full[:3])
		sum := 0
		for _, n := range counts {
			sum += n
		}
		if sum != 6 {
			t.Errorf("of 6 sessions %v were removed", counts)
		}
	})
}
