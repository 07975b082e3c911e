package auth_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
)

// TestT12b_SessionsAreCapped: a client that signs in for each request has 100 sessions, the
// one in use among them, and the list of them ends. Unfinished sign-ins push nobody out.
func TestT12b_SessionsAreCapped(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, limitsOff)
		first := w.register(t, "ada")
		w.clock.add(time.Second)
		// As many as a release without a cap could leave.
		for i := range 120 {
			s := first.Session
			s.ID, s.TokenHash = fmt.Sprint("old", i), sha256.Sum256([]byte(fmt.Sprint(first.User.ID, i)))
			s.LastUsedAt = s.LastUsedAt.Add(time.Duration(i) * time.Millisecond)
			if err := db.Auth().Sessions.CreateSession(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		in := w.mustSignIn(t, "ada", password)
		list, err := w.Sessions(t.Context(), w.alive(t, in.Token))
		if err != nil || len(list) != 100 || list[0].ID != in.Session.ID {
			t.Fatalf("%d sessions are listed, %v", len(list), err)
		}
		w.dead(t, first.Token) // it was used the longest ago
		if all, err := everySession(t.Context(), db.Auth().Sessions, in.User.ID); err != nil || len(all) != 100 {
			t.Errorf("%d sessions are kept, %v", len(all), err)
		}
		w.clock.add(time.Second)
		again := w.mustSignIn(t, "ada", password)
		w.alive(t, in.Token)
		if list, err = w.Sessions(t.Context(), w.alive(t, again.Token)); err != nil || len(list) != 100 {
			t.Errorf("after another sign-in %d sessions are listed, %v", len(list), err)
		}
	})
}

// TestT12b_DevicesAreCapped: of more than 50 trusted devices the one used the longest ago is
// not trusted any more, and a sign-in that finishes keeps to the cap of sessions.
func TestT12b_DevicesAreCapped(t *testing.T) {
	factors, _ := withTOTP(t)
	w := open(t, factors, limitsOff)
	app, _, _ := w.enrol(t, w.register(t, "ada").Token)
	var devices []string
	var last auth.SignIn
	for range 110 {
		w.clock.add(time.Minute)
		in, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(app.code(0)), true)
		if err != nil {
			t.Fatal(err)
		}
		devices, last = append(devices, in.Device), in
	}
	id := w.alive(t, last.Token)
	full, err := w.Sessions(t.Context(), id)
	if err != nil || len(full) != 100 {
		t.Errorf("%d sessions, %v", len(full), err)
	}
	trusted, err := w.Devices(t.Context(), id)
	if err != nil || len(trusted) != 50 {
		t.Errorf("%d devices, %v", len(trusted), err)
	}
	for i, want := range map[int]auth.SignInStatus{59: auth.SecondFactorRequired, 60: auth.Complete, 109: auth.Complete} {
		in, err := w.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password, Device: devices[i]})
		if err != nil || in.Status != want {
			t.Errorf("by device %d a sign-in is %q, %v; want %q", i, in.Status, err, want)
		}
	}
	// Whoever has the password alone pushes out no session and no other unfinished sign-in.
	before := w.half(t)
	for range 120 {
		w.half(t)
	}
	if _, err := w.FinishSignIn(t.Context(), home, before, byTOTP(app.code(1)), false); err != nil {
		t.Error(err)
	}
	all, err := everySession(t.Context(), w.db.Auth().Sessions, id.User.ID)
	if n := len(slices.DeleteFunc(all, func(s authstore.Session) bool { return s.Level != authstore.LevelFull })); err != nil || n != 100 {
		t.Errorf("%d sessions are left, %v", n, err)
	}
}
