-- +goose Up
-- The bytes that authenticators know a user by: 64 random ones, or the text of the user's
-- id for a user who had passkeys before this table was there. A row is made when its user
-- begins to add the first passkey, and stays as long as the user. created_at is
-- microseconds since 1970.
CREATE TABLE profilekit_passkey_handles (
	user_id    TEXT COLLATE "C" PRIMARY KEY,
	handle     BYTEA            NOT NULL UNIQUE,
	created_at BIGINT           NOT NULL
);
