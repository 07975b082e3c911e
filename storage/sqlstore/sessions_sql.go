package sqlstore

const (
	sessionColumns = sessionSigned + `, s.token_hash`
	// sessionSigned is a session to somebody who has its token.
	sessionSigned = `s.id, s.user_id, s.level, s.remember, s.ip, s.device, s.place,
	s.created_at, s.proved_at, s.last_used_at, s.idle_until, s.expires_at`

	sessionInsert = `INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place,
	created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sessionRotate = `UPDATE profilekit_sessions SET token_hash = $4, level = $5, proved_at = $6, idle_until = $7, expires_at = $8
	WHERE id = $1 AND user_id = $2 AND token_hash = $3`
	sessionEnd      = `DELETE FROM profilekit_sessions WHERE user_id = $1 AND id = $2`
	sessionEndOther = `DELETE FROM profilekit_sessions WHERE user_id = $1 AND id <> $2`
)

var (
	insertSession  = changing(13, sessionInsert, `id`, `$2`)
	rotateSession  = changing(8, sessionRotate, `id`, `$2`)
	endSession     = changing(2, sessionEnd, `id`, `$1`)
	selectSession  = read(`SELECT ` + sessionColumns + ` FROM profilekit_sessions s WHERE s.token_hash = $1`)
	selectSessions = read(`SELECT ` + sessionColumns + ` FROM profilekit_sessions s WHERE s.user_id = $1 AND s.level = $2 ORDER BY s.last_used_at DESC, s.id LIMIT $3`)
	touchSession   = write(`UPDATE profilekit_sessions SET last_used_at = $2, idle_until = $3, ip = $4, device = $5, place = $6
	WHERE id = $1 AND last_used_at < $2`)

	// selectSessionUser finds the session by its hash and then the user by its
	// key. The cast is on the session's side: u.id::text = s.user_id would read
	// every user.
	selectSessionUser = readEach(
		`SELECT `+sessionSigned+`, `+userColumns+` FROM profilekit_sessions s JOIN users u ON u.id = s.user_id::bigint WHERE s.token_hash = $1`,
		`SELECT json_array(`+sessionSigned+`, `+userColumns+`) FROM profilekit_sessions s JOIN users u ON u.id = CAST(s.user_id AS INTEGER) WHERE s.token_hash = $1`)

	// endSessions writes its events, $3, also when there was no session to end.
	endSessions = writeEach(
		`WITH d AS (`+sessionEndOther+` RETURNING id), e AS (`+eventInto+`SELECT r.id, COALESCE(NULLIF(r.user_id, ''), $1), `+
			eventCols+` FROM `+shift(eventRows, 2)+`) SELECT count(*) FROM d`,
		sessionEndOther)

	trimSessions = write(`DELETE FROM profilekit_sessions WHERE id IN (SELECT id FROM profilekit_sessions
	WHERE user_id = $1 AND level = $2 AND id <> $3 ORDER BY last_used_at DESC, id LIMIT $4 OFFSET $5)`)

	// The lock makes Postgres look again at a session that is used meanwhile,
	// and pass by the ones that another node is at.
	purgeSessions = writeEach(
		`DELETE FROM profilekit_sessions WHERE id = ANY (ARRAY(SELECT id FROM profilekit_sessions WHERE least(idle_until, expires_at) < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_sessions WHERE id IN (SELECT id FROM profilekit_sessions WHERE min(idle_until, expires_at) < $1 LIMIT $2)`)
)
