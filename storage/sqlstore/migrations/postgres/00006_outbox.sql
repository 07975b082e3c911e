-- +goose Up
-- Messages that wait. Their bodies are sealed; dead letters keep a reason.
CREATE TABLE profilekit_outbox (
	id         TEXT COLLATE "C" PRIMARY KEY,
	body       BYTEA            NOT NULL,
	attempts   BIGINT           NOT NULL,
	created_at BIGINT           NOT NULL,
	next_at    BIGINT           NOT NULL,
	dead       BOOLEAN          NOT NULL,
	reason     TEXT             NOT NULL
);
CREATE INDEX profilekit_outbox_next ON profilekit_outbox (next_at) WHERE NOT dead;
CREATE INDEX profilekit_outbox_dead ON profilekit_outbox (next_at) WHERE dead;
