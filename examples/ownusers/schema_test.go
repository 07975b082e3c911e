package main

import (
	"database/sql"
	"net/url"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestD04_ASchemaOfTheirOwn is what a host does whose own table is called
// users: ours live in another schema, and a transaction spans both.
func TestD04_ASchemaOfTheirOwn(t *testing.T) {
	host := pgtest.Open(t)
	pool, err := sql.Open("postgres", host)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`CREATE TABLE users (id UUID PRIMARY KEY, name TEXT)`, `CREATE SCHEMA profilekit`} {
		if _, err := pool.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(host)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", "profilekit,public") // the first is where tables are made
	u.RawQuery = q.Encode()
	db, err := postgres.Open(t.Context(), u.String(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	p := opened(t, db, pool)
	b := serve(t, p)
	b.json(201, "POST", "/api/auth/register", `{"username":"ada","email":"ada@example.org","password":"correct horse battery staple"}`)
	b.send(200, "POST", "/orders", "", nil)
	for query, want := range map[string]int{
		`SELECT count(*) FROM public.people`:                                                                            1,
		`SELECT count(*) FROM profilekit.profilekit_sessions`:                                                           1,
		`SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'profilekit%'`:                   0,
		`SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'users'`:        2,
		`SELECT count(*) FROM pg_tables WHERE schemaname = 'profilekit' AND tablename IN ('users', 'profilekit_blobs')`: 2,
	} {
		if n := p.count(t, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}
