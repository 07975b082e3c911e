-- +goose Up
-- SQLite has had this index from the start; the step keeps the versions of
-- both databases alike.
SELECT 1;
