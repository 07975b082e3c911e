-- +goose NO TRANSACTION
-- +goose Up
-- The block range index could not carry the purge: it knows nothing of rows
-- since the last VACUUM and forgets nothing that was deleted, so that looking
-- for old events came to read the whole table. The new one is made while the
-- feed is written to. A build that was interrupted leaves an index that is not
-- valid; it is dropped and made again.
DROP INDEX CONCURRENTLY IF EXISTS profilekit_activity_time;
CREATE INDEX CONCURRENTLY profilekit_activity_time ON profilekit_activity (at);
DROP INDEX CONCURRENTLY IF EXISTS profilekit_activity_at;
