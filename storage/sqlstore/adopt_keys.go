package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/profile"
)

// keysTable holds the keys of the users that are taken over until the end of
// the transaction.
const keysTable = "profilekit_adopt_keys"

// unreachable begins the key of a user name or address that has none, such as
// `A@localhost`: no key that a person could ask for holds a control character,
// so nobody signs in by it, and the row's own text keeps it unique.
const unreachable = "\x01"

// Most rows handled in one exchange, groups told, and ids told of each.
const (
	adoptBatch = 5000
	mostGroups = 100
	mostIDs    = 20
)

// computeKeys fills keysTable, which is dropped with the transaction, and says
// how many users there are.
func computeKeys(ctx context.Context, tx *sql.Tx, plan *Plan) error {
	_, err := tx.ExecContext(ctx, `CREATE TEMPORARY TABLE `+keysTable+` (id BIGINT NOT NULL PRIMARY KEY,
		username_key TEXT COLLATE "C" NOT NULL, email_key TEXT COLLATE "C" NOT NULL) ON COMMIT DROP`)
	if err != nil {
		return err
	}
	var lost lostLogins
	after, first := int64(0), true
	for {
		batch, last, err := readKeys(ctx, tx, after, first, &lost)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		after, first = last, false
		text, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO `+keysTable+` (id, username_key, email_key)
			SELECT r.id, r.u, r.e FROM json_to_recordset($1::json) AS r (id BIGINT, u TEXT, e TEXT)`, string(text))
		if err != nil {
			return err
		}
		plan.Rows += int64(len(batch))
	}
	lost.tell(plan)
	_, err = tx.ExecContext(ctx, "ANALYZE "+keysTable)
	return err
}

type rowKeys struct {
	ID       int64  `json:"id"`
	Username string `json:"u"`
	Email    string `json:"e"`
}

// readKeys reads the next users and makes their keys.
func readKeys(ctx context.Context, tx *sql.Tx, after int64, first bool, lost *lostLogins) (batch []rowKeys, last int64, err error) {
	query := `SELECT id::bigint, username, email FROM users WHERE id > $1::bigint ORDER BY id LIMIT ` + strconv.Itoa(adoptBatch)
	if first { // ids below 1 are told as a problem, not passed over
		query = `SELECT id::bigint, username, email FROM users WHERE $1::bigint IS NOT NULL ORDER BY id LIMIT ` + strconv.Itoa(adoptBatch)
	}
	err = each(ctx, tx, query, after, func(rows *sql.Rows) error {
		var username, email string
		var k rowKeys
		if err := rows.Scan(&k.ID, &username, &email); err != nil {
			return err
		}
		last = k.ID
		name, address := !strings.Contains(username, "@"), true
		if k.Username, err = profile.UsernameKey(username); err != nil {
			k.Username, name = unreachable+username, false
		}
		if k.Email, err = profile.EmailKey(email); err != nil {
			k.Email, address = unreachable+email, false
		}
		lost.add(k.ID, name, address)
		batch = append(batch, k)
		return nil
	})
	return batch, last, err
}

// lostLogins are the users who cannot sign in by their user name, because it
// has no key or is read as an address for its @, or by their e-mail address.
type lostLogins struct{ name, address, both idList }

func (l *lostLogins) add(id int64, name, address bool) {
	switch {
	case !name && !address:
		l.both.add(id)
	case !name:
		l.name.add(id)
	case !address:
		l.address.add(id)
	}
}

func (l *lostLogins) tell(plan *Plan) {
	for _, c := range []struct {
		ids    idList
		format string
	}{
		{l.name, "The user name of ids %s is kept, but they sign in by e-mail address alone until they have another."},
		{l.address, "The e-mail address of ids %s is kept, but they sign in by user name alone until they have another."},
		{l.both, "Neither the user name nor the e-mail address of ids %s is one to sign in by: give them another, or they are shut out."},
	} {
		if len(c.ids.ids) > 0 {
			plan.note(c.format, c.ids)
		}
	}
}

// findCollisions adds the users whose keys are the same.
func findCollisions(ctx context.Context, tx *sql.Tx, bad *AdoptError) error {
	for _, field := range []string{"username", "email"} {
		query := `SELECT array_to_string((array_agg(id ORDER BY id))[1:` + strconv.Itoa(mostIDs) + `], ','), count(*), count(*) OVER ()
			FROM ` + keysTable + ` WHERE $1::bigint IS NOT NULL GROUP BY ` + field + `_key HAVING count(*) > 1 ORDER BY min(id) LIMIT ` + strconv.Itoa(mostGroups)
		told, groups := 0, 0
		err := each(ctx, tx, query, int64(0), func(rows *sql.Rows) error {
			var ids string
			var n int
			if err := rows.Scan(&ids, &n, &groups); err != nil {
				return err
			}
			if len(bad.Collisions) < mostGroups {
				c := Collision{Field: field, IDs: strings.Split(ids, ",")}
				c.More = n - len(c.IDs)
				bad.Collisions = append(bad.Collisions, c)
				told++
			}
			return nil
		})
		if err != nil {
			return err
		}
		bad.More += groups - told
	}
	return nil
}

// idList is some ids and how many more there are.
type idList struct {
	ids  []string
	more int
}

func (l *idList) add(id int64) {
	if len(l.ids) == mostIDs {
		l.more++
		return
	}
	l.ids = append(l.ids, strconv.FormatInt(id, 10))
}

func (l idList) String() string { return someIDs(l.ids, l.more) }

// countRows adds the ids of the rows that have what, to a problem or a note.
func countRows(ctx context.Context, tx *sql.Tx, where string) (n int64, ids string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*), COALESCE(array_to_string((array_agg(id ORDER BY id))[1:`+strconv.Itoa(mostIDs)+`], ', '), '')
		FROM users WHERE `+where).Scan(&n, &ids)
	if n > mostIDs {
		ids += fmt.Sprintf(" and %d more", n-mostIDs)
	}
	return n, ids, err
}
