package postgres

import (
	"testing"

	"github.com/lib/pq"
)

func TestURLsWithSeveralHosts(t *testing.T) {
	for _, c := range []struct{ dsn, address string }{
		{"postgres://me@h1:1/db", "h1:1"},
		{"postgres://me@h1/db", "h1:5432"},
		{"postgres://me:p%2Cw@h1:1,h2:2/db?sslmode=disable", "h1:1, h2:2"},
		{"postgresql://h1,h2:2/db", "h1:5432, h2:2"},
		{"postgres://me:a@b@h1,h2", "h1:5432, h2:5432"},
		{"postgres://me@[::1]:1,[fe80::1],h3:3/db", "[::1]:1, [fe80::1]:5432, h3:3"},
		{"postgres://me@h1:1,h2:2?target_session_attrs=read-write", "h1:1, h2:2"},
		{"postgres://me@h1:1/a,b", "h1:1"},
		{"postgres://me:a,b@h1:1/db", "h1:1"},
		{"host=h1,h2 port=1,2 user=me", "h1:1, h2:2"},
	} {
		cfg, err := pq.NewConfig(withHosts(c.dsn))
		if err != nil {
			t.Errorf("%s: %v", c.dsn, err)
			continue
		}
		if got := address(cfg); got != c.address {
			t.Errorf("%s leads to %s, want %s", c.dsn, got, c.address)
		}
	}
	cfg, err := pq.NewConfig(withHosts("postgres://me:p%2Cw@h1:1,h2:2/db?target_session_attrs=read-write&connect_timeout=3"))
	if err != nil || cfg.User != "me" || cfg.Password != "p,w" || cfg.Database != "db" || cfg.TargetSessionAttrs != "read-write" {
		t.Errorf("the rest of the URL arrives as %q, %q, %q, %v", cfg.User, cfg.Database, cfg.TargetSessionAttrs, err)
	}
	for _, dsn := range []string{"postgres://me@h1:x,h2/db", "postgres://me@h1:1,h2:99999/db", "postgres://me:%zz@h1,h2/db"} {
		if _, err := pq.NewConfig(withHosts(dsn)); err == nil {
			t.Errorf("%s was read", dsn)
		}
	}
}
