-- +goose Up
-- users keeps the columns, names and limits of the table that it replaces and
-- adds its own after them. NOT NULL with an empty default, rather than NULL,
-- so that COALESCE(parameter, column) is "leave it" in a partial update.
-- The sequence is made by its name, as BIGSERIAL would choose another when a
-- process that died has not quite let go of this one.
CREATE SEQUENCE users_id_seq;
CREATE TABLE users (
	id              BIGINT       PRIMARY KEY DEFAULT nextval('users_id_seq'),
	username        VARCHAR(50)  NOT NULL UNIQUE,
	email           VARCHAR(100) NOT NULL UNIQUE,
	password_hash   TEXT         NOT NULL DEFAULT '',
	profile_picture TEXT,
	role            VARCHAR(20)  DEFAULT 'user',
	created_at      TIMESTAMP    NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
	username_key    TEXT COLLATE "C" NOT NULL UNIQUE,
	email_key       TEXT COLLATE "C" NOT NULL UNIQUE,
	email_verified  BOOLEAN      NOT NULL DEFAULT FALSE,
	pending_email   TEXT         NOT NULL DEFAULT '',
	display_name    TEXT         NOT NULL DEFAULT '',
	given_name      TEXT         NOT NULL DEFAULT '',
	family_name     TEXT         NOT NULL DEFAULT '',
	pronouns        TEXT         NOT NULL DEFAULT '',
	bio             TEXT         NOT NULL DEFAULT '',
	phone           TEXT         NOT NULL DEFAULT '',
	address         JSON         NOT NULL DEFAULT '{}',
	birthday        TEXT         NOT NULL DEFAULT '',
	links           JSON         NOT NULL DEFAULT '[]',
	custom          JSON         NOT NULL DEFAULT 'null',
	picture         JSON         NOT NULL DEFAULT 'null',
	disabled        BOOLEAN      NOT NULL DEFAULT FALSE,
	version         BIGINT      NOT NULL DEFAULT 1,
	updated_at      TIMESTAMPTZ  NOT NULL DEFAULT now()
);
ALTER SEQUENCE users_id_seq OWNED BY users.id;
