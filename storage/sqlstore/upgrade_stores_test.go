package sqlstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// storesHave wants the stores to find every row of our tables that was there at
// the first dump, and to change none.
func storesHave(t *testing.T, db *sqlstore.DB, flavour string) {
	t.Helper()
	stores := db.Auth()
	if flavour == separate {
		stores = db.AuthApart()
	}
	for name, look := range map[string]func(*testing.T, *sqlstore.DB, authstore.Stores){
		"users": haveUsers, "passwords": havePasswords, "sessions": haveSessions, "tickets": haveTickets, "factors": haveFactors,
		"activity": haveActivity, "settings": haveSettings, "blobs": haveBlobs, "outbox": haveOutbox, "throttle": haveThrottle, "holds": haveHolds,
	} {
		t.Run(name, func(t *testing.T) { look(t, db, stores) })
	}
}

// want compares what a store says with what the row says.
func want(t *testing.T, what string, err error, got, row any) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, row) {
		t.Errorf("%s: the store says %v, %v; the row %v", what, got, err, row)
	}
}

func haveUsers(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct {
		ID, Username, Email, Hash, Bio string
		Version, Deletes               int64
	}
	ask(t, db, &rows, "SELECT CAST(id AS TEXT) AS id, username, email, password_hash AS hash, bio, version, deletes_at AS deletes FROM users")
	for _, r := range rows {
		u, err := db.Users().User(t.Context(), r.ID)
		want(t, "User", err, []any{u.ID, u.Username, u.Email, u.Bio, u.Version}, []any{r.ID, r.Username, r.Email, r.Bio, r.Version})
		if (r.Deletes != 0) != u.DeletionPending() || r.Deletes != 0 && u.DeletesAt.UnixMicro() != r.Deletes {
			t.Errorf("%s: deleted at %v, the row says %d", r.Username, u.DeletesAt, r.Deletes)
		}
		hash, err := db.Auth().Passwords.PasswordHash(t.Context(), r.ID)
		want(t, "PasswordHash", err, hash, r.Hash)
		// Rows that were taken over may have a name or address without a key.
		if _, err := profile.UsernameKey(r.Username); err == nil {
			u, err := db.Users().ByUsername(t.Context(), r.Username)
			want(t, "ByUsername", err, u.ID, r.ID)
		}
		if _, err := profile.EmailKey(r.Email); err == nil {
			u, err := db.Users().ByEmail(t.Context(), r.Email)
			want(t, "ByEmail", err, u.ID, r.ID)
		}
	}
}

func havePasswords(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct{ ID, Hash string }
	ask(t, db, &rows, "SELECT user_id AS id, hash FROM profilekit_passwords")
	for _, r := range rows {
		hash, err := db.AuthApart().Passwords.PasswordHash(t.Context(), r.ID)
		want(t, "PasswordHash", err, hash, r.Hash)
	}
}

func haveSessions(t *testing.T, db *sqlstore.DB, stores authstore.Stores) {
	var rows []struct {
		ID, User, Level string
		Hash            []byte
		Expires         int64
	}
	ask(t, db, &rows, `SELECT id, user_id AS "user", level, token_hash AS hash, expires_at AS expires FROM profilekit_sessions`)
	levels := map[string]bool{}
	for _, r := range rows {
		levels[r.Level] = true
		row := []any{r.ID, r.User, authstore.Level(r.Level), r.Expires}
		s, err := stores.Sessions.Session(t.Context(), [32]byte(r.Hash))
		want(t, "Session", err, []any{s.ID, s.UserID, s.Level, s.ExpiresAt.UnixMicro()}, row)
		all, err := everySession(t.Context(), stores.Sessions, r.User)
		want(t, "Sessions", err, slices.ContainsFunc(all, func(s authstore.Session) bool { return s.ID == r.ID }), true)
		if with, _, _ := stores.Joined(db.Users()); with != nil && beside(db, stores) {
			s, u, err := with.SessionWithUser(t.Context(), [32]byte(r.Hash))
			want(t, "SessionWithUser", err, []any{s.ID, u.ID, s.Level, s.ExpiresAt.UnixMicro()}, row)
		}
	}
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDevice, authstore.LevelDeletionPending} {
		if !levels[string(level)] {
			t.Errorf("the dump has no session of level %s", level)
		}
	}
}

func haveTickets(t *testing.T, db *sqlstore.DB, stores authstore.Stores) {
	var rows []struct {
		User, Purpose string
		Hash, Data    []byte
	}
	ask(t, db, &rows, `SELECT user_id AS "user", purpose, hash, data FROM profilekit_tickets`)
	purposes := map[string]bool{}
	for _, r := range rows {
		purposes[r.Purpose] = true
		ticket, err := stores.Tickets.Ticket(t.Context(), authstore.Purpose(r.Purpose), [32]byte(r.Hash), time.Time{})
		want(t, "Ticket", err, []any{ticket.UserID, string(ticket.Data)}, []any{r.User, string(r.Data)})
	}
	if len(purposes) < 10 {
		t.Errorf("the dump has tickets of the purposes %v alone", purposes)
	}
}

func haveFactors(t *testing.T, db *sqlstore.DB, stores authstore.Stores) {
	var rows []struct {
		ID, User, Kind, Lookup string
		Data                   []byte
		Counter                int64
		Pending                bool
	}
	ask(t, db, &rows, `SELECT id, user_id AS "user", kind, lookup, data, counter, pending FROM profilekit_factors`)
	for _, r := range rows {
		all, err := stores.Factors.Factors(t.Context(), r.User)
		want(t, "Factors", err, slices.ContainsFunc(all, func(f authstore.FactorRecord) bool {
			return f.ID == r.ID && f.Kind == r.Kind && bytes.Equal(f.Data, r.Data) && f.Counter == r.Counter && f.Pending == r.Pending
		}), true)
		if r.Lookup != "" {
			f, err := stores.Factors.FactorByLookup(t.Context(), r.Kind, r.Lookup)
			want(t, "FactorByLookup", err, f.ID, r.ID)
		}
	}
}

func haveActivity(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct{ ID, User, Kind string }
	ask(t, db, &rows, `SELECT id, user_id AS "user", kind FROM profilekit_activity ORDER BY at DESC, id DESC`)
	users := map[string][]string{}
	for _, r := range rows {
		users[r.User] = append(users[r.User], r.ID+" "+r.Kind)
	}
	for user, row := range users {
		var got []string
		q := activity.Query{UserID: user, Limit: 5}
		for {
			page, err := db.Activity().Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				got = append(got, e.ID+" "+string(e.Kind))
				q.After = activity.Position{At: e.At, ID: e.ID}
			}
			if len(page) < q.Limit {
				break
			}
		}
		want(t, "Page", nil, got, row)
	}
}

func haveSettings(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct {
		User, Data string
		Version    int64
	}
	ask(t, db, &rows, `SELECT user_id AS "user", data, version FROM profilekit_settings`)
	for _, r := range rows {
		record, err := db.Settings().Get(t.Context(), r.User)
		var got, row any
		if json.Unmarshal(record.Data, &got) != nil || json.Unmarshal([]byte(r.Data), &row) != nil {
			t.Errorf("the settings of %s are no JSON", r.User)
		}
		want(t, "Get", err, []any{record.Version, got}, []any{r.Version, row})
	}
}

func haveBlobs(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct{ Key, User, State string }
	ask(t, db, &rows, `SELECT key, user_id AS "user", state FROM profilekit_blobs`)
	states := map[string]bool{}
	for _, r := range rows {
		states[r.State] = true
		keys, err := db.Ledger().Keys(t.Context(), r.User)
		want(t, "Keys", err, slices.Contains(keys, r.Key), true)
		if r.State == "live" {
			owner, err := db.Ledger().Owner(t.Context(), r.Key)
			want(t, "Owner", err, owner, r.User)
		} else if _, err := db.Ledger().Owner(t.Context(), r.Key); err != storage.ErrNotFound {
			t.Errorf("the owner of a key that is %s: %v", r.State, err)
		}
	}
	if len(states) < 4 {
		t.Errorf("the dump has blobs that are %v alone", states)
	}
}

func haveOutbox(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct {
		ID, Reason string
		Body       []byte
		Attempts   int
		Dead       bool
	}
	ask(t, db, &rows, "SELECT id, body, attempts, dead, reason FROM profilekit_outbox")
	waiting, err := db.Outbox().(notify.OutboxWalker).WaitingItems(t.Context(), "", len(rows)+1)
	want(t, "WaitingItems", err, len(waiting) > 0 && len(waiting) < len(rows), true)
	dead, err := db.Outbox().DeadItems(t.Context(), len(rows)+1)
	want(t, "DeadItems", err, len(dead), len(rows)-len(waiting))
	for _, r := range rows {
		there := slices.ContainsFunc(waiting, func(i notify.Item) bool { return !r.Dead && i.ID == r.ID && bytes.Equal(i.Body, r.Body) }) ||
			slices.ContainsFunc(dead, func(i notify.Item) bool {
				return r.Dead && i.ID == r.ID && i.Reason == r.Reason && i.Attempts == r.Attempts
			})
		want(t, "the letter "+r.ID, nil, there, true)
	}
}

func haveThrottle(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct {
		Key         string
		Tries, Last int64
	}
	ask(t, db, &rows, "SELECT key, tries, last_at AS last FROM profilekit_throttle")
	for _, r := range rows {
		if r.Tries == 0 {
			continue
		}
		// What was taken as often as the limit says is refused. The look is undone.
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			ok, _, err := db.Limits().Take(ctx, r.Key, limit.Rule{Limit: int(r.Tries), Window: 24 * time.Hour}, time.UnixMicro(r.Last))
			want(t, "Take", err, ok, false)
			return errOnPurpose
		})
		if !errors.Is(err, errOnPurpose) {
			t.Errorf("InTx: %v", err)
		}
	}
}

func haveHolds(t *testing.T, db *sqlstore.DB, _ authstore.Stores) {
	var rows []struct {
		Key, User string
		Ends      int64
	}
	ask(t, db, &rows, `SELECT key, user_id AS "user", ends_at AS ends FROM profilekit_holds`)
	for _, r := range rows {
		before, end := time.UnixMicro(r.Ends-1), time.UnixMicro(r.Ends)
		held, err := db.Holds().Held(t.Context(), "somebody else", []string{r.Key}, before)
		want(t, "Held", err, held, []string{r.Key})
		held, err = db.Holds().Held(t.Context(), "somebody else", []string{r.Key}, end)
		want(t, "Held at its end", err, len(held), 0)
		if strings.HasPrefix(r.Key, profile.NameHoldPrefix) && r.User != "" {
			n, err := db.Holds().HeldNames(t.Context(), r.User, before)
			want(t, "HeldNames", err, n > 0, true)
		}
	}
}

// beside reports whether the users of stores are in our table.
func beside(db *sqlstore.DB, stores authstore.Stores) bool { return stores.Check(db.Users()) == nil }

// everySession is the list of the user's sessions of every level.
func everySession(ctx context.Context, s authstore.SessionStore, userID string) (all []authstore.Session, err error) {
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDeletionPending, authstore.LevelDevice} {
		list, err := s.Sessions(ctx, userID, level, 10_000)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
