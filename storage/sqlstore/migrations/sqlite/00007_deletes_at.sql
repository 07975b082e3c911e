-- +goose Up
ALTER TABLE users ADD COLUMN deletes_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX profilekit_users_deletes_at ON users (deletes_at) WHERE deletes_at > 0;
