package httpadapter_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/sqlspy"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// attempt is a sign-in that fails, as somebody types it.
type attempt struct {
	what, login, password string
}

// TestT11_KnownAndUnknownNamesDoTheSameStatements: a sign-in that fails asks the
// database the same, in the same order, and writes as many rows, whatever stands behind
// its login. One statement less is time less, and ten tries told the names that have
// an account from those that have none. What was typed may decide, because whoever
// typed it knows that: a name or an address, with spaces or without.
func TestT11_KnownAndUnknownNamesDoTheSameStatements(t *testing.T) {
	onSpied(t, func(t *testing.T, s *spied) {
		for kind, form := range map[string]string{
			"a name": "%s", "an address": "%s@example.org",
			"a name with spaces": " %s ", "an address with spaces": " %s@example.org ",
			"a name with a space in front": " %s",
		} {
			t.Run(kind, func(t *testing.T) {
				at := func(name string) string { return fmt.Sprintf(form, name) }
				s.client().send("POST", "/api/auth/login", login(s.fresh(), wrong)).want(t, 401) // writes the counter of the address
				var first string
				var model []string
				for _, a := range s.attempts(at) {
					var got []string
					for range 2 { // the first try writes the counters, and the second changes them
						got = append(got, s.signInSteps(a)...)
					}
					if model == nil {
						first, model = a.what, got
						continue
					}
					if !slices.Equal(got, model) {
						t.Errorf("%s:\n%s%s:\n%s", a.what, listed(got), first, listed(model))
					}
				}
				if len(model) == 0 || !strings.Contains(strings.Join(model, " "), "profilekit_activity: 1 more") {
					t.Errorf("no event was written:\n%s", listed(model))
				}
			})
		}
	})
}

// attempts are sign-ins by logins of the form at: of accounts of each kind, of
// none, and of an account whose name has the spaces that were typed.
func (s *spied) attempts(at func(name string) string) []attempt {
	s.t.Helper()
	users := s.db.Users()
	change := func(name string, patch profile.Patch) string {
		u, err := users.ByUsername(s.t.Context(), name)
		if err == nil {
			_, err = users.Update(s.t.Context(), u.ID, patch)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		return at(name)
	}
	_, known := s.member()
	_, disabled := s.member()
	_, disabledToo := s.member()
	_, erased := s.member()
	_, leaving := s.member()
	empty := s.fresh()
	if _, err := users.Create(s.t.Context(), profile.User{Username: empty, Email: empty + "@example.org"}); err != nil {
		s.t.Fatal(err)
	}
	spaced := s.fresh()
	if _, err := users.Create(s.t.Context(), profile.User{Username: " " + spaced, Email: spaced + "@example.org"}); err != nil {
		s.t.Fatal(err)
	}
	return []attempt{
		{"an account", at(known), wrong},
		{"nobody", at(s.fresh()), wrong},
		{"a disabled account", change(disabled, profile.Patch{Disabled: new(true)}), wrong},
		{"a disabled account and its password", change(disabledToo, profile.Patch{Disabled: new(true)}), password},
		{"an account that is being erased", change(erased, profile.Patch{DeletesAt: new(s.clock.Now().Add(-time.Hour))}), wrong},
		{"an account whose deletion is pending", change(leaving, profile.Patch{DeletesAt: new(s.clock.Now().Add(time.Hour))}), wrong},
		{"an account without a password", at(empty), wrong},
		{"an account whose name begins with a space", at(spaced), wrong},
	}
}

// signInSteps are the statements of a sign-in, in their order, and the rows that it
// writes.
func (s *spied) signInSteps(a attempt) []string {
	s.t.Helper()
	before := s.rows()
	s.spy.Take()
	s.client().send("POST", "/api/auth/login", login(a.login, a.password)).want(s.t, 401)
	seen := s.spy.Take()
	var steps []string
	for _, c := range seen {
		if c.Kind != sqlspy.Prepare {
			steps = append(steps, string(c.Kind)+" "+strings.Join(strings.Fields(c.Text), " "))
		}
	}
	after := s.rows()
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if n := after[table] - before[table]; n != 0 {
			steps = append(steps, fmt.Sprintf("%s: %d more", table, n))
		}
	}
	return steps
}

// listed is steps as lines, each cut in the middle: a statement's end says by what it looks.
func listed(steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		if len(step) > 120 {
			step = step[:60] + " … " + step[len(step)-57:]
		}
		b.WriteString("  " + step + "\n")
	}
	return b.String()
}

// rows is how many each table has.
func (s *spied) rows() map[string]int {
	s.t.Helper()
	list := `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	if s.db.Dialect() == sqlstore.SQLite {
		list = `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	var tables []string
	if err := s.pools[0].SelectContext(s.t.Context(), &tables, list); err != nil {
		s.t.Fatal(err)
	}
	rows := map[string]int{}
	for _, table := range tables {
		var n int
		if err := s.pools[0].GetContext(s.t.Context(), &n, `SELECT COUNT(*) FROM "`+table+`"`); err != nil {
			s.t.Fatal(err)
		}
		rows[table] = n
	}
	return rows
}

// TestT11_WhatIsWrittenForNobodyGoesAtTheNextRound: the events of logins and addresses
// that are nobody's go with the next clean-up, whatever the retention is, and those of accounts stay.
func TestT11_WhatIsWrittenForNobodyGoesAtTheNextRound(t *testing.T) {
	onSpied(t, func(t *testing.T, s *spied) {
		_, name := s.member()
		forgot := func(name string) {
			t.Helper()
			s.client().send("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`).want(t, 202)
		}
		keys, err := keyring.New(keyring.Generate())
		if err != nil {
			t.Fatal(err)
		}
		kept := s.rows()["profilekit_activity"]
		for range 3 {
			s.client().send("POST", "/api/auth/login", login(name, wrong)).want(t, 401)
		}
		forgot(name)
		kept += 4
		for _, retention := range []time.Duration{0, time.Hour, -1} {
			for range 5 {
				s.client().send("POST", "/api/auth/login", login(s.fresh(), wrong)).want(t, 401)
				forgot(s.fresh())
			}
			if n := s.rows()["profilekit_activity"]; n != kept+10 {
				t.Errorf("retention %v: %d events before, want %d", retention, n, kept+10)
			}
			feed, err := activity.New(activity.Config{
				Store: s.db.Activity(), Keys: keys, Now: s.clock.Now, Policy: activity.Policy{Retention: retention},
			})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := feed.PurgeExpired(t.Context()); n != 10 || err != nil {
				t.Errorf("retention %v: %d events went, want the 10 of nobody; error %v", retention, n, err)
			}
		}
		if n := s.rows()["profilekit_activity"]; n != kept {
			t.Errorf("%d events are left, want %d", n, kept)
		}
	})
}
