// Package nodes tests real processes of the quickstart program: they are
// killed, restarted, and run beside each other on one database, SQLite's and
// Postgres's, and are driven over HTTP alone.
//
//	s := site(t, "Postgres")       // a database and a data folder
//	a, b := s.start(), s.start()   // two nodes on it
//	p := a.signUp("ada")           // a person with a session
//	a.kill()                       // SIGKILL
//	p.at(b).profile()              // the same session on the other node
//
// The environment variable PROFILEKIT_LONG makes the tests longer: more kills,
// rounds and clients.
package nodes
