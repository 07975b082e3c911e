package httpadapter_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// floor is what somebody would write for these two requests alone, with the
// same fields in the answer: the session and the user in one prepared JOIN; the change and its activity row
// in one statement, or one transaction on SQLite.
type floor struct {
	read, write *sql.DB
	postgres    bool

	get, set, event *sql.Stmt
}

type floorUser struct {
	ID          string          `json:"id"`
	Username    string          `json:"username"`
	Email       string          `json:"email"`
	Verified    bool            `json:"emailVerified"`
	DisplayName string          `json:"displayName"`
	GivenName   string          `json:"givenName"`
	FamilyName  string          `json:"familyName"`
	Bio         string          `json:"bio"`
	Phone       string          `json:"phone"`
	Address     json.RawMessage `json:"address"`
	Birthday    string          `json:"birthday"`
	Links       json.RawMessage `json:"links"`
	Pronouns    string          `json:"pronouns"`
	Custom      json.RawMessage `json:"custom"`
	Picture     json.RawMessage `json:"picture"`
	Role        string          `json:"role"`
	Version     int64           `json:"version"`
	Pending     string          `json:"pendingEmail"`
	PictureURL  string          `json:"profilePicture"`
	CreatedAt   any             `json:"createdAt"`
	UpdatedAt   any             `json:"updatedAt"`
}

const floorColumns = `u.id, u.username, u.email, u.email_verified, u.display_name, u.given_name, u.family_name, u.bio, u.phone,
	u.address, u.birthday, u.links, u.pronouns, u.custom, u.picture, u.role, u.version, u.pending_email, COALESCE(u.profile_picture, ''),
	u.created_at, u.updated_at`

func (f *floor) prepare(ctx context.Context) (err error) {
	cast := `CAST(s.user_id AS INTEGER)`
	if f.postgres {
		cast = `s.user_id::bigint`
	}
	if f.get, err = f.read.PrepareContext(ctx, `SELECT s.id, s.level, s.proved_at, s.last_used_at, s.expires_at, s.idle_until, u.disabled, `+floorColumns+`
		FROM profilekit_sessions s JOIN users u ON u.id = `+cast+` WHERE s.token_hash = $1`); err != nil {
		return err
	}
	// The answer shows the row as it is then, whoever else changed it.
	returning := strings.ReplaceAll(floorColumns, "u.", "")
	const insert = `INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, detail) `
	if f.postgres {
		f.set, err = f.write.PrepareContext(ctx, `WITH c AS (UPDATE users SET display_name = $1, version = version + 1, updated_at = $2 WHERE id = $3 RETURNING `+returning+`),
			e AS (`+insert+`SELECT $4, id::text, 'profile.updated', $2, $5, $6, $7 FROM c) SELECT * FROM c`)
		return err
	}
	if f.set, err = f.write.PrepareContext(ctx, `UPDATE users SET display_name = $1, version = version + 1, updated_at = $2 WHERE id = $3 RETURNING `+returning); err != nil {
		return err
	}
	f.event, err = f.write.PrepareContext(ctx, insert+`VALUES ($1, $2, 'profile.updated', $3, $4, $5, $6)`)
	return err
}

func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u, err := f.user(r)
	if err == nil && r.Method == http.MethodPatch {
		err = f.patch(r, &u)
	}
	u.answer(w, err)
}

// cachedFloor is the floor of a read with a cache written by hand, which
// forgets nothing before its time and never ends.
type cachedFloor struct {
	*floor
	ttl  time.Duration
	mu   sync.RWMutex
	kept map[[32]byte]cachedUser
}

type cachedUser struct {
	user  floorUser
	until time.Time
}

func (f *cachedFloor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ck, err := r.Cookie("profilekit")
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	hash := sha256.Sum256([]byte(ck.Value))
	f.mu.RLock()
	c, ok := f.kept[hash]
	f.mu.RUnlock()
	if now := time.Now(); !ok || now.After(c.until) {
		if c.user, err = f.user(r); err == nil {
			c.until = now.Add(f.ttl)
			f.mu.Lock()
			f.kept[hash] = c
			f.mu.Unlock()
		}
	}
	c.user.answer(w, err)
}

func (u floorUser) answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	body, err := json.Marshal(u)
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func (f *floor) user(r *http.Request) (u floorUser, err error) {
	ck, err := r.Cookie("profilekit")
	if err != nil {
		return u, err
	}
	hash := sha256.Sum256([]byte(ck.Value))
	var session, level string
	var proved, used, expires, idle any
	var disabled bool
	err = u.scan(f.get.QueryRowContext(r.Context(), hash[:]), &session, &level, &proved, &used, &expires, &idle, &disabled)
	return u, err
}

// scan reads what comes first and floorColumns after it.
func (u *floorUser) scan(row *sql.Row, first ...any) error {
	var address, links, custom, picture []byte
	err := row.Scan(append(first, &u.ID, &u.Username, &u.Email, &u.Verified, &u.DisplayName,
		&u.GivenName, &u.FamilyName, &u.Bio, &u.Phone, &address, &u.Birthday, &links, &u.Pronouns, &custom, &picture, &u.Role, &u.Version,
		&u.Pending, &u.PictureURL, &u.CreatedAt, &u.UpdatedAt)...)
	u.Address, u.Links, u.Custom, u.Picture = address, links, custom, picture
	return err
}

func (f *floor) patch(r *http.Request, u *floorUser) error {
	var in struct {
		DisplayName string `json:"displayName"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	ctx, now := r.Context(), time.Now()
	id := strconv.FormatInt(now.UnixNano(), 36) + u.ID
	ip, device, detail := r.RemoteAddr, r.UserAgent(), `{"fields":"displayName"}`
	if f.postgres {
		return u.scan(f.set.QueryRowContext(ctx, in.DisplayName, now, u.ID, id, ip, device, detail))
	}
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := u.scan(tx.StmtContext(ctx, f.set).QueryRowContext(ctx, in.DisplayName, now.UnixMicro(), u.ID)); err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, f.event).ExecContext(ctx, id, u.ID, now.UnixMicro(), ip, device, detail); err != nil {
		return err
	}
	return tx.Commit()
}
