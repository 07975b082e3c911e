-- +goose Up
-- Times are microseconds since 1970, as for sessions; what has no end has the
-- greatest number. slot numbers the tickets of a set of which the newest alone
-- counts: two sets that are written at once meet in it, and one is left.
CREATE TABLE profilekit_tickets (
	hash       BYTEA            PRIMARY KEY,
	purpose    TEXT COLLATE "C" NOT NULL,
	user_id    TEXT COLLATE "C" NOT NULL,
	slot       BIGINT,
	data       BYTEA            NOT NULL,
	created_at BIGINT           NOT NULL,
	expires_at BIGINT           NOT NULL
);
CREATE UNIQUE INDEX profilekit_tickets_user ON profilekit_tickets (user_id, purpose, slot);
CREATE INDEX profilekit_tickets_end ON profilekit_tickets (expires_at);

CREATE TABLE profilekit_factors (
	id           TEXT COLLATE "C" PRIMARY KEY,
	user_id      TEXT COLLATE "C" NOT NULL,
	kind         TEXT COLLATE "C" NOT NULL,
	name         TEXT             NOT NULL,
	lookup       TEXT COLLATE "C" NOT NULL,
	counter      BIGINT           NOT NULL,
	data         BYTEA            NOT NULL,
	pending      BOOLEAN          NOT NULL,
	created_at   BIGINT           NOT NULL,
	last_used_at BIGINT           NOT NULL,
	expires_at   BIGINT           NOT NULL
);
CREATE INDEX profilekit_factors_user ON profilekit_factors (user_id, created_at, id);
CREATE UNIQUE INDEX profilekit_factors_lookup ON profilekit_factors (kind, lookup) WHERE lookup <> '';
-- One pending factor a user and kind: a later one takes the row.
CREATE UNIQUE INDEX profilekit_factors_pending ON profilekit_factors (user_id, kind) WHERE pending;
CREATE INDEX profilekit_factors_end ON profilekit_factors (expires_at) WHERE pending;
