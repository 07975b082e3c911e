// Package sqlspy stands between database/sql and a driver, for tests, and notes
// what passes: every statement, whether it was prepared, and every transaction.
//
//	spy := sqlspy.New()
//	pool := sql.OpenDB(spy.Connector(connector)) // any driver.Connector
//	…
//	if n := spy.OpenTransactions(); n != 0 { … }
//	seen := spy.Take() // what was done since the last Take
//	if seen.Statements() != 1 { … }
//
// The driver below sees what it would see without the spy: what it offers
// besides the least that database/sql asks for goes through, and what it does
// not offer is done as database/sql does it. One Spy may stand before several
// pools. It is safe for concurrent use, but what belongs to which caller only a
// test with one caller at a time can tell.
package sqlspy

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"
)

// Kind is what was done.
type Kind string

// The kinds of Call.
const (
	Prepare  Kind = "prepare"
	Query    Kind = "query"
	Exec     Kind = "exec"
	Begin    Kind = "begin"
	Commit   Kind = "commit"
	Rollback Kind = "rollback"
)

// Call is one call of the driver.
type Call struct {
	Kind Kind
	// Text is that of the statement, "" for transactions.
	Text string
	// Prepared is whether a Query or Exec ran a prepared statement.
	Prepared bool
	// InTx is whether its connection was in a transaction.
	InTx bool
}

// Verb is the first word of the statement in capitals: SELECT, WITH, INSERT.
func (c Call) Verb() string {
	text := strings.TrimSpace(c.Text)
	end := strings.IndexFunc(text, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') })
	if end < 0 {
		end = len(text)
	}
	return strings.ToUpper(text[:end])
}

// Calls are what was done, in order.
type Calls []Call

// Count counts the calls of the kinds.
func (cs Calls) Count(kinds ...Kind) int {
	n := 0
	for _, c := range cs {
		if slices.Contains(kinds, c.Kind) {
			n++
		}
	}
	return n
}

// Statements counts what ran: queries and execs, without BEGIN, COMMIT and
// ROLLBACK, which drivers send themselves.
func (cs Calls) Statements() int { return cs.Count(Query, Exec) }

// Unprepared counts the statements that ran without being prepared.
func (cs Calls) Unprepared() int {
	n := 0
	for _, c := range cs {
		if !c.Prepared && (c.Kind == Query || c.Kind == Exec) {
			n++
		}
	}
	return n
}

// Verbs counts the statements by their Verb.
func (cs Calls) Verbs() map[string]int {
	n := map[string]int{}
	for _, c := range cs {
		if c.Kind == Query || c.Kind == Exec {
			n[c.Verb()]++
		}
	}
	return n
}

// String is one line a call, for the message of a test that fails.
func (cs Calls) String() string {
	var b strings.Builder
	for _, c := range cs {
		b.WriteString("  " + string(c.Kind))
		if c.Text != "" {
			text := strings.Join(strings.Fields(c.Text), " ")
			b.WriteString(" " + text[:min(len(text), 120)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Spy notes calls.
type Spy struct {
	// Before, when it is set before the first call, is called before each.
	Before func()

	mu    sync.Mutex
	calls Calls
	open  int
	// left is how many calls pass before one fails with failure; 0 is never.
	left    int
	failure error
}

// New returns a Spy that has seen nothing.
func New() *Spy { return &Spy{} }

// Connector returns c with the Spy before it.
func (s *Spy) Connector(c driver.Connector) driver.Connector { return connector{s, c} }

// Driver returns a Connector for a driver that has none of its own, with the
// Spy before it.
func (s *Spy) Driver(d driver.Driver, dsn string) driver.Connector {
	return connector{s, plain{d, dsn}}
}

// OpenTransactions is how many transactions have begun and not ended.
func (s *Spy) OpenTransactions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Take returns what was done since the last Take.
func (s *Spy) Take() Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.calls
	s.calls = nil
	return taken
}

// FailAt has the n-th call from now on fail with err, once and without asking the
// driver; 0 takes that back. Statements, BEGIN and COMMIT count.
func (s *Spy) FailAt(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.failure = n, err
}

// Failed reports whether the call that FailAt chose was made.
func (s *Spy) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left == 0
}

// fails is the error of a call that FailAt chose.
func (s *Spy) fails() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return nil
	}
	if s.left--; s.left > 0 {
		return nil
	}
	return s.failure
}

func (s *Spy) before() {
	if s.Before != nil {
		s.Before()
	}
}

// note adds a call, and change to the transactions that are open.
func (s *Spy) note(c Call, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.open += change
}

// ended takes away a transaction that ended with its connection.
func (s *Spy) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
}

type connector struct {
	spy  *Spy
	next driver.Connector
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	next, err := c.next.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{spy: c.spy, next: next}, nil
}

func (c connector) Driver() driver.Driver { return c.next.Driver() }

// plain is how database/sql opens a driver without connectors.
type plain struct {
	driver driver.Driver
	dsn    string
}

func (p plain) Connect(context.Context) (driver.Conn, error) { return p.driver.Open(p.dsn) }
func (p plain) Driver() driver.Driver                        { return p.driver }
