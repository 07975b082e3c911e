-- +goose Up
-- Passwords of users who are in a table of the host's own; those of our users
-- are in users.password_hash.
CREATE TABLE profilekit_passwords (
	user_id TEXT COLLATE "C" PRIMARY KEY,
	hash    TEXT NOT NULL
);
