package sqlstore

// The statements that list the columns of users are in users_columns.go, which is made
// from the table of profile fields.
const (
	userSelect       = `SELECT ` + userColumns + ` FROM users u WHERE `
	userSelectPacked = `SELECT json_array(` + userColumns + `) FROM users u WHERE `

	// userReturning is what the change of a user returns, in the same order. In
	// a RETURNING clause SQLite knows columns by their own names only.
	userReturning = userPlain + `COALESCE(profile_picture, '') AS picture_url, COALESCE(role, 'user') AS role_name, disabled, deletes_at, adopted, version, created_at, updated_at`
	userPacked    = `json_array(` + userPlain + `COALESCE(profile_picture, ''), COALESCE(role, 'user'), disabled, deletes_at, adopted, version, created_at, updated_at)`
)

var (
	selectUser       = readEach(userSelect+`u.id = $1`, userSelectPacked+`u.id = $1`)
	selectByUsername = readEach(userSelect+`u.username_key = $1`, userSelectPacked+`u.username_key = $1`)
	selectByEmail    = readEach(userSelect+`u.email_key = $1`, userSelectPacked+`u.email_key = $1`)
	selectVersion    = read(`SELECT version FROM users WHERE id = $1`)
	insertUser       = changingEach(insertFields, userInsert, userReturning, userPacked, `c.id::text`)
	updateUser       = changingEach(updateFields, userUpdate, userReturning, userPacked, `c.id::text`)
	editUser         = changingEach(editFields, userEdit, userReturning, userPacked, `c.id::text`)
	// selectTaken says, on SQLite, which key another user has: its error for
	// a violated constraint names the column in its text only. It runs in the
	// transaction that writes, and only one transaction writes at a time.
	selectTaken = writeEach(``, `SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $2 AND id <> $1),
	EXISTS (SELECT 1 FROM users WHERE email_key = $3 AND id <> $1)`)
)
