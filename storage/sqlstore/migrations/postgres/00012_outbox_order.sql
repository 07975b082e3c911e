-- +goose Up
-- The order of the outbox. A lower class goes first: 0 are links and codes, 2 are notices,
-- and 1 is what a node of the version before writes, which does not say. The turn of an item
-- is created_at + held, microseconds since 1970; held is by how much it stands back behind
-- others of its user. While claimed is set, next_at is the end of a claim, and otherwise the
-- time from which the item may be claimed. user_id is '' for nobody's, for dead letters and
-- for what a node of the version before writes: of those no order is kept.
ALTER TABLE profilekit_outbox
	ADD COLUMN class   BIGINT           NOT NULL DEFAULT 1,
	ADD COLUMN user_id TEXT COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN held    BIGINT           NOT NULL DEFAULT 0,
	ADD COLUMN claimed BOOLEAN          NOT NULL DEFAULT FALSE;
CREATE INDEX profilekit_outbox_turn ON profilekit_outbox (class, (created_at + held), id, next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_line ON profilekit_outbox (user_id, class, (created_at + held), id, next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_claimed ON profilekit_outbox (next_at, user_id, class) WHERE claimed;
