package profile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Asking for names is limited, whether they are free or not; other edits, another spelling of
// the own name, and others' edits are not.
func TestT12e_RenamesAreLimited(t *testing.T) {
	w := newWorld(t)
	w.create(t, "Bob", "bob@example.org")
	clock := now
	s, err := profile.New(profile.Config{
		Store: w.db.Users(), Settings: w.settings, LimitStore: w.db.Limits(), Now: func() time.Time { return clock },
		Policy: profile.Policy{RenameLimit: limit.Rule{Limit: 4, Window: time.Hour}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rename := func(name string) error {
		_, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Username: &name}, 0)
		return err
	}
	for i := range 4 {
		name, want := "bob", storage.ErrTaken
		if i%2 == 1 {
			name, want = fmt.Sprint("ann", i), nil
		}
		if err := rename(name); !errors.Is(err, want) {
			t.Errorf("name %d is %v, want %v", i, err, want)
		}
	}
	for _, name := range []string{"bob", "ann9"} {
		if over, ok := errors.AsType[*limit.ExceededError](rename(name)); !ok || over.RetryAfter != time.Hour {
			t.Errorf("beyond the limit %s is %+v", name, over)
		}
	}
	if _, ok := errors.AsType[*input.InvalidError](rename("x y")); !ok {
		t.Error("a name that is none is told as before")
	}
	if err := rename("ANN3"); err != nil {
		t.Errorf("another spelling of the own name: %v", err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Bio: text("still here")}, 0); err != nil {
		t.Errorf("another field: %v", err)
	}
	clock = clock.Add(time.Hour)
	if err := rename("ann9"); err != nil {
		t.Errorf("an hour later: %v", err)
	}

	_, err = profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{RenameLimit: limit.Rule{Limit: -1}}})
	if err == nil {
		t.Error("a Rule that is none was taken")
	}
}

// A store of limits that fails lets nobody ask for a name.
func TestS42_RenamesFailClosed(t *testing.T) {
	w := newWorld(t)
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, LimitStore: noLimits{w.db.Limits()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Username: text("other")}, 0); !errors.Is(err, errNoLimits) {
		t.Errorf("it is %v", err)
	}
}

var errNoLimits = errors.New("no limits now")

type noLimits struct{ limit.Store }

func (noLimits) Take(context.Context, string, limit.Rule, time.Time) (bool, time.Duration, error) {
	return false, 0, errNoLimits
}
