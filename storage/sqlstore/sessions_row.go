package sqlstore

import (
	"sync"

	"github.com/profilekit/profilekit/auth/authstore"
)

// signedInRow is where SessionWithUser reads a row into. It is kept for the next
// one: to list where the columns go costs about as much as to read them.
type signedInRow struct {
	session authstore.Session
	user    userRow
	dest    []any
}

// signedInRows are those that nobody uses.
type signedInRows struct {
	mu   sync.Mutex
	free []*signedInRow
}

func (rs *signedInRows) take() *signedInRow {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if n := len(rs.free); n > 0 {
		r := rs.free[n-1]
		rs.free = rs.free[:n-1]
		return r
	}
	r := &signedInRow{}
	r.dest = r.user.appendDest(sessionDest(&r.session, make([]any, 0, 40)))
	return r
}

// keep takes back a row that was read to its end.
func (rs *signedInRows) keep(r *signedInRow) {
	r.session, r.user = authstore.Session{}, userRow{}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.free) < 64 {
		rs.free = append(rs.free, r)
	}
}
