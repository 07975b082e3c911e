-- +goose Up
-- The same tables as for Postgres; none has a foreign key to users.
CREATE TABLE profilekit_activity (
	id      TEXT    NOT NULL PRIMARY KEY,
	user_id TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	ip      TEXT    NOT NULL DEFAULT '',
	device  TEXT    NOT NULL DEFAULT '',
	place   TEXT    NOT NULL DEFAULT '',
	detail  TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX profilekit_activity_user ON profilekit_activity (user_id, at DESC, id DESC);
CREATE INDEX profilekit_activity_kind ON profilekit_activity (user_id, kind, at DESC, id DESC);
CREATE INDEX profilekit_activity_at ON profilekit_activity (at);

CREATE TABLE profilekit_settings (
	user_id    TEXT    NOT NULL PRIMARY KEY,
	data       TEXT    NOT NULL CHECK (json_valid(data)),
	version    INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
);

CREATE TABLE profilekit_sessions (
	id           TEXT    NOT NULL PRIMARY KEY,
	user_id      TEXT    NOT NULL,
	token_hash   BLOB    NOT NULL UNIQUE,
	level        TEXT    NOT NULL,
	remember     BOOLEAN NOT NULL,
	ip           TEXT    NOT NULL,
	device       TEXT    NOT NULL,
	place        TEXT    NOT NULL,
	created_at   INTEGER NOT NULL,
	proved_at    INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	idle_until   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
);
CREATE INDEX profilekit_sessions_user ON profilekit_sessions (user_id);
CREATE INDEX profilekit_sessions_end ON profilekit_sessions (min(idle_until, expires_at));

CREATE TABLE profilekit_throttle (
	key       TEXT    NOT NULL PRIMARY KEY,
	tries     INTEGER NOT NULL,
	first_at  INTEGER NOT NULL,
	last_at   INTEGER NOT NULL,
	next_at   INTEGER NOT NULL,
	forget_at INTEGER NOT NULL,
	allowed   BOOLEAN NOT NULL
);
CREATE INDEX profilekit_throttle_forget ON profilekit_throttle (forget_at);

CREATE TABLE profilekit_blobs (
	key     TEXT    NOT NULL PRIMARY KEY,
	user_id TEXT    NOT NULL,
	state   TEXT    NOT NULL CHECK (state IN ('pending', 'live', 'dead', 'claimed')),
	at      INTEGER NOT NULL
);
CREATE INDEX profilekit_blobs_state ON profilekit_blobs (state, at) WHERE state <> 'live';
CREATE INDEX profilekit_blobs_user ON profilekit_blobs (user_id);
