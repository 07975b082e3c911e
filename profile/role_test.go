package profile_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// roles is the detail of each recorded change of the user's role, the newest first.
func (w *world) roles(t testing.TB, userID string) (out []string) {
	t.Helper()
	events, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: userID, Kind: profile.KindRoleChanged, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		out = append(out, fmt.Sprint(e.Detail))
	}
	return out
}

func TestSetRole(t *testing.T) {
	w := newWorld(t)
	for range 2 { // the same role again is no event
		if err := w.SetRole(t.Context(), "desk-7", w.ann.ID, "editor"); err != nil {
			t.Fatal(err)
		}
	}
	u, err := w.User(t.Context(), w.ann.ID)
	if err != nil || u.Role != "editor" || u.Version != w.ann.Version+1 {
		t.Errorf("afterwards the user is %+v, %v", u, err)
	}
	if got := w.roles(t, u.ID); len(got) != 1 || got[0] != "map[actor:desk-7 role:editor]" {
		t.Errorf("the feed has %q", got)
	}
	if err := w.SetRole(t.Context(), "desk-7", "999999", "editor"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("for nobody it is %v", err)
	}
	long := strings.Repeat("é", 65)
	for _, bad := range []struct{ actor, role, field string }{
		{"", "editor", "actor"},
		{"a\nb", "editor", "actor"},
		{long, "editor", "actor"},
		{"desk-7", "", "role"},
		{"desk-7", "a\x00b", "role"},
		{"desk-7", "a\xff", "role"},
		{"desk-7", long, "role"},
	} {
		err, ok := errors.AsType[*input.InvalidError](w.SetRole(t.Context(), bad.actor, w.ann.ID, bad.role))
		if !ok || len(err.Fields) != 1 || err.Fields[0].Field != bad.field {
			t.Errorf("SetRole by %q of %q is %v", bad.actor, bad.role, err)
		}
	}
}

// Roles that are given at once, beside edits, are each in the feed, and the last one stands.
func TestR12_ConcurrentRoles(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			if i%2 == 0 {
				_, errs[i] = w.EditUser(t.Context(), w.ann, profile.Edit{Bio: text(fmt.Sprint(i))}, 0)
			} else {
				errs[i] = w.SetRole(t.Context(), "desk-7", w.ann.ID, fmt.Sprint("role", i))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := w.roles(t, w.ann.ID); len(got) != 10 {
		t.Errorf("the feed has %q", got)
	}
}
