package sqlstore

// userColumns are the columns of a user in the order of userRow.dest. The
// legacy columns may hold NULL in a table that was there before.
const userColumns = `u.id, u.username, u.email, u.email_verified, u.pending_email, u.display_name, u.given_name, u.family_name,
	u.pronouns, u.bio, u.phone, u.address, u.birthday, u.links, u.custom, u.picture, COALESCE(u.profile_picture, ''),
	COALESCE(u.role, 'user'), u.disabled, u.deletes_at, u.version, u.created_at, u.updated_at`

const (
	userSelect       = `SELECT ` + userColumns + ` FROM users u WHERE `
	userSelectPacked = `SELECT json_array(` + userColumns + `) FROM users u WHERE `

	userInsert = `INSERT INTO users AS u (username, email, username_key, email_key, email_verified, pending_email, display_name,
	given_name, family_name, pronouns, bio, phone, address, birthday, links, custom, picture, profile_picture, role, disabled, deletes_at, created_at, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`

	// userUpdate leaves the columns whose parameter is NULL. $1 is the user
	// and $2 the version that must be there, 0 for any.
	userUpdate = `UPDATE users AS u SET
	username = COALESCE($3, u.username), email = COALESCE($4, u.email),
	username_key = COALESCE($5, u.username_key), email_key = COALESCE($6, u.email_key),
	email_verified = COALESCE($7, u.email_verified), pending_email = COALESCE($8, u.pending_email),
	display_name = COALESCE($9, u.display_name), given_name = COALESCE($10, u.given_name),
	family_name = COALESCE($11, u.family_name), pronouns = COALESCE($12, u.pronouns),
	bio = COALESCE($13, u.bio), phone = COALESCE($14, u.phone),
	address = COALESCE($15, u.address), birthday = COALESCE($16, u.birthday),
	links = COALESCE($17, u.links), custom = COALESCE($18, u.custom),
	picture = COALESCE($19, u.picture), profile_picture = COALESCE($20, u.profile_picture),
	role = COALESCE($21, u.role), disabled = COALESCE($22, u.disabled),
	deletes_at = COALESCE($23, u.deletes_at), version = u.version + 1, updated_at = $24
	WHERE u.id = $1 AND (CAST($2 AS BIGINT) = 0 OR u.version = $2)`

	// userEdit is userUpdate for a patch of what a user edits alone. SQLite
	// writes the index of every column that SET names, though its value stays,
	// and four of the others have one.
	userEdit = `UPDATE users AS u SET
	display_name = COALESCE($3, u.display_name), given_name = COALESCE($4, u.given_name),
	family_name = COALESCE($5, u.family_name), pronouns = COALESCE($6, u.pronouns),
	bio = COALESCE($7, u.bio), address = COALESCE($8, u.address), birthday = COALESCE($9, u.birthday),
	links = COALESCE($10, u.links), custom = COALESCE($11, u.custom),
	version = u.version + 1, updated_at = $12
	WHERE u.id = $1 AND (CAST($2 AS BIGINT) = 0 OR u.version = $2)`

	// userReturning is what the change of a user returns, in the same order. In
	// a RETURNING clause SQLite knows columns by their own names only.
	userReturning = userPlain + `COALESCE(profile_picture, '') AS picture_url, COALESCE(role, 'user') AS role_name, disabled, deletes_at, version, created_at, updated_at`
	userPacked    = `json_array(` + userPlain + `COALESCE(profile_picture, ''), COALESCE(role, 'user'), disabled, deletes_at, version, created_at, updated_at)`
	userPlain     = `id, username, email, email_verified, pending_email, display_name, given_name, family_name,
	pronouns, bio, phone, address, birthday, links, custom, picture, `
)

var (
	selectUser       = readEach(userSelect+`u.id = $1`, userSelectPacked+`u.id = $1`)
	selectByUsername = readEach(userSelect+`u.username_key = $1`, userSelectPacked+`u.username_key = $1`)
	selectByEmail    = readEach(userSelect+`u.email_key = $1`, userSelectPacked+`u.email_key = $1`)
	selectVersion    = read(`SELECT version FROM users WHERE id = $1`)
	insertUser       = changingEach(23, userInsert, userReturning, userPacked, `c.id::text`)
	updateUser       = changingEach(24, userUpdate, userReturning, userPacked, `c.id::text`)
	editUser         = changingEach(12, userEdit, userReturning, userPacked, `c.id::text`)
	// selectTaken says, on SQLite, which key another user has: its error for
	// a violated constraint names the column in its text only. It runs in the
	// transaction that writes, and only one transaction writes at a time.
	selectTaken = writeEach(``, `SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $2 AND id <> $1),
	EXISTS (SELECT 1 FROM users WHERE email_key = $3 AND id <> $1)`)
)
