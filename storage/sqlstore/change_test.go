package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// D4: a statement by itself is a transaction too, and runs again as one does,
// 5 times in all; its event is written once.
func TestD04_StatementByItselfRunsAgain(t *testing.T) {
	h := conflict(t)
	ctx := t.Context()
	u := user(t, ctx, h.db, "ann")
	session := authstore.Session{ID: "s1", UserID: u.ID, TokenHash: [32]byte{1}, Level: authstore.LevelFull}
	if err := h.db.Auth().Sessions.CreateSession(ctx, session); err != nil {
		t.Fatal(err)
	}
	// What a sequence gave out stays given out when the transaction ends.
	h.do(t, `CREATE SEQUENCE tries`)
	h.do(t, `CREATE TABLE broken (first BIGINT)`)
	h.do(t, `INSERT INTO broken VALUES (0)`)
	h.do(t, `CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('tries') <= (SELECT first FROM broken) THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = TG_ARGV[0]; END IF;
		RETURN NEW; END $$`)
	h.do(t, `CREATE TRIGGER breaks BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION breaks('40P01')`)
	h.do(t, `CREATE TRIGGER breaks BEFORE UPDATE ON profilekit_sessions FOR EACH ROW EXECUTE FUNCTION breaks('40001')`)

	bio := "new"
	for name, change := range map[string]func() error{
		"one that returns a row": func() error {
			_, err := h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, activity.NewEvent(ctx, "test.changed", u.ID, time.Now(), nil))
			return err
		},
		"one that counts rows": func() error {
			at := time.Now()
			return h.db.Auth().Sessions.TouchSession(ctx, "s1", at, at, activity.Source{})
		},
	} {
		for _, c := range []struct {
			broken int
			want   error
		}{{0, nil}, {4, nil}, {5, storage.ErrUnavailable}} {
			h.do(t, `ALTER SEQUENCE tries RESTART`)
			h.do(t, `UPDATE broken SET first = $1`, c.broken)
			if err := change(); !errors.Is(err, c.want) {
				t.Errorf("%s, broken %d times: %v, want %v", name, c.broken, err, c.want)
			}
		}
	}
	page, err := h.db.Activity().Page(ctx, activity.Query{UserID: u.ID, Limit: 9})
	if err != nil || len(page) != 2 {
		t.Errorf("%d events (%v), want one for each of the 2 changes that were made", len(page), err)
	}

	// In a unit it is the unit that runs again.
	h.do(t, `ALTER SEQUENCE tries RESTART`)
	h.do(t, `UPDATE broken SET first = 2`)
	runs := 0
	err = h.db.InTx(ctx, func(ctx context.Context) error {
		runs++
		_, err := h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio})
		return err
	})
	if err != nil || runs != 3 {
		t.Errorf("InTx: %v after %d runs, want nil after 3", err, runs)
	}
}
