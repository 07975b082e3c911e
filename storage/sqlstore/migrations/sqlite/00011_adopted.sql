-- +goose Up
-- Whether an account was made elsewhere and taken over, see profile.User. Of the rows that
-- are there, these get the mark: the address is not proved, no event says that the account
-- was registered here, and some event is a day older than the account, so that events of
-- that time are still kept. A row of which this is not certain gets none: what a stranger
-- left in a sign-up must not outlive the reset by the owner of the address.
ALTER TABLE users ADD COLUMN adopted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET adopted = TRUE WHERE NOT email_verified
	AND created_at - 86400000000 >= (SELECT min(at) FROM profilekit_activity)
	AND NOT EXISTS (SELECT 1 FROM profilekit_activity a WHERE a.user_id = CAST(users.id AS TEXT) AND a.kind = 'auth.registered');
