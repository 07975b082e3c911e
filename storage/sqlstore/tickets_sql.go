package sqlstore

const (
	ticketColumns = `hash, purpose, user_id, data, created_at, expires_at`
	ticketInto    = `INSERT INTO profilekit_tickets (` + ticketColumns + `, slot) `
	ticketTake    = `DELETE FROM profilekit_tickets WHERE hash = $1 AND purpose = $2 RETURNING ` + ticketColumns
	ticketDrop    = `DELETE FROM profilekit_tickets WHERE user_id = $1 AND purpose `
)

var (
	// addTickets removes the user's tickets of the purpose $2, writes those of
	// $3 and the events of $4. It counts what was removed so that all of that is
	// done before; a set that another call writes meanwhile is written over.
	addTickets = writeEach(
		`WITH d AS (`+ticketDrop+`= $2 RETURNING hash), t AS (`+ticketInto+
			`SELECT decode(r.hash, 'hex'), r.purpose, $1, decode(r.data, 'hex'), r.created_at, r.expires_at, r.slot
			FROM (SELECT count(*) FROM d) removed, json_to_recordset($3::json) AS r(hash text, purpose text, data text, created_at bigint, expires_at bigint, slot bigint)
			ON CONFLICT (user_id, purpose, slot) DO UPDATE SET hash = excluded.hash, data = excluded.data,
			created_at = excluded.created_at, expires_at = excluded.expires_at RETURNING hash), e AS (`+
			eventInto+`SELECT r.id, COALESCE(NULLIF(r.user_id, ''), $1), `+eventCols+` FROM `+shift(eventRows, 3)+`) SELECT count(*) FROM t`,
		ticketInto+`SELECT unhex(value ->> '$.hash'), value ->> '$.purpose', $1, unhex(value ->> '$.data'),
			value ->> '$.created_at', value ->> '$.expires_at', value ->> '$.slot' FROM json_each($2)`)
	selectTicket  = read(`SELECT ` + ticketColumns + ` FROM profilekit_tickets WHERE hash = $1 AND purpose = $2 AND expires_at > $3`)
	takeTicket    = write(ticketTake)
	selectTickets = read(`SELECT ` + ticketColumns + ` FROM profilekit_tickets WHERE user_id = $1 AND purpose = $2 AND expires_at > $3
	ORDER BY created_at DESC, hash LIMIT 100`)
	dropTickets   = write(`DELETE FROM profilekit_tickets WHERE user_id = $1`)
	dropTicketsOf = writeEach(
		ticketDrop+`= ANY (ARRAY(SELECT json_array_elements_text($2::json)))`,
		ticketDrop+`IN (SELECT value FROM json_each($2))`)
	purgeTickets = writeEach(
		`DELETE FROM profilekit_tickets WHERE hash = ANY (ARRAY(SELECT hash FROM profilekit_tickets WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_tickets WHERE hash IN (SELECT hash FROM profilekit_tickets WHERE expires_at < $1 LIMIT $2)`)
)

const factorColumns = `id, user_id, kind, name, lookup, counter, data, pending, created_at, last_used_at, expires_at, session_id`

var (
	// insertFactor takes the row of the pending factor that was there: of two
	// that are begun at once the later one is left.
	insertFactor = changing(12, `INSERT INTO profilekit_factors (`+factorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (user_id, kind) WHERE pending DO UPDATE SET id = excluded.id, name = excluded.name, lookup = excluded.lookup,
	counter = excluded.counter, data = excluded.data, created_at = excluded.created_at, last_used_at = excluded.last_used_at,
	expires_at = excluded.expires_at, session_id = excluded.session_id`, `id`, `$2`)
	selectFactors  = read(`SELECT ` + factorColumns + ` FROM profilekit_factors WHERE user_id = $1 ORDER BY created_at, id`)
	selectByLookup = read(`SELECT ` + factorColumns + ` FROM profilekit_factors WHERE kind = $1 AND lookup = $2 AND lookup <> ''`)
	// useFactor compares and sets in one step; $8 is no end.
	useFactor = changing(8, `UPDATE profilekit_factors SET counter = $4, data = COALESCE($5, data), last_used_at = $6, pending = FALSE, expires_at = $8, session_id = ''
	WHERE id = $1 AND user_id = $2 AND pending = $3 AND (counter < $4 OR counter = $4 AND NOT CAST($7 AS BOOLEAN))`, `id`, `$2`)
	factorsAfter = read(`SELECT ` + factorColumns + ` FROM profilekit_factors WHERE id > $1 ORDER BY id LIMIT $2`)
	resealFactor = write(`UPDATE profilekit_factors SET data = $3 WHERE id = $1 AND data = $2`)

	renameFactor  = write(`UPDATE profilekit_factors SET name = $3 WHERE user_id = $1 AND id = $2`)
	removeFactor  = changing(2, `DELETE FROM profilekit_factors WHERE user_id = $1 AND id = $2`, `id`, `$1`)
	removeFactors = write(`DELETE FROM profilekit_factors WHERE user_id = $1`)
	purgeFactors  = writeEach(
		`DELETE FROM profilekit_factors WHERE id = ANY (ARRAY(SELECT id FROM profilekit_factors WHERE pending AND expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_factors WHERE id IN (SELECT id FROM profilekit_factors WHERE pending AND expires_at < $1 LIMIT $2)`)
)
