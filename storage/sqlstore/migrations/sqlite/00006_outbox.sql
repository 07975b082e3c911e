-- +goose Up
CREATE TABLE profilekit_outbox (
	id         TEXT    NOT NULL PRIMARY KEY,
	body       BLOB    NOT NULL,
	attempts   INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	next_at    INTEGER NOT NULL,
	dead       BOOLEAN NOT NULL,
	reason     TEXT    NOT NULL
);
CREATE INDEX profilekit_outbox_next ON profilekit_outbox (next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_dead ON profilekit_outbox (next_at) WHERE dead;
