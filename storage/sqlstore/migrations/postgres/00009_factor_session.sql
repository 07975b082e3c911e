-- +goose Up
-- The session that began a pending factor, followed by ':' and the factor's id; '' of a
-- factor that is confirmed. Releases of before kept the session at the beginning of data.
-- What they begin has '' here, or, written over a newer row, the id of that row: it counts
-- as not begun, on both sides. It ends within 10 minutes, and its owner begins anew.
ALTER TABLE profilekit_factors ADD COLUMN IF NOT EXISTS session_id TEXT COLLATE "C" NOT NULL DEFAULT '';
