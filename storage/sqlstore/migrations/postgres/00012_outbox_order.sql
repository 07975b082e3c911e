-- +goose Up
-- The order of the outbox. A lower class goes first: 0 are links and codes, 2 are notices,
-- and 1 is what a node of the version before writes, which does not say. The turn of an item
-- is created_at + held, microseconds since 1970; held is by how much it stands back behind
-- others of its group. While claimed is set, next_at is the end of a claim, and otherwise the
-- time from which the item may be claimed. Those of one group keep their order; group_id does
-- not tell whose they are, and is '' for dead letters and for what a node of the version
-- before writes, which has no order.
ALTER TABLE profilekit_outbox ADD COLUMN class BIGINT NOT NULL DEFAULT 1;
ALTER TABLE profilekit_outbox ADD COLUMN group_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE profilekit_outbox ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE profilekit_outbox ADD COLUMN claimed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX profilekit_outbox_turn ON profilekit_outbox (class, (created_at + held), id, next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_group ON profilekit_outbox (group_id, class, (created_at + held), id, next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_claimed ON profilekit_outbox (next_at, group_id, class) WHERE claimed;
