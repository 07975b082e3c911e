-- +goose Up
CREATE TABLE profilekit_passwords (
	user_id TEXT NOT NULL PRIMARY KEY,
	hash    TEXT NOT NULL
);
