-- +goose Up
-- Everything else names a user by text and without a foreign key, so that it
-- works beside a users table of any key type. COLLATE "C" compares bytes: the
-- order of identifiers must not depend on the server's locale.
CREATE TABLE profilekit_activity (
	id      TEXT COLLATE "C" PRIMARY KEY,
	user_id TEXT COLLATE "C" NOT NULL,
	kind    TEXT COLLATE "C" NOT NULL,
	at      TIMESTAMPTZ      NOT NULL,
	ip      TEXT             NOT NULL DEFAULT '',
	device  TEXT             NOT NULL DEFAULT '',
	place   TEXT             NOT NULL DEFAULT '',
	detail  JSON             NOT NULL DEFAULT '{}'
);
CREATE INDEX profilekit_activity_user ON profilekit_activity (user_id, at DESC, id DESC);
CREATE INDEX profilekit_activity_kind ON profilekit_activity (user_id, kind, at DESC, id DESC);
-- Rows arrive in the order of at, so a block range index is enough to purge by.
CREATE INDEX profilekit_activity_at ON profilekit_activity USING brin (at);

CREATE TABLE profilekit_settings (
	user_id    TEXT COLLATE "C" PRIMARY KEY,
	data       JSON        NOT NULL,
	version    BIGINT      NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL
);

-- Times of sessions, read with every request, are microseconds since 1970:
-- a number is read in a fraction of the time that a text takes to parse. To
-- look at one: to_timestamp(idle_until / 1e6).
CREATE TABLE profilekit_sessions (
	id           TEXT COLLATE "C" PRIMARY KEY,
	user_id      TEXT COLLATE "C" NOT NULL,
	token_hash   BYTEA       NOT NULL UNIQUE,
	level        TEXT        NOT NULL,
	remember     BOOLEAN     NOT NULL,
	ip           TEXT        NOT NULL,
	device       TEXT        NOT NULL,
	place        TEXT        NOT NULL,
	created_at   BIGINT      NOT NULL,
	proved_at    BIGINT      NOT NULL,
	last_used_at BIGINT      NOT NULL,
	idle_until   BIGINT      NOT NULL,
	expires_at   BIGINT      NOT NULL
);
CREATE INDEX profilekit_sessions_user ON profilekit_sessions (user_id);
CREATE INDEX profilekit_sessions_end ON profilekit_sessions (least(idle_until, expires_at));

-- Here too, because the waits are computed on them.
CREATE TABLE profilekit_throttle (
	key       TEXT COLLATE "C" PRIMARY KEY,
	tries     BIGINT  NOT NULL,
	first_at  BIGINT  NOT NULL,
	last_at   BIGINT  NOT NULL,
	next_at   BIGINT  NOT NULL,
	forget_at BIGINT  NOT NULL,
	allowed   BOOLEAN NOT NULL
);
CREATE INDEX profilekit_throttle_forget ON profilekit_throttle (forget_at);

CREATE TABLE profilekit_blobs (
	key     TEXT COLLATE "C" PRIMARY KEY,
	user_id TEXT COLLATE "C" NOT NULL,
	state   TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'live', 'dead', 'claimed')),
	at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX profilekit_blobs_state ON profilekit_blobs (state, at) WHERE state <> 'live';
CREATE INDEX profilekit_blobs_user ON profilekit_blobs (user_id);
