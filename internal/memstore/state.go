package memstore

import (
	"maps"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
)

// state is all rows. Values in it are never changed, only replaced.
type state struct {
	lastUser  int64 // never goes back, so an ID is never given again
	users     table[string, profile.User]
	usernames table[string, string] // profile.UsernameKey -> user ID
	emails    table[string, string] // profile.EmailKey -> user ID
	passwords table[string, string] // user ID -> encoded hash
	sessions  table[string, authstore.Session]
	tokens    table[[32]byte, string] // token hash -> session ID
	throttle  table[string, tries]
	tickets   table[[32]byte, authstore.Ticket]
	factors   table[string, authstore.FactorRecord]
	handles   table[string, []byte] // user ID -> handle
	outbox    table[string, letter]
	settings  table[string, settings.Record]
	events    table[string, activity.Event]
	blobs     table[string, blob]
	holds     table[hold, time.Time]
}

// fork returns a state that starts equal to st and is changed without st
// noticing: a table is copied when it is first written through its new owner.
// st must not be written while the fork is in use.
func (st *state) fork() *state {
	next := *st
	return &next
}

// table is a map that is copied on the first write by a new owner.
type table[K comparable, V any] struct {
	rows  map[K]V
	owner *state
}

func (t *table[K, V]) get(k K) (V, bool) {
	v, ok := t.rows[k]
	return v, ok
}

func (t *table[K, V]) put(st *state, k K, v V) { t.own(st)[k] = v }

func (t *table[K, V]) remove(st *state, k K) { delete(t.own(st), k) }

func (t *table[K, V]) own(st *state) map[K]V {
	if t.owner != st {
		if t.rows = maps.Clone(t.rows); t.rows == nil {
			t.rows = map[K]V{}
		}
		t.owner = st
	}
	return t.rows
}
