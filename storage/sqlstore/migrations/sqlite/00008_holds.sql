-- +goose Up
-- User names and addresses that were given up, by their hash, each for who had it
-- and for nobody else until ends_at, microseconds since 1970; the user '' is none.
CREATE TABLE profilekit_holds (
	key     TEXT    NOT NULL,
	user_id TEXT    NOT NULL,
	ends_at INTEGER NOT NULL,
	PRIMARY KEY (key, user_id)
);
CREATE INDEX profilekit_holds_user ON profilekit_holds (user_id, key);
CREATE INDEX profilekit_holds_end ON profilekit_holds (ends_at);
