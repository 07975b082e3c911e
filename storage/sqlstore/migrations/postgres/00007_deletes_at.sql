-- +goose NO TRANSACTION
-- +goose Up
-- When an account will be erased: microseconds since 1970, 0 for never. The
-- index has only those few, and is made while the table is written to; a build
-- that was interrupted leaves one that is not valid, which is made again.
ALTER TABLE users ADD COLUMN IF NOT EXISTS deletes_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX CONCURRENTLY IF EXISTS profilekit_users_deletes_at;
CREATE INDEX CONCURRENTLY profilekit_users_deletes_at ON users (deletes_at) WHERE deletes_at > 0;
