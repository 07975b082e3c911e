-- A database of commit 7817c0d, see README.md: sqlite, separate.

CREATE TABLE people (
	id           TEXT PRIMARY KEY,
	username_key TEXT NOT NULL UNIQUE,
	email_key    TEXT NOT NULL UNIQUE,
	profile      TEXT NOT NULL
);
CREATE TABLE profilekit_activity (
	id      TEXT    NOT NULL PRIMARY KEY,
	user_id TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	ip      TEXT    NOT NULL DEFAULT '',
	device  TEXT    NOT NULL DEFAULT '',
	place   TEXT    NOT NULL DEFAULT '',
	detail  TEXT    NOT NULL DEFAULT '{}'
);
CREATE TABLE profilekit_blobs (
	key     TEXT    NOT NULL PRIMARY KEY,
	user_id TEXT    NOT NULL,
	state   TEXT    NOT NULL CHECK (state IN ('pending', 'live', 'dead', 'claimed')),
	at      INTEGER NOT NULL
);
CREATE TABLE profilekit_factors (
	id           TEXT    NOT NULL PRIMARY KEY,
	user_id      TEXT    NOT NULL,
	kind         TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	lookup       TEXT    NOT NULL,
	counter      INTEGER NOT NULL,
	data         BLOB    NOT NULL,
	pending      BOOLEAN NOT NULL,
	created_at   INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
);
CREATE TABLE profilekit_holds (
	key     TEXT    NOT NULL,
	user_id TEXT    NOT NULL,
	ends_at INTEGER NOT NULL,
	PRIMARY KEY (key, user_id)
);
CREATE TABLE profilekit_migrations (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE profilekit_outbox (
	id         TEXT    NOT NULL PRIMARY KEY,
	body       BLOB    NOT NULL,
	attempts   INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	next_at    INTEGER NOT NULL,
	dead       BOOLEAN NOT NULL,
	reason     TEXT    NOT NULL
);
CREATE TABLE profilekit_passwords (
	user_id TEXT NOT NULL PRIMARY KEY,
	hash    TEXT NOT NULL
);
CREATE TABLE profilekit_sessions (
	id           TEXT    NOT NULL PRIMARY KEY,
	user_id      TEXT    NOT NULL,
	token_hash   BLOB    NOT NULL UNIQUE,
	level        TEXT    NOT NULL,
	remember     BOOLEAN NOT NULL,
	ip           TEXT    NOT NULL,
	device       TEXT    NOT NULL,
	place        TEXT    NOT NULL,
	created_at   INTEGER NOT NULL,
	proved_at    INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	idle_until   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
);
CREATE TABLE profilekit_settings (
	user_id    TEXT    NOT NULL PRIMARY KEY,
	data       TEXT    NOT NULL CHECK (json_valid(data)),
	version    INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
);
CREATE TABLE profilekit_throttle (
	key       TEXT    NOT NULL PRIMARY KEY,
	tries     INTEGER NOT NULL,
	first_at  INTEGER NOT NULL,
	last_at   INTEGER NOT NULL,
	next_at   INTEGER NOT NULL,
	forget_at INTEGER NOT NULL,
	allowed   BOOLEAN NOT NULL
);
CREATE TABLE profilekit_tickets (
	hash       BLOB    NOT NULL PRIMARY KEY,
	purpose    TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	slot       INTEGER,
	data       BLOB    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
);
CREATE TABLE users (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	username        VARCHAR(50)  NOT NULL UNIQUE CHECK (length(username) <= 50),
	email           VARCHAR(100) NOT NULL UNIQUE CHECK (length(email) <= 100),
	password_hash   TEXT         NOT NULL DEFAULT '',
	profile_picture TEXT,
	role            VARCHAR(20)  DEFAULT 'user' CHECK (length(role) <= 20),
	created_at      INTEGER      NOT NULL,
	username_key    TEXT         NOT NULL UNIQUE,
	email_key       TEXT         NOT NULL UNIQUE,
	email_verified  BOOLEAN      NOT NULL DEFAULT FALSE,
	pending_email   TEXT         NOT NULL DEFAULT '',
	display_name    TEXT         NOT NULL DEFAULT '',
	given_name      TEXT         NOT NULL DEFAULT '',
	family_name     TEXT         NOT NULL DEFAULT '',
	pronouns        TEXT         NOT NULL DEFAULT '',
	bio             TEXT         NOT NULL DEFAULT '',
	phone           TEXT         NOT NULL DEFAULT '',
	address         TEXT         NOT NULL DEFAULT '{}' CHECK (json_valid(address)),
	birthday        TEXT         NOT NULL DEFAULT '',
	links           TEXT         NOT NULL DEFAULT '[]' CHECK (json_valid(links)),
	custom          TEXT         NOT NULL DEFAULT 'null' CHECK (json_valid(custom)),
	picture         TEXT         NOT NULL DEFAULT 'null' CHECK (json_valid(picture)),
	disabled        BOOLEAN      NOT NULL DEFAULT FALSE,
	version         INTEGER      NOT NULL DEFAULT 1,
	updated_at      INTEGER      NOT NULL
, deletes_at INTEGER NOT NULL DEFAULT 0);

INSERT INTO people (id, username_key, email_key, profile) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000001', 'ada', 'ada@example.org', '{"ID":"5f1d7a52-0c3e-4b8e-9a64-000000000001","Username":"ada","Email":"ada@example.org","EmailVerified":true,"PendingEmail":"","DisplayName":"Ada, Countess of Lovelace","GivenName":"Ada","FamilyName":"King","Pronouns":"she/her","Bio":"It''s \"poetical science\".\nC:\\notes — čeština, 日本語, 🚲","Phone":"+420601123456","Address":{"line1":"12 St James''s Square","city":"London","country":"GB"},"Birthday":"1915-12-10","Links":["https://example.org/ada?a=1\u0026b=2","https://example.com/"],"Custom":{"team":{"name":"engines","size":2}},"Picture":{"base":"6qaelkkc7pm2xgz2tfvmwzle66","ext":"jpg","sizes":[512,256,128,64],"placeholder":"2vkJpyhwenbAZ4iHeKiGeIiGB7eMj8cI"},"Role":"user","Disabled":false,"DeletesAt":"0001-01-01T00:00:00Z","Version":6,"CreatedAt":"2025-11-03T09:30:00.183456Z","UpdatedAt":"2025-11-03T09:30:00.863456Z"}');
INSERT INTO people (id, username_key, email_key, profile) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000002', 'bob', 'bob@example.org', '{"ID":"5f1d7a52-0c3e-4b8e-9a64-000000000002","Username":"bob","Email":"bob@example.org","EmailVerified":false,"PendingEmail":"","DisplayName":"","GivenName":"","FamilyName":"","Pronouns":"","Bio":"","Phone":"","Address":{},"Birthday":"","Links":null,"Custom":null,"Picture":{},"Role":"user","Disabled":false,"DeletesAt":"0001-01-01T00:00:00Z","Version":1,"CreatedAt":"2025-11-03T11:30:01.063456Z","UpdatedAt":"2025-11-03T11:30:01.063456Z"}');
INSERT INTO people (id, username_key, email_key, profile) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000003', 'cyd', 'cyd@example.org', '{"ID":"5f1d7a52-0c3e-4b8e-9a64-000000000003","Username":"cyd","Email":"cyd@example.org","EmailVerified":true,"PendingEmail":"cyd@example.com","DisplayName":"","GivenName":"","FamilyName":"","Pronouns":"","Bio":"","Phone":"","Address":{},"Birthday":"","Links":null,"Custom":null,"Picture":{},"Role":"user","Disabled":false,"DeletesAt":"0001-01-01T00:00:00Z","Version":3,"CreatedAt":"2025-11-03T11:30:01.403456Z","UpdatedAt":"2025-11-03T11:30:01.663456Z"}');
INSERT INTO people (id, username_key, email_key, profile) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000004', 'dee-2', 'dee@example.com', '{"ID":"5f1d7a52-0c3e-4b8e-9a64-000000000004","Username":"dee-2","Email":"dee@example.com","EmailVerified":true,"PendingEmail":"","DisplayName":"","GivenName":"","FamilyName":"","Pronouns":"","Bio":"","Phone":"","Address":{},"Birthday":"","Links":null,"Custom":null,"Picture":{},"Role":"user","Disabled":false,"DeletesAt":"0001-01-01T00:00:00Z","Version":5,"CreatedAt":"2025-11-03T11:30:01.743456Z","UpdatedAt":"2025-11-03T11:30:02.143456Z"}');
INSERT INTO people (id, username_key, email_key, profile) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000005', 'eve', 'eve@example.org', '{"ID":"5f1d7a52-0c3e-4b8e-9a64-000000000005","Username":"eve","Email":"eve@example.org","EmailVerified":false,"PendingEmail":"","DisplayName":"","GivenName":"","FamilyName":"","Pronouns":"","Bio":"","Phone":"","Address":{},"Birthday":"","Links":null,"Custom":null,"Picture":{},"Role":"user","Disabled":false,"DeletesAt":"2025-11-17T11:30:02.523456Z","Version":2,"CreatedAt":"2025-11-03T11:30:02.213456Z","UpdatedAt":"2025-11-03T11:30:02.553456Z"}');

INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4e6d-774b-a0d3-264d7afa83a6', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.registered', 1762162200173456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4f0d-774b-a94f-1484e6214ba3', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.email_verified', 1762162200333456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4f7b-774b-a3a7-a7f98a177aea', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'profile.updated', 1762162200443456, '2001:db8::/48', 'curl', 'Brno', '{"fields":"displayName,givenName,familyName,bio,address,birthday,links,pronouns,custom"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4f8f-774b-95dc-50b3dd4067aa', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'settings.changed', 1762162200463456, '2001:db8::/48', 'curl', 'Brno', '{"sections":"appearance,locale,timeZone,privacy,notifications"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4fa3-774b-aeee-eb4380ea0e76', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'shop.ordered', 1762162200483456, '2001:db8::/48', 'curl', 'Brno', '{"order":"1234"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4fcb-774b-b309-0b41ab49937e', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'picture.changed', 1762162200523456, '', '', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-4fe9-774b-ad44-22c6b22ab6e9', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'picture.changed', 1762162200553456, '', '', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-502f-774b-a14e-e99a1ca1e87b', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.reauthenticated', 1762162200623456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"totp"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-502f-774b-a733-e5b77819798f', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.factor_added', 1762162200623456, '203.0.113.0/24', 'Firefox on Linux', '', '{"endedSessions":"0","method":"totp"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-507f-774b-b194-f8135ce95014', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.factor_added', 1762162200703456, '203.0.113.0/24', 'Firefox on Linux', '', '{"endedSessions":"0","method":"passkey"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-507f-774b-b4a5-68bdc633c9a4', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.reauthenticated', 1762162200703456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"passkey"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-50f7-774b-8c10-7edfb381cdf8', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.reauthenticated', 1762162200823456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"sms"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-50f7-774b-9549-c92cdf77044e', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.factor_added', 1762162200823456, '203.0.113.0/24', 'Firefox on Linux', '', '{"endedSessions":"0","method":"sms"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a490d-518d-774b-ba3b-ada9cc5af8a7', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.sign_in', 1762162200973456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"passkey"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-2edd-774b-b7d0-20ebd91493a7', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 'auth.registered', 1762169401053456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-2f73-774b-bf57-a1b2783021e2', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 'auth.sign_in_failed', 1762169401203456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"password","reason":"wrong"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-2f9b-774b-8025-10630fb61b22', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 'auth.sign_in_failed', 1762169401243456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"password","reason":"wrong"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-2fc3-774b-beb7-fb1b28a1e7d7', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 'auth.sign_in_failed', 1762169401283456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"password","reason":"wrong"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-2ff5-774b-ac44-20dfce2fc09f', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 'auth.reset_requested', 1762169401333456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3031-774b-8642-9bad6f0b16b8', '5f1d7a52-0c3e-4b8e-9a64-000000000003', 'auth.registered', 1762169401393456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-30d1-774b-a135-de0672d578ac', '5f1d7a52-0c3e-4b8e-9a64-000000000003', 'auth.email_verified', 1762169401553456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3135-774b-b5fa-7690c443461f', '5f1d7a52-0c3e-4b8e-9a64-000000000003', 'auth.email_change_requested', 1762169401653456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3185-774b-a8d6-506e240ad01c', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 'auth.registered', 1762169401733456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3225-774b-8b08-285469799c7e', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 'auth.email_verified', 1762169401893456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3289-774b-aee1-fd158cd9ff65', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 'auth.email_change_requested', 1762169401993456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-32d9-774b-9732-70752a159140', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 'auth.email_changed', 1762169402073456, '203.0.113.0/24', 'Firefox on Linux', '', '{"endedSessions":"0"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3315-774b-b255-9491d9e2bc35', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 'profile.updated', 1762169402133456, '', '', '', '{"fields":"username"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-335b-774b-b238-1b13f856ca53', '5f1d7a52-0c3e-4b8e-9a64-000000000005', 'auth.registered', 1762169402203456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-3473-774b-85f9-29b29e35c1e2', '5f1d7a52-0c3e-4b8e-9a64-000000000005', 'auth.sign_in', 1762169402483456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"password"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-349b-774b-b91f-fdb0d57be278', '5f1d7a52-0c3e-4b8e-9a64-000000000005', 'profile.deletion_requested', 1762169402523456, '203.0.113.0/24', 'Firefox on Linux', '', '{"at":"2025-11-17T11:30:02Z","endedSessions":"2"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a497b-34f5-774b-b75b-1b6cd93b6081', '5f1d7a52-0c3e-4b8e-9a64-000000000005', 'auth.sign_in', 1762169402613456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"password"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a49e9-12f9-774b-a9c9-f713f5e2868a', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.device_trusted', 1762176602873456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a49e9-12f9-774b-ae9a-2c9bfaa30a01', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.sign_in', 1762176602873456, '203.0.113.0/24', 'Firefox on Linux', '', '{"method":"totp"}');
INSERT INTO profilekit_activity (id, user_id, kind, at, ip, device, place, detail) VALUES ('019a49e9-13fd-774b-ac45-6e6fe936bc5d', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'auth.recovery_requested', 1762176603133456, '203.0.113.0/24', 'Firefox on Linux', '', '{}');

INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('6qaelkkc7pm2xgz2tfvmwzle66-128.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'live', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('6qaelkkc7pm2xgz2tfvmwzle66-256.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'live', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('6qaelkkc7pm2xgz2tfvmwzle66-512.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'live', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('6qaelkkc7pm2xgz2tfvmwzle66-64.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'live', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ada-coming.png', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'pending', 1762162200573456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ada-swept.png', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'claimed', 1762162200503456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ch5bcbxldhwpehbmyhgazj32bg-128.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'dead', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ch5bcbxldhwpehbmyhgazj32bg-256.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'dead', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ch5bcbxldhwpehbmyhgazj32bg-512.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'dead', 1762162200553456);
INSERT INTO profilekit_blobs (key, user_id, state, at) VALUES ('ch5bcbxldhwpehbmyhgazj32bg-64.jpg', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'dead', 1762162200553456);

INSERT INTO profilekit_factors (id, user_id, kind, name, lookup, counter, data, pending, created_at, last_used_at, expires_at) VALUES ('493109eedca3103f906786f4a7bf5feb', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'sms', '•••321', '', 0, X'63303331303230663937323064366637323962656635343838616365373230390A010564756D7073E766C9DC1E0E2FB617DF05DE420D4BAD647F7F4138F057621FC3D4CE455510AF0BA3586E60A07A10EC23B95B3DBFA86D22867A4632', 1, 1762162200903456, -62135596800000000, 1762162800903456);
INSERT INTO profilekit_factors (id, user_id, kind, name, lookup, counter, data, pending, created_at, last_used_at, expires_at) VALUES ('9598f327053b448d47b6d02fe7ba89a9', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'sms', '•••456', '', 0, X'010564756D7073AAD6194CAE7981CE2E8573E7A2E1F248C252AB29EC865EF649D77D50EC9EF60946B5F6D85A85F7DAAD431D676A6567B20A05C5F257', 0, 1762162200753456, 1762162200823456, 9223372036854775807);
INSERT INTO profilekit_factors (id, user_id, kind, name, lookup, counter, data, pending, created_at, last_used_at, expires_at) VALUES ('a034d132ef7b0f8244acf8777bb7d5ba', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'totp', 'Phone', '', 58739220, X'010564756D707329647AE28BF7678C69135D83358C60520B4C190DF50088F7CF0B37F5A60DBFAE752862DB9026422C742E756280F826D00440D1309FCFDF2620D36505', 0, 1762162200593456, 1762176602903456, 9223372036854775807);
INSERT INTO profilekit_factors (id, user_id, kind, name, lookup, counter, data, pending, created_at, last_used_at, expires_at) VALUES ('d642b78e832ffeb7f4b386f4e0fae360', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 'passkey', 'Laptop', '6s6ZhHSOniJ5ZvDE9akNAsdT2k-h9_0tbeTf8dKpFsU', 0, X'7B227075626C69634B6579223A22705145434179596741534659494F387A39534234484E6D34484A486B737A747737747279426B414555372F31746377337373304C4F6D2F7A496C67674C38543079565949316D5678384C6E556F5854335142367739706553682F787A474E5A3659576E6D6E79383D222C227472616E73706F727473223A5B22696E7465726E616C225D2C227576223A747275657D', 0, 1762162200703456, 1762162200973456, 9223372036854775807);

INSERT INTO profilekit_holds (key, user_id, ends_at) VALUES ('email:a00837b14d2717bc16e2b4a02d1bac501a30904498ab4b9c9b3292ed93c1c6a2', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 1762515061993456);
INSERT INTO profilekit_holds (key, user_id, ends_at) VALUES ('username:17ab366a9d57dfa9b9c117375e0592c8b77a84176b9e250c3c56aa1c7ddf52e8', '', 1765974602443456);
INSERT INTO profilekit_holds (key, user_id, ends_at) VALUES ('username:5457c4ead72d554a44bd792bf88aa1c4da79b23b08b1e58982ff1eddf6c3fd71', '5f1d7a52-0c3e-4b8e-9a64-000000000004', 1764761402153456);

INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (4, 3, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (5, 4, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (6, 5, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (7, 6, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (8, 7, 1, '2025-11-03 09:30:00');
INSERT INTO profilekit_migrations (id, version_id, is_applied, tstamp) VALUES (9, 8, 1, '2025-11-03 09:30:00');

INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('2R2WXASD7AKNWFLN3ZKAQ5K2TU', X'010564756D7073A9D4266D4DA03F0449343EA40ABF082EE1A0B1F2F296BA92062E4E00B2532E7BFF16809303E057C01BCF93C1D01B5E3BDBD0496AA0B0AE4FD1424A059978022BA328384178D5FAB8872C80FC995B1691472AD1308F104A6E9686B65DA8F1C7FA1B1081C88184D41E1D4AFF7CEA49D8F6FEFB3256214DAED3765E5BDEFAB1702043DC496FCB52FB8D592E916B39FD15A8D23790E87A01F8272663A3095F3FC8C6AC4E712DB91BCA6BD5DEC2B553D06A59B50A2E64CB07B756E3CB666B408A64B83B19B24BCA0DF7F62EF809E404E58DCF7E096CAC472E2A434A3F9F6A9B321B84D4FFEFF9C426FF91BEECDFF932B9EBC20BDAFA48B86303A8D70425A07227BC59BD19E432AEE67BE551AECB99392E095EC5743286DBD61E5BDD5689E4ECFB2C04702B67D52E189842E0D00C35E915EFBB72C5FCEFD4B23B0E01BFBA5999C2B89C8ABC9DD9452A8A74AE2C89ADDE2E950651B2657CE21CD1444FE4A5737AD3CB11D0B2215799EC48A44097', 0, 1762176603043456, 1762176603043456, 0, '');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('GGBFFVE5BSJRJRQS6PO5ZHG5V2', X'010564756D70736E22C18F15BE32DEACDD146A3722C2FAAFCC542521827005F757F513E3001B181BB2DB495A456BF2254D5A2B95556131F92149231CAC2A002BCF3999F0135067C7FE857EE4E167067B145C28D8958B8EB6E0072D3E1EFBCBC013877682A99A4161CE6D9DC9C8120D61973704A5627A5C6B101A8A03DAD946044D20687B3A6A3389BE1FDF51B0A024F47179DEBC6BC478D26CAF1313B92ECE1A6D4710242D2BBD6507BF23A8CD5AAEB3C3BF91EFF9DF9D1D506EF85AA0099F22D38834AB4520F3D8430C963741B75A61E8E4D4FB4C921E7EF6583D6D3020408A17E83D50AD23E5115FA17A370F4B0BCA4448F82C7E15AFB5CD5942209FF201354FC97E923D241BEBCF6A7CC1B1E4160BCF9E3BB4D187AEC5DB53C058456C23518A471206B4142A6F9AE1F0197334807A9144C56F2965BFEF0D9A8C0A60BAC0E9326EA8B17E36696819E18DEA70DA5AC4300F1700C749E71937042C88BB8CBBB8CEACCD5040765BDDEC8E65F918440E222AA09B04900A9FCA49DA8138F27A2B993CFDAD14CD62F87AA2127DB56831955665270721FF027430E6063F0F4BC03600091C926C974259B6C2E4AA2283390E9A09CF0CFB3419396F8749C49847551A1D480AB9803FC9EF079E6469116EBDDE537ED862FD22C065A757CB6C67E4D8C09E3412D0D65DED8F88980D533603B9E53921CC5AD49774604841ABA5F2058B51970D590F39D7586AB9F0B49C101763BB56', 1, 1762176602933456, 1762177203173456, 0, '');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('IBOIFXL35IUKCADBGD7DAJIK64', X'010564756D70739928530C9018D8BD657C6E7057281FABF69B0971983B8EA1A044E8F9336BAA03D1CD98C562F21ECFFE3BCE10B7C19C067608AE642EA04F4573336EB9C40726D83543551D86E3156D8EB39CCCDBCC961FFA29D80D0C8CD7435B77B43E997B3CA94E88FEA0C339BCBAF327BE21939F0AD73C687C29AF1BAD5D123CA7A5C612DD10D2E07DCD64AD1E6AFF5236AAEB52CE0DFE376D551B54CF71F4286E0F4DB6616B91FF77D699189143C3598C058245328C564BE6AAE7FBAD21662D5339F82CC28736CFC2B35495BA84B021AB89C7D66DC4DA237D522D86301436AEDAB998B7D00A56F94CB1DDF29982245F1752CF88E0B8802560C363326CA3E0723D53D098E6E75AC85ED484AE48295134CDCD41E85F7471D5A89B75645497C1E4672EE5BD1C876CBB7E0F3BFBB63BE69D9EE57D18EBDE23D6E8F4F6C010DC097E11DEECAFBAA5B713D0CA402F056E2A07F9BF31BBE498472D62D87B2FA022F308223455ADAFACEE92F0F4C2BD46B013D5418EAC2F7687ADFBDF5CE9E3102D79E728143BD2BD7FFDB37677F97B5E3075B343BF83191B4F81B6F7C18D892653CF0BA504BA8667', 1, 1762162200353456, 1762162200413456, 1, 'refused for good: 550 no such mailbox');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('NLHFWJFFNBK5QEP3GL4ODTHEKX', X'010564756D7073DC5A01E4F4F2936586214695EA56EC3ECB8300858C3B3CDC3F343814B160062ECFA51F8BAFBAE167202B0FDED42623F6E8665C18A7B69FC514BBDE63D310E7ACD9EF2D01E940DDDAE175E3A667E8B2E20F40AED33408EF8112DA413F409E9D824B50E251B8F24E99C872200EADB27EC5E3039E971678D44871BA61216F4D3EE4B2B4BD9F46366614D6845E9A8D90C35AD063D617761B4391D0B8B02537F87EB31AD5D3FA1E884E8947582FE572C910D690D050B893FF305EDAFD0E1A7E4FE81F7E62DB1264C3D58A6E05869EF862550631A9F9FC9C207F397C8A3463B1A031AF75DB5F41F7CA29E7CFBA37E36389F2FF3C4E3895EB1451C023DF1CC84F108B2BA7B746CB045890373471689C990A1142397434F4F052210427FBE11D2AB0BBFBDE403214766EAD6CA483308E424E43A49EDCD311C112A1BEA8FE39F23AC85CE05F2C228231F6BA8F6B2F3521B4B78E076188E2B0AE663978D336E5F46BC1FE9F38220C45EEC3B6FEBFC2E778D92AE259674D2A914526420BD6BA49568F2902124A239833D33B2565987AE1D21B89FB67AA1E63FDFFF3FDD9AAC9732F8D83242B7181BFAB042A2CD2EA2A0ACF7CEAACD4C8DAB6B5B422E34C471EC1C1A5835E5F567661713D5F9535945E2A7D98442A4DB340521D875A3CC5ADB57DA1DE903262D5BC54B3074BCDA7EC5CF34855B6D281D100BB65E99733254058A24093A018EF06C5A970E034C5799108D4D0FB8C72B6006C282D5E5D30DF5FBA1335844C0340870EFA0415E1691BC388E0', 1, 1762162200203456, 1762162200383456, 1, 'refused for good: 550 no such mailbox');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('VAPJAK2SUR7MOMLL77VYRZ4CJA', X'010564756D70737FFC0EAD921C6C2BAD2FBD18CB9B5A493CA8BEEBFAF0B577C9B3FF4A2906A61AB387075B2526E5CC6DA515F504798FE6EDDDEE01E6610B3BBC6C09698149753BFB8F1064C01EE3A111EFD71DC013B3F79811E9037218C2921E34B95013E4DDEA567B93F26A78BA1598144C7030DEEB1E9975E7FA99D8198E2F5CD650BC5B224C424721E0FC17E377F77C91DBAE32261BF4CDBFE09389B3149AA85CAED04C5E796670984676FC52112FE0E2AC2D0802B895E1E4B8AE0C667D96A2494CA84001586E14AC69DCFC5DA24ABB87BC5B9875B628D826201D9B247B64BA2CBCE661FD69C7C107B706F8EA42F7B08849839892F478D1106EDBCFAE27ED56A19EF18B5C8D57D91353C2B5FEC700F57FCB02B9BAC19C092ABE9E3E998E0EEE768F2D11977282975321BB3C8F6D124E94FEFAC58C9759C17E78857199B7656F88DB7978D64B724E2F7FA275BD4266DDD695804EE3AE44B04E205BC225467402359F93BE8C15CDF6C3800792F9A1B72D5BF4A446913B1660039126C8AE94EA40F5AB14051A85F3237A8B9E1130837D5BF587C224DF0FE5A62B72142AB2BA3840C2F4C7A9E9DA4E363479824A3096F9D9E9ADC9CA6779BC10268C47F9E19A282BA6BCF2A9DBE209A1520034C06DBFAD4CBBD81D2350633BAA7125E9BC9DE7BD62A56A12607DE321AE9BC3820CCD3755687DDEF1F89237329B14953B8FE4E0C05C0A13C8E20BBD070D157E7E3BF50521E0341B9DB5D79EF91E960C15599E4D9A87FB8A92F30CC0DD4A396D8FCCAB6ED564EF4825108FE3FFDAD8EBE1F33935678549E5', 0, 1762176603143456, 1762176603143456, 0, '');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('YK35Q7DHI2DFAQ56LQYQFKQJ3A', X'010564756D7073BC5568240EF08C5778EB5991C47D45933345C5F937BD142125AC0DD008C68484554404DAA535F94C97158B8A5BE308240EE589A30D951814EE16368183CFDFBD2EBE1DF90BF5C35042F9CEC9B111DB39C99C2D579A0892826562D2790100BA60F506C55AE613CE873171DB3A382804C1844A1D79245DA6B337FA749137BF004B076D837561BDCD780E450BCB9D2A96B7F3786304CC2B7D9465207084E1A3329B9BC0310B319CCC6627938E1F7CD0ECC03BBE036B9FFAEA74CCDD8AE613F38B852E1B0725238B0730D4E22CD75E9E3864734B3FC1AF6F6713164061088DEC24A79AA5548A36C31D209705966698C49B592E9B590062672F435274CE8078572912C02ABA52FAFADD7CBDDB65F31744390D1A7B379FA5F7FF81919C0552142D4E9B1511DE0D25760EB2662AAD38D835290DF05A870D0860AD01F8C17757170790058030970BF4E36BEA6B6C4BE264BF0FEA2636B88565AEE31BE165F7B5B8648868EF8C1EDE60A5957A8B6F5CC76136FA9ADA67E6473229818BB4F0C562E9B4C4515A54ABB51D13C9504253B43DA9F536', 0, 1762176603153456, 1762176603153456, 0, '');
INSERT INTO profilekit_outbox (id, body, attempts, created_at, next_at, dead, reason) VALUES ('ZKCGZYKUMEEXCJS7WW3PPTO5C2', X'010564756D7073784BF3CD22E430E205A9FFFD05B812346DF02529B9CD8D5229DBDAABB9F67E234BFAE3CDC292DA734C1AAD9FA50D830F813636CBA71327B89BA9987665653AAE622C0E503C7340FC528BEC277AA9EA97D9BAFFF9446E9F9258ECFBF662493B621E98BC1263562B605750BA52FFAB02973E871CE54C4AE653A399EAABE5F355F402B11BA36C1F0866DDD43ECBD87C258E3DC84890787DB8891E031AC3C7A8E55D4150FF2652D586A960AB1657355971EC00207113C8E2E8BE44BC7AB44C75F9E398D2B04FF954661BE5A9E1B06079C625FFB2A6F62AB3C95D40E0ACB7A1EF7FC2AE5AFBCCABC085027FDF19940833853D4577ED838039A72AC9AC5B8307D2EEF74E779062625F6A3267FEC8508BEC37DD4AD8F92E3BC3F1661DA5502B2F9C365A886EFAEA4E4DD131171E879D0CDFA1DCB61E06EC3025AEE803E585A336C2AF3E5EFB31D023EECDA3502EE44A470B47B88BBEF3574AE50A3BD9997456C6021DA742B955EA70EEECFF84392F07518254FABC8C8F0F9F093748539C2D3CCDCEE1F31DAFEF9D84372FDEB3E435192BB6F56C39D9D6FF9BA6E7CA09844C671C687D021F08E66D7E73B4741BBD82EF7850247E13D9987883B937DB7E177F61E4CA106A00A730DA3FF30374F76E55D1DF13D260A908E35DDC9297C6BEA39D26CB6230B8E3EE1E0F3A3F59BFDCE45201707D442B87FFC35A58127EC1FD12A6588ADE255FB5CE1E3068E600B28BB01224ABCFED0136F4DB44EE470AE287E4AD9A787D66CCFA2164C5604015D2179F87', 1, 1762162200283456, 1762162200403456, 1, 'refused for good: 550 no such mailbox');

INSERT INTO profilekit_passwords (user_id, hash) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000001', '$argon2id$v=19$m=8,t=1,p=1$jkonDHAovIhPj3ifROuxjg$qhBD16mM5TUwqXdOPY3GjopXsUeyhIHEl23vYqTL9pM');
INSERT INTO profilekit_passwords (user_id, hash) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000002', '$argon2id$v=19$m=8,t=1,p=1$17ThRwBIMFYdKG7IOv7LCw$Yv+yfgIDbzETpY+AWyiN2goeAw/kqW/Ko2VomSHppW0');
INSERT INTO profilekit_passwords (user_id, hash) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000003', '$argon2id$v=19$m=8,t=1,p=1$IcMIHul7zPn9EQ0L0Waljg$plhvG6kR2WUxOc17URfYFF88dfRKh8t1HBcL3prLbKk');
INSERT INTO profilekit_passwords (user_id, hash) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000004', '$argon2id$v=19$m=8,t=1,p=1$u6fMeOpiyp61i1npj+jRxQ$3Z+OnroLtmkNDV8cgLx90IFz9gi7ELy9UvJcGS4l2lU');
INSERT INTO profilekit_passwords (user_id, hash) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000005', '$argon2id$v=19$m=8,t=1,p=1$AzPSUG6UJtISrtK0IVYqhA$wukSAgTTej7fpz6UkVayDc16k0qZDwV9uab6eWSWKPI');

INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('2fe5db0b733d69d5f47d2b5f814a481b', '5f1d7a52-0c3e-4b8e-9a64-000000000001', X'C7E9409166857D68210F10B3481B116017BC701060E3E1AAE9C48506B856F8BB', 'half', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762176602973456, 1762176602973456, 1762176602973456, 1762177202973456, 1762177202973456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('3f53331ae1d442975037e8dacfa8e67d', '5f1d7a52-0c3e-4b8e-9a64-000000000004', X'C410BCCA9A05D71FFCDF46A5A38060EB5046E199084115D6793B09535D2F0BED', 'full', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762169401733456, 1762169401733456, 1762169401733456, 1762255801733456, 1762774201733456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('4284ada08d0d514958d08435d8643a3c', '5f1d7a52-0c3e-4b8e-9a64-000000000001', X'357B5637C566803AB4DD8134BE2B821BA4007BD13FD75DF3539FADE6F254449D', 'full', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762162200973456, 1762162200973456, 1762162200973456, 1762248600973456, 1762767000973456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('9191a8def37b4a0ba210d73515071dfd', '5f1d7a52-0c3e-4b8e-9a64-000000000001', X'42A82B69DA0CBF7A63448F429F68124E0E288D644A75ABFD1EBA5B189B760C62', 'device', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762176602873456, 1762176602873456, 1762176602873456, 1764768602873456, 1764768602873456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('97437e4ba94ef78557b696c4a52e33ed', '5f1d7a52-0c3e-4b8e-9a64-000000000002', X'119F41DD4B36E3950DC34754300668FE490B53B31BB163BB7F163E19B92F562E', 'full', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762169401053456, 1762169401053456, 1762169401053456, 1762255801053456, 1762774201053456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('993b526dc08fd93db1374a409726d296', '5f1d7a52-0c3e-4b8e-9a64-000000000005', X'5696852A0DAE1CC805D52AF2D5ABCD0F69C240D861EF5B0F5D1D3EFB9623DE3D', 'leaving', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762169402613456, 1762169402613456, 1762169402613456, 1762170002613456, 1762170002613456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('9e9a1f8a69996e55a40360c2f5c27c51', '5f1d7a52-0c3e-4b8e-9a64-000000000001', X'39B08E7417A53CCA07B54A9086741266F7B44B877B233700783C199568A2B662', 'full', 1, '203.0.113.0/24', 'Firefox on Linux', '', 1762176602843456, 1762176602873456, 1762176602843456, 1764768602873456, 1769952602873456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('c031020f9720d6f729bef5488ace7209', '5f1d7a52-0c3e-4b8e-9a64-000000000001', X'4C4F684A6D01FEDAF4B62D983A14279E2433535B4D8886CB570452653486781F', 'full', 1, '203.0.113.0/24', 'Firefox on Linux', '', 1762162200173456, 1762162200823456, 1762162200173456, 1764754200823456, 1769938200173456);
INSERT INTO profilekit_sessions (id, user_id, token_hash, level, remember, ip, device, place, created_at, proved_at, last_used_at, idle_until, expires_at) VALUES ('df17dfba24ccde65811a2cf8ad47bcde', '5f1d7a52-0c3e-4b8e-9a64-000000000003', X'27F6B510C54FD92E50C59E9059C952025EED686D80B32743594AE767992D5149', 'full', 0, '203.0.113.0/24', 'Firefox on Linux', '', 1762169401393456, 1762169401393456, 1762169401393456, 1762255801393456, 1762774201393456);

INSERT INTO profilekit_settings (user_id, data, version, updated_at) VALUES ('5f1d7a52-0c3e-4b8e-9a64-000000000001', '{"$schema":1,"appearance":{"fontScale":1.25,"theme":"dark"},"locale":"cs","notifications":{"product":{"email":true}},"privacy":{"fields":{"email":"private"},"visibility":"members"},"timeZone":"Europe/Prague"}', 1, 1762162200473456);

INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('code:eea604f3ffda8de9df8cd3a29a2e2087f7a677765fe0be567e22685e3b5526cf', 1, 1762162200843456, 1762162200843456, 1762162200843456, 1762162800843456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('deletion:user:5f1d7a52-0c3e-4b8e-9a64-000000000005', 1, 1762169402513456, 1762169402513456, 1762169402513456, 1762255802513456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:all', 3, 1762176603033456, 1762176603113456, 1762176603113456, 1762180203033456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:net:203.0.113.7/32', 3, 1762176603003456, 1762176603093456, 1762176603093456, 1762180203003456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:1c4753aad368a5bdcc9401fe4c29f482e69e15183cc4921da3a4d876778a8ec0', 1, 1762169402263456, 1762169402263456, 1762169402263456, 1762173002263456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:39f2b0c720afb91f8d1058eacd9a56f2cee2a0535cc810a46a0b531e6cdd1c08', 1, 1762169402183456, 1762169402183456, 1762169402183456, 1762173002183456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:686b5e4cf4f963adf8f51468a48028ef8d15bd02fa335f821279a3d1678c9615', 3, 1762169401033456, 1762169401303456, 1762169401303456, 1762173001033456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:7c45f5698aa779b4b58b20d15d0a62057f2f118aa0f669382fc9cc190bb107df', 2, 1762169401373456, 1762169401453456, 1762169401453456, 1762173001373456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:81125bf4a7b2bf34bcb85b72fdf330be5b45bf8ba3113c4dd74c456057cf5f3b', 1, 1762169401953456, 1762169401953456, 1762169401953456, 1762173001953456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:b6e81874b8017c9e41c6707ec59fb38e846916bcc98ba5f2d0f593edf10e4096', 2, 1762169401713456, 1762169401793456, 1762169401793456, 1762173001713456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:cfe00dde46ef942601ffafb9e2825e802858b460e586b8305b344c1eb826357d', 1, 1762176603063456, 1762176603063456, 1762176603063456, 1762180203063456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:dff8a1ca86e7e2f254e164e8bb6213276ac222634ddebcaa4259933fe6ce7c3e', 1, 1762169401613456, 1762169401613456, 1762169401613456, 1762173001613456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:e8a4e1b7e60abd39316c98e3b66a8c01407c3a95d2b2cfe14d8b83e00ea42070', 1, 1762162200923456, 1762162200923456, 1762162200923456, 1762165800923456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:to:f417a9109171fe54f0433ef3af126615f06e2dacb615f11ffb59a4f7cdfd4c10', 2, 1762176603013456, 1762176603103456, 1762176603103456, 1762180203013456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:user:5f1d7a52-0c3e-4b8e-9a64-000000000001', 2, 1762176603023456, 1762176603073456, 1762176603073456, 1762180203023456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:user:5f1d7a52-0c3e-4b8e-9a64-000000000002', 1, 1762169401123456, 1762169401123456, 1762169401123456, 1762173001123456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:user:5f1d7a52-0c3e-4b8e-9a64-000000000003', 2, 1762169401463456, 1762169401623456, 1762169401623456, 1762173001463456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('mail:user:5f1d7a52-0c3e-4b8e-9a64-000000000004', 2, 1762169401803456, 1762169401963456, 1762169401963456, 1762173001803456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('password:net:203.0.113.7/32', 0, 1762176602813456, 1762176602943456, 1762176602943456, 1762177502813456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('password:user:5f1d7a52-0c3e-4b8e-9a64-000000000002', 3, 1762169401193456, 1762169401273456, 1762169401273456, 1762170301273456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('register:net:203.0.113.7/32', 5, 1762169401013456, 1762169402243456, 1762169402243456, 1762173001013456, 1);
INSERT INTO profilekit_throttle (key, tries, first_at, last_at, next_at, forget_at, allowed) VALUES ('token:net:203.0.113.7/32', 0, 1762169401523456, 1762169402033456, 1762169402033456, 1762170301523456, 1);

INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'0FEBD5AADE7493A12F77417079077F9E1D486FCBBB0FF8592284917C62C912E0', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 8, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'24006909133DDD88D0EE17F3CB6EE70FEF34ECD00605B0684F8EA1F399C06766', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762176602923456, 1762781402923456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'2FECCD6101599BBAD45BD5A1D504C4DF49A8B56F46773BC549BB5AD7F64E4F7C', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 0, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'36C8DE5EF2300B3D5FA352A9585F2CB33262A850E4460DCB41AA721BC4AA1852', 'challenge', '', NULL, X'', 1762162200703456, 1762162500683456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'3990D8F381EB8260893C083DD47FD301CBE1FA2332354349BC88D91802D9B814', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000002', NULL, X'', 1762169401333456, 1762774201333456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'3B29DDC106E093AE6313ABBD2C5D9F6B7F5EBE4C3321812128FB7CBC273C2A9F', 'challenge', '', NULL, X'', 1762162200973456, 1762162500963456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'3C458272DA1B48A2CE1C79385C12B3E4C7A2247B9E4FED42EDEA4B2268C0F316', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000003', NULL, X'', 1762169401393456, 1762774201393456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'3F53EB8DC0441802BBA189A4C16FAF74B74A01B34DAB6A8FDCFF38BB4D4C47A6', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000004', NULL, X'', 1762169401833456, 1762774201833456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'40D0706B23584916883ADCEDD562DA4DCA8EF295338F837FE28C15466C0FDCB0', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 4, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'4A4777DACC9C3EA37845A2E2618899675B3928E2F5799FD76E9507103A3FCA3F', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 3, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'53B0FFB8D502A02C917E9F3315EAB9225CC2206D4E62BEAE7EB345043CB8441F', 'phone', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 0, X'736D730A6330333130323066393732306436663732396265663534383861636537323039', 1762162200903456, 1762162800903456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'5795855D8F9D1A28665878C3A90BB9D2B0DFDA035E039A83E84F695015934B33', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 2, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'5A2089D538C583DCB495A14333AE62821AFC7A7DC57C59A899481FF133F5D0C5', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 7, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'5DEC3FD86BBFF73A39769DC4B927670D46AA85616CDC8DCD3BCC630F3041D1E3', 'factor.recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 0, X'7B22656D61696C223A22616461406578616D706C652E6F7267222C2266726F6D223A22323032352D31312D30365431333A33303A30332E3133333435365A227D', 1762176603133456, 1763040603133456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'652B3D4D7133ACD087B7834660FC5BEBCC5B3B4F39D233086E14843DAAFDC62B', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000002', NULL, X'', 1762169401153456, 1762774201153456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'6D2782420D1A86C90C7E680CFF72B022E939656CF981899E9423DA38DB0208D6', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000002', NULL, X'', 1762169401053456, 1762774201053456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'743845E4401E8FC5DFE9E0BABFAB02F6DC8DB69253273BEA8BD8AD78C3D1A57D', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762176603133456, 1763040603133456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'744FACE2F7BF410C06F6D5FB747E07E8C6D2D8DC02ACD97247BBE94A430D3A63', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 5, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'76117A76A2371E56A2FAB2C40159994CAFA79B694A7E3B0359C2966056947CAB', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000003', NULL, X'', 1762169401493456, 1762774201493456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'792CE753739E6D74E05E7127EBF6E507BB7E0C504D964FC5CB09FA03078624D9', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762162200173456, 1762767000173456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'79EA8888EAD5D0BB254085172F6A8640D760318B5D03CAF1308ACC52721E2D9F', 'verify', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 0, X'7B22656D61696C223A22626F62406578616D706C652E6F7267227D', 1762169401153456, 1762255801153456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'7B283F02B9B7BCBA32D45F3C7A69F6690272AF4E067927C6DE64016402E9EC96', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762162200723456, 1762767000723456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'83E7832E1F429A7E9A58CCD6259971AE8D1CA5ED676D78048D9DE709DB003909', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000005', NULL, X'', 1762169402203456, 1762774202203456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'91043BD729CFD2EF7BFF6BCB58B9F4E99FDFF3C47DF5D60BD0A3382ACBA08C20', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762162200653456, 1762767000653456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'9BBF889719473D71FF4CE9D10B2B5CD73A5241EDA256AE8FC722416F1A209B34', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762162200873456, 1762767000873456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'9FB81A8C972BEA46A914EA282EB29A145CF5C21E351B30E7FFF344DB0F234EAD', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000001', NULL, X'', 1762162200273456, 1762767000273456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'B403725DBC88E633B99EFE2A576424828ACAD5E13530B5D481B5F569CE54B28E', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 6, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'B5298ABEBA0AB6E26FF4E43F53237482658EE54DABB667002FB7D27943CB086F', 'code', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 0, X'736D730A3266653564623062373333643639643566343764326235663831346134383162', 1762176602993456, 1762177202993456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'CE40B9F3271786CAA3A2F90CF65F7813582233C95A95969FCACAE986B565193C', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000005', NULL, X'', 1762169402563456, 1762774202563456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'D354F38301FB75917C17C114577E391CC093359706AFF48335BF1D48EC8D6B93', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000004', NULL, X'', 1762169401733456, 1762774201733456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'D3E26399C26A5C8AF49D047361531DEB3A376924D744343AD026C7B52CB1BAE5', 'reset', '5f1d7a52-0c3e-4b8e-9a64-000000000002', 0, X'626F62406578616D706C652E6F7267', 1762169401333456, 1762173001333456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'D6DF6F069AD3792C230A3D8D7C150E85AC65935A3F6928F9945062EFDAA4F4DE', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 9, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'D8AC767F5677F60DFE748F671490B16E992E842EC55D2B8FDC86FCAF438B8BD6', 'email.undo', '5f1d7a52-0c3e-4b8e-9a64-000000000003', NULL, X'7B2266726F6D223A22637964406578616D706C652E6F7267222C22746F223A22637964406578616D706C652E636F6D222C2273657373696F6E223A226466313764666261323463636465363538313161326366386164343762636465222C2270726F766564223A747275657D', 1762169401653456, 1762515001653456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'E0FA07FBE99EAA19E9A36BCB63ED3CB4A6245FC2843BA19CAFD169A4A38297A7', 'email.undo', '5f1d7a52-0c3e-4b8e-9a64-000000000004', NULL, X'7B2266726F6D223A22646565406578616D706C652E6F7267222C22746F223A22646565406578616D706C652E636F6D222C2273657373696F6E223A223366353333333161653164343432393735303337653864616366613865363764222C2270726F766564223A747275657D', 1762169401993456, 1762515001993456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'EB6720B576CC3A16D6F2FAD28586DC23057498A4BE8444AD9C687C076BF95BC0', 'email.change', '5f1d7a52-0c3e-4b8e-9a64-000000000003', 0, X'7B2266726F6D223A22637964406578616D706C652E6F7267222C22746F223A22637964406578616D706C652E636F6D222C2273657373696F6E223A226466313764666261323463636465363538313161326366386164343762636465222C2270726F766564223A747275657D', 1762169401653456, 1762255801653456);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'ED322DCBC590423BE256DACDBE4078DA667826630C2F5A8FC5722566C3FC97BF', 'recovery', '5f1d7a52-0c3e-4b8e-9a64-000000000001', 1, X'', 1762162200623456, 9223372036854775807);
INSERT INTO profilekit_tickets (hash, purpose, user_id, slot, data, created_at, expires_at) VALUES (X'FAEAC2063B4C45603B11A9235779A0615728C83E1D4D489553A027CFA3B6297E', 'report', '5f1d7a52-0c3e-4b8e-9a64-000000000004', NULL, X'', 1762169402103456, 1762774202103456);

INSERT INTO users (id, username, email, password_hash, profile_picture, role, created_at, username_key, email_key, email_verified, pending_email, display_name, given_name, family_name, pronouns, bio, phone, address, birthday, links, custom, picture, disabled, version, updated_at, deletes_at) VALUES (1, 'of-before', 'of-before@example.org', '', '', 'user', 1762176603163456, 'of-before', 'of-before@example.org', 0, '', '', '', '', '', '', '', '{}', '', '[]', 'null', 'null', 0, 1, 1762176603163456, 0);

DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('profilekit_migrations', 9);
INSERT INTO sqlite_sequence (name, seq) VALUES ('users', 1);

CREATE INDEX profilekit_activity_kind ON profilekit_activity (user_id, kind, at DESC, id DESC);
CREATE INDEX profilekit_activity_time ON profilekit_activity (at);
CREATE INDEX profilekit_activity_user ON profilekit_activity (user_id, at DESC, id DESC);
CREATE INDEX profilekit_blobs_state ON profilekit_blobs (state, at) WHERE state <> 'live';
CREATE INDEX profilekit_blobs_user ON profilekit_blobs (user_id);
CREATE INDEX profilekit_factors_end ON profilekit_factors (expires_at) WHERE pending;
CREATE UNIQUE INDEX profilekit_factors_lookup ON profilekit_factors (kind, lookup) WHERE lookup <> '';
CREATE UNIQUE INDEX profilekit_factors_pending ON profilekit_factors (user_id, kind) WHERE pending;
CREATE INDEX profilekit_factors_user ON profilekit_factors (user_id, created_at, id);
CREATE INDEX profilekit_holds_end ON profilekit_holds (ends_at);
CREATE INDEX profilekit_holds_user ON profilekit_holds (user_id, key);
CREATE INDEX profilekit_outbox_dead ON profilekit_outbox (next_at) WHERE dead;
CREATE INDEX profilekit_outbox_next ON profilekit_outbox (next_at) WHERE NOT dead;
CREATE INDEX profilekit_sessions_end ON profilekit_sessions (min(idle_until, expires_at));
CREATE INDEX profilekit_sessions_user ON profilekit_sessions (user_id);
CREATE INDEX profilekit_throttle_forget ON profilekit_throttle (forget_at);
CREATE INDEX profilekit_tickets_end ON profilekit_tickets (expires_at);
CREATE UNIQUE INDEX profilekit_tickets_user ON profilekit_tickets (user_id, purpose, slot);
CREATE INDEX profilekit_users_deletes_at ON users (deletes_at) WHERE deletes_at > 0;
