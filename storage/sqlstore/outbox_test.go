package sqlstore_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// outboxOfBefore is what a node of the version before the classes asks, from its file.
type outboxOfBefore struct {
	t          *testing.T
	db         *sqlstore.DB
	postgres   bool
	statements map[string]sqlstore.Texts
}

func newOutboxOfBefore(t *testing.T, db *sqlstore.DB, postgres bool) outboxOfBefore {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(statementFiles, "00011.json"))
	if err != nil {
		t.Fatal(err)
	}
	o := outboxOfBefore{t: t, db: db, postgres: postgres}
	if err := json.Unmarshal(data, &o.statements); err != nil {
		t.Fatal(err)
	}
	return o
}

// ask runs a statement and returns the first column of its rows.
func (o outboxOfBefore) ask(name string, args ...any) (list []string) {
	o.t.Helper()
	text := o.statements[name].SQLite
	if o.postgres {
		text = o.statements[name].Postgres
	}
	err := o.db.InTx(o.t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var rest [3]any
			if err := rows.Scan(&id, &rest[0], &rest[1], &rest[2]); err != nil {
				return err
			}
			list = append(list, id)
		}
		return rows.Err()
	})
	if err != nil {
		o.t.Fatalf("%s: %v", name, err)
	}
	return list
}

// R32: beside a node of the version before, the outbox goes on. What that one writes goes
// after links and codes and before notices, and none of it waits for another; neither node
// takes what the other one has claimed.
func TestR32_TheOutboxBesideANodeOfTheVersionBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		before, outbox := newOutboxOfBefore(t, db, p.postgres), db.Outbox()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		add := func(id string, class notify.Class, group string, at time.Time) {
			t.Helper()
			if err := outbox.AddItem(t.Context(), notify.Item{ID: id, Body: []byte(id), Class: class, Group: group, CreatedAt: at}); err != nil {
				t.Fatal(err)
			}
		}
		claim := func(now time.Time, limit int) (list []string) {
			t.Helper()
			items, err := outbox.ClaimItems(t.Context(), now, now.Add(5*time.Minute), limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				list = append(list, i.ID)
			}
			return list
		}
		want := func(what string, got []string, ids ...string) {
			t.Helper()
			slices.Sort(got)
			if !slices.Equal(got, ids) {
				t.Errorf("%s: %q, want %q", what, got, ids)
			}
		}
		add("notice", notify.ClassNotice, "7", at)
		add("notice 2", notify.ClassNotice, "7", at.Add(time.Second))
		for _, id := range []string{"before 1", "before 2", "before 3"} {
			before.ask("insertItem", id, []byte(id), at.UnixMicro())
		}
		add("secret", notify.ClassSecret, "8", at)

		want("the first", claim(at, 1), "secret")
		want("next", claim(at, 2), "before 1", "before 2")
		want("the node of before takes", before.ask("claimItems", at.UnixMicro(), at.Add(time.Minute).UnixMicro(), 2), "before 3", "notice")
		if err := outbox.FinishItem(t.Context(), "before 3"); err != nil {
			t.Fatal(err)
		}
		before.ask("retryItem", "notice", at.Add(10*time.Second).UnixMicro())
		want("what it tries again later holds up none", claim(at.Add(time.Second), 10), "notice 2")
		if err := outbox.FinishItem(t.Context(), "notice 2"); err != nil {
			t.Fatal(err)
		}
		want("its retry", claim(at.Add(10*time.Second), 10), "notice")
		want("what is claimed here", before.ask("claimItems", at.Add(time.Minute).UnixMicro(), at.Add(2*time.Minute).UnixMicro(), 10))
		want("after the claims", before.ask("claimItems", at.Add(time.Hour).UnixMicro(), at.Add(2*time.Hour).UnixMicro(), 10),
			"before 1", "before 2", "notice", "secret")
	})
}
