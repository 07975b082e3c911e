package sqlstore

const (
	sessionColumns = `s.id, s.user_id, s.token_hash, s.level, s.remember, s.ip, s.device, s.place,
	s.created_at, s.proved_at, s.last_used_at, s.idle_until, s.expires_at`

	sessionInsert = `INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place,
	created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	sessionRotate = `UPDATE profilekit_sessions SET token_hash = $5, level = $6, proved_at = $7, idle_until = $8, expires_at = $9
	WHERE id = $2 AND user_id = $3 AND token_hash = $4`
	sessionEnd      = `DELETE FROM profilekit_sessions WHERE user_id = $2 AND id = $3`
	sessionEndOther = `DELETE FROM profilekit_sessions WHERE user_id = $2 AND id <> $3`

	// changedSession is that of at most one session and its events.
	changedSession = ` RETURNING id, user_id AS owner` + andEvents + `id FROM c`

	sessionPurge = `DELETE FROM profilekit_sessions WHERE id IN (SELECT id FROM profilekit_sessions WHERE `
)

var (
	insertSession  = writeEach(`WITH c AS (`+sessionInsert+changedSession, sessionInsert+` RETURNING id`)
	rotateSession  = writeEach(`WITH c AS (`+sessionRotate+changedSession, sessionRotate+` RETURNING id`)
	endSession     = writeEach(`WITH c AS (`+sessionEnd+changedSession, sessionEnd+` RETURNING id`)
	selectSession  = read(`SELECT ` + sessionColumns + ` FROM profilekit_sessions s WHERE s.token_hash = $1`)
	selectSessions = read(`SELECT ` + sessionColumns + ` FROM profilekit_sessions s WHERE s.user_id = $1 ORDER BY s.last_used_at DESC, s.id`)
	touchSession   = write(`UPDATE profilekit_sessions SET last_used_at = $2, idle_until = $3, ip = $4, device = $5, place = $6
	WHERE id = $1 AND last_used_at < $2`)

	// selectSessionUser finds the session by its hash and then the user by its
	// key. The cast is on the session's side: u.id::text = s.user_id would read
	// every user.
	selectSessionUser = readEach(
		`SELECT `+sessionColumns+`, `+userColumns+` FROM profilekit_sessions s JOIN users u ON u.id = s.user_id::bigint WHERE s.token_hash = $1`,
		`SELECT `+sessionColumns+`, `+userColumns+` FROM profilekit_sessions s JOIN users u ON u.id = CAST(s.user_id AS INTEGER) WHERE s.token_hash = $1`)

	// endSessions writes its events also when there was no session to end.
	endSessions = writeEach(
		`WITH d AS (`+sessionEndOther+` RETURNING id), c AS (SELECT $2::text AS owner`+andEvents+`count(*) FROM d`,
		sessionEndOther)

	purgeSessions = writeEach(
		sessionPurge+`least(idle_until, expires_at) < $1 LIMIT $2)`,
		sessionPurge+`min(idle_until, expires_at) < $1 LIMIT $2)`)
)
