-- +goose Up
-- The same table as for Postgres. Times are microseconds since 1970, which
-- SQLite keeps exactly and sorts quickly; limits of length, which it does not
-- enforce by type, are checks. AUTOINCREMENT: a key is never given out again.
CREATE TABLE users (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	username        VARCHAR(50)  NOT NULL UNIQUE CHECK (length(username) <= 50),
	email           VARCHAR(100) NOT NULL UNIQUE CHECK (length(email) <= 100),
	password_hash   TEXT         NOT NULL DEFAULT '',
	profile_picture TEXT,
	role            VARCHAR(20)  DEFAULT 'user' CHECK (length(role) <= 20),
	created_at      INTEGER      NOT NULL,
	username_key    TEXT         NOT NULL UNIQUE,
	email_key       TEXT         NOT NULL UNIQUE,
	email_verified  BOOLEAN      NOT NULL DEFAULT FALSE,
	pending_email   TEXT         NOT NULL DEFAULT '',
	display_name    TEXT         NOT NULL DEFAULT '',
	given_name      TEXT         NOT NULL DEFAULT '',
	family_name     TEXT         NOT NULL DEFAULT '',
	pronouns        TEXT         NOT NULL DEFAULT '',
	bio             TEXT         NOT NULL DEFAULT '',
	phone           TEXT         NOT NULL DEFAULT '',
	address         TEXT         NOT NULL DEFAULT '{}' CHECK (json_valid(address)),
	birthday        TEXT         NOT NULL DEFAULT '',
	links           TEXT         NOT NULL DEFAULT '[]' CHECK (json_valid(links)),
	custom          TEXT         NOT NULL DEFAULT 'null' CHECK (json_valid(custom)),
	picture         TEXT         NOT NULL DEFAULT 'null' CHECK (json_valid(picture)),
	disabled        BOOLEAN      NOT NULL DEFAULT FALSE,
	version         INTEGER      NOT NULL DEFAULT 1,
	updated_at      INTEGER      NOT NULL
);
