-- +goose NO TRANSACTION
-- +goose Up
-- Whether an account was made elsewhere and taken over, see profile.User. An adoption makes
-- the column itself, with the mark in every row. Of the rows of an older database these get
-- the mark: the address is not proved, no event says that the account was registered here,
-- and either the account is no younger than the adoption, which recorded migration 1, or
-- some event is a day older than the account, so that events of that time are still kept.
-- A row of which this is not certain gets none: what a stranger left in a sign-up must not
-- outlive the reset by the owner of the address. Both statements can be made again; in one
-- transaction the first would keep readers out for as long as the second takes.
ALTER TABLE users ADD COLUMN IF NOT EXISTS adopted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET adopted = TRUE WHERE NOT email_verified AND NOT adopted
	AND (created_at <= (SELECT (min(tstamp) AT TIME ZONE current_setting('TimeZone')) AT TIME ZONE 'UTC' FROM profilekit_migrations WHERE version_id = 1)
	OR (created_at AT TIME ZONE 'UTC') - INTERVAL '1 day' >= (SELECT min(at) FROM profilekit_activity))
	AND NOT EXISTS (SELECT 1 FROM profilekit_activity a WHERE a.user_id = users.id::text AND a.kind = 'auth.registered');
