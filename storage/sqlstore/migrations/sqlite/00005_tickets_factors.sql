-- +goose Up
CREATE TABLE profilekit_tickets (
	hash       BLOB    NOT NULL PRIMARY KEY,
	purpose    TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	slot       INTEGER,
	data       BLOB    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX profilekit_tickets_user ON profilekit_tickets (user_id, purpose, slot);
CREATE INDEX profilekit_tickets_end ON profilekit_tickets (expires_at);

CREATE TABLE profilekit_factors (
	id           TEXT    NOT NULL PRIMARY KEY,
	user_id      TEXT    NOT NULL,
	kind         TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	lookup       TEXT    NOT NULL,
	counter      INTEGER NOT NULL,
	data         BLOB    NOT NULL,
	pending      BOOLEAN NOT NULL,
	created_at   INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
);
CREATE INDEX profilekit_factors_user ON profilekit_factors (user_id, created_at, id);
CREATE UNIQUE INDEX profilekit_factors_lookup ON profilekit_factors (kind, lookup) WHERE lookup <> '';
CREATE UNIQUE INDEX profilekit_factors_pending ON profilekit_factors (user_id, kind) WHERE pending;
CREATE INDEX profilekit_factors_end ON profilekit_factors (expires_at) WHERE pending;
