package nodes

import (
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// instant reads a time of an answer, which must be in UTC and say so by a Z.
func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || !strings.HasSuffix(s, "Z") {
		t.Fatalf("the time %q is not RFC 3339 in UTC: %v", s, err)
	}
	return at
}

func compareTimes(t *testing.T, x, y string) int { return instant(t, x).Compare(instant(t, y)) }

// zones are hours and minutes apart, on both sides of UTC; the last three have
// offsets that are no whole hours.
var zones = []string{"UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham"}

// TestR30_HostsInFourZones runs nodes in four time zones on one database, whose
// own zone is a fifth: each writes the instant that it was, and all tell the
// same instants, in UTC. A date without a time stays the date.
func TestR30_HostsInFourZones(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		if s.name == "Postgres" {
			db := s.query()
			var name string
			if err := db.QueryRow("SELECT current_database()").Scan(&name); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("ALTER DATABASE " + name + " SET timezone = 'Asia/Kathmandu'"); err != nil {
				t.Fatal(err)
			}
		}
		var nodes []*node
		for _, z := range zones {
			nodes = append(nodes, s.start("TZ="+z))
		}
		// What each node writes is between these, on the clock of this machine;
		// a microsecond is the finest that is kept.
		for i, writer := range nodes {
			name := "ada" + string(rune('a'+i))
			from := time.Now().Truncate(time.Microsecond)
			p := writer.signUp(name)
			p.must(200, "PATCH", "/api/profile", `{"birthday":"2000-02-29"}`)
			p.must(200, "PATCH", "/api/settings", `{"timeZone":"Pacific/Chatham"}`)
			to := time.Now()
			var first view
			var events []event
			for j, n := range nodes {
				q := p.at(n)
				v := q.profile()
				for _, at := range []string{v.CreatedAt, v.UpdatedAt} {
					if at := instant(t, at); at.Before(from) || at.After(to) {
						t.Errorf("written in %s, read in %s: %s, want between %s and %s", zones[i], zones[j], at, from.UTC(), to.UTC())
					}
				}
				if v.Birthday != "2000-02-29" {
					t.Errorf("written in %s, read in %s: the birthday is %s", zones[i], zones[j], v.Birthday)
				}
				feed := q.feed("")
				if len(feed) != 3 {
					t.Fatalf("%d events, want 3", len(feed))
				}
				for _, e := range feed {
					if at := instant(t, e.At); at.Before(from) || at.After(to) {
						t.Errorf("written in %s, read in %s: event at %s, want between %s and %s", zones[i], zones[j], at, from.UTC(), to.UTC())
					}
				}
				if j == 0 {
					first, events = v, feed
					continue
				}
				if v != first {
					t.Errorf("%s tells %+v, %s told %+v", zones[j], v, zones[0], first)
				}
				for k := range feed {
					if feed[k].At != events[k].At {
						t.Errorf("event at %s in %s, at %s in %s", feed[k].At, zones[j], events[k].At, zones[0])
					}
				}
			}
		}
		// A session made in one zone is neither young nor old in another.
		p := nodes[3].signUp("grace")
		for _, n := range nodes {
			r := p.at(n).must(204, "POST", "/api/auth/reauthenticate", object(map[string]any{"password": password}))
			p.cookie = r.cookie()
		}
	})
}

// TestR30_HourThatHappensTwice writes events within the hour that clocks show
// twice when summer time ends, by times in that zone: the nodes, in four zones,
// tell every instant apart and in order.
func TestR30_HourThatHappensTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		n := s.start("TZ=America/St_Johns")
		p := n.signUp("ada")
		id := p.profile().ID
		stJohns, err := time.LoadLocation("America/St_Johns")
		if err != nil {
			t.Fatal(err)
		}
		// Summer time ended on 1 November 2026 at 4:30 UTC, 2:00 on the clock,
		// which then showed 1:00 again.
		change := time.Date(2026, 11, 1, 4, 30, 0, 0, time.UTC)
		var want []time.Time
		db := s.store()
		for minute := -60; minute <= 60; minute += 15 {
			at := change.Add(time.Duration(minute) * time.Minute).In(stJohns)
			if err := db.Activity().Append(t.Context(), activity.NewEvent(t.Context(), "test.clock", id, at, nil)); err != nil {
				t.Fatal(err)
			}
			want = append(want, at)
		}
		if first, again := want[2].Format(time.Kitchen), want[6].Format(time.Kitchen); first != again {
			t.Fatalf("the clock shows %s and %s: this is not the hour that it shows twice", first, again)
		}
		for _, z := range zones {
			q := p.at(s.start("TZ=" + z))
			feed := q.feed("test.clock")
			if len(feed) != len(want) {
				t.Fatalf("%s: %d events, want %d", z, len(feed), len(want))
			}
			for i, e := range feed { // newest first
				if at := instant(t, e.At); !at.Equal(want[len(want)-1-i]) {
					t.Errorf("%s: event %d at %s, want %s", z, i, at, want[len(want)-1-i].UTC())
				}
			}
		}
	})
}
