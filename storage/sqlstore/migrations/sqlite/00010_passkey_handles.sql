-- +goose Up
-- The bytes that authenticators know a user by: 64 random ones, or the text of the user's
-- id for a user who had passkeys before this table was there. A row is made when its user
-- begins to add the first passkey, and stays as long as the user. created_at is
-- microseconds since 1970.
CREATE TABLE profilekit_passkey_handles (
	user_id    TEXT    NOT NULL PRIMARY KEY,
	handle     BLOB    NOT NULL UNIQUE,
	created_at INTEGER NOT NULL
);

-- Until now the id was the handle of every passkey. Its user keeps it, also when the last of
-- these passkeys is removed before another one is added: an authenticator may still hold it,
-- and the new one takes its place there by the same handle alone.
INSERT INTO profilekit_passkey_handles (user_id, handle, created_at)
SELECT user_id, CAST(user_id AS BLOB), min(created_at) FROM profilekit_factors
WHERE kind = 'passkey' AND NOT pending AND length(CAST(user_id AS BLOB)) BETWEEN 1 AND 64 GROUP BY user_id;
