-- +goose Up
-- SQLite has had this index from the start, under another name. Made anew it
-- keeps the databases alike, and lets the step be done only once: of processes
-- that start together the second finds no index to drop.
DROP INDEX profilekit_activity_at;
CREATE INDEX profilekit_activity_time ON profilekit_activity (at);
