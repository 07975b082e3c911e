package pgtest_test

import (
	"database/sql"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow("SELECT count(*) FROM x").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestServerRecoversFromACrash(t *testing.T) {
	s := pgtest.New(t)
	db := open(t, s.DSN())
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.QueryRow("SHOW " + setting).Scan(&value); err != nil || value != "on" {
			t.Errorf("%s is %q, %v; want on", setting, value, err)
		}
	}
	run(t, db, "CREATE TABLE x (i int)")
	run(t, db, "INSERT INTO x VALUES (1)")
	open, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Exec("INSERT INTO x VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	s.Crash()
	if err := open.Commit(); err == nil {
		t.Error("a transaction was committed by a server that is gone")
	}
	if err := db.Ping(); err == nil {
		t.Error("a server that has crashed answers")
	}
	s.Start()
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows after the crash, want the one that was committed", n)
	}
}

func TestReplicaFollowsAndIsPromoted(t *testing.T) {
	s := pgtest.New(t)
	primary := open(t, s.DSN())
	run(t, primary, "CREATE TABLE x (i int)")
	run(t, primary, "INSERT INTO x VALUES (1)")
	r := s.Replica()
	replica := open(t, r.DSN())
	if n := count(t, replica); n != 1 {
		t.Errorf("%d rows in the replica, want 1", n)
	}
	if _, err := replica.Exec("INSERT INTO x VALUES (2)"); err == nil {
		t.Error("the replica takes writes")
	}
	run(t, primary, "INSERT INTO x VALUES (2)")
	until(t, "the replica has the second row", func() bool { return count(t, replica) == 2 })
	s.Crash()
	r.Promote()
	run(t, replica, "INSERT INTO x VALUES (3)")
	if n := count(t, replica); n != 3 {
		t.Errorf("%d rows after the promotion, want 3", n)
	}
}
