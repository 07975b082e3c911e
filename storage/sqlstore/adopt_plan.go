package sqlstore

import (
	"io/fs"
	"strings"
	"time"
)

// ourColumns are the definitions of the columns that users has beyond those of
// the table it replaces, from the migration that makes the table.
func ourColumns() []string {
	text, err := fs.ReadFile(migrations, "migrations/postgres/00001_users.sql")
	if err != nil {
		return nil // it is embedded
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.Join(strings.Fields(line), " "), ",")
		switch {
		case line == ");":
			return list
		case strings.HasPrefix(line, "username_key "), len(list) > 0:
			list = append(list, line)
		}
	}
	return list
}

// columnsAdded are their names.
func columnsAdded() []string {
	list := ourColumns()
	for i, c := range list {
		list[i], _, _ = strings.Cut(c, " ")
	}
	return append(list, adoptedColumn)
}

// adoptedColumn marks the rows that are there when a table is taken over. It is a column of
// a later migration, which finds it made: only here is it certain which rows to mark.
const adoptedColumn = "adopted"

// keysFunction is the name of the function that makes the keys of rows which
// the program that had the table before goes on writing, and of its trigger.
const keysFunction = "profilekit_users_keys"

// retype is the statement that changes the columns that are there.
func (l *legacy) retype(zone *time.Location, withoutTime int64) string {
	var parts []string
	for _, want := range adopted {
		if c, _ := l.column(want.name); c.kind != want.kinds[0] {
			parts = append(parts, "ALTER COLUMN "+want.name+" TYPE "+strings.ToUpper(want.kinds[0]))
		}
	}
	created := "created_at"
	if zone != nil && zone.String() != "UTC" {
		created = "(created_at AT TIME ZONE " + literal(zone.String()) + ") AT TIME ZONE 'UTC'"
	}
	if withoutTime > 0 {
		created = "COALESCE(" + created + ", now() AT TIME ZONE 'UTC')"
	}
	if created != "created_at" {
		parts = append(parts, "ALTER COLUMN created_at TYPE TIMESTAMP USING "+created)
	}
	parts = append(parts, "ALTER COLUMN created_at SET DEFAULT (now() AT TIME ZONE 'UTC')", "ALTER COLUMN password_hash SET DEFAULT ''")
	if c, _ := l.column("role"); c.byDefault == "" {
		parts = append(parts, "ALTER COLUMN role SET DEFAULT 'user'")
	}
	for _, c := range ourColumns() {
		if strings.HasPrefix(c, "username_key ") || strings.HasPrefix(c, "email_key ") {
			c = strings.TrimSuffix(c, " NOT NULL UNIQUE") // follows, when there are keys
		}
		parts = append(parts, "ADD COLUMN "+c)
	}
	// The column of migration 7 comes first, so that an adopted table has the columns in the
	// order of a fresh one.
	parts = append(parts, "ADD COLUMN IF NOT EXISTS deletes_at BIGINT NOT NULL DEFAULT 0", "ADD COLUMN "+adoptedColumn+" BOOLEAN NOT NULL DEFAULT TRUE")
	return "ALTER TABLE users\n\t" + strings.Join(parts, ",\n\t") + ";"
}

// statements are the whole adoption but for the making of keys.
func (l *legacy) statements(zone *time.Location, withoutTime int64) []string {
	var list []string
	for _, name := range []string{"username", "email"} {
		// taken reads which field it is from the constraint's name.
		switch constraint := l.unique[name]; {
		case constraint == "":
			list = append(list, "ALTER TABLE users ADD CONSTRAINT users_"+name+"_key UNIQUE ("+name+");")
		case !strings.HasPrefix(constraint, "users_"+name):
			list = append(list, "ALTER TABLE users RENAME CONSTRAINT "+identifier(constraint)+" TO users_"+name+"_key;")
		}
	}
	list = append(list, l.retype(zone, withoutTime))
	if l.sequence != "" {
		list = append(list, "ALTER SEQUENCE "+l.sequence+" AS BIGINT;")
	}
	list = append(list,
		// Also moves what a password of NULL is to what it is to us: none.
		"UPDATE users AS u SET username_key = k.username_key, email_key = k.email_key, password_hash = COALESCE(u.password_hash, '')\n\tFROM "+keysTable+" AS k WHERE k.id = u.id;",
		`ALTER TABLE users
	ALTER COLUMN password_hash SET NOT NULL,
	ALTER COLUMN created_at SET NOT NULL,
	ALTER COLUMN username_key SET NOT NULL,
	ALTER COLUMN email_key SET NOT NULL,
	ALTER COLUMN adopted SET DEFAULT FALSE,
	ADD CONSTRAINT users_username_key_key UNIQUE (username_key),
	ADD CONSTRAINT users_email_key_key UNIQUE (email_key);`,
	)
	return append(list, keysTrigger...)
}

// keysTrigger lets the program that had the table before go on writing it
// beside us. Its user names it may choose as before. Of addresses, those whose
// key SQL can tell: plain ASCII, no label that could be an A-label (xn--). Our
// own statements bring keys and pass by it.
var keysTrigger = []string{
	`CREATE FUNCTION ` + keysFunction + `() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		IF NEW.version = OLD.version THEN
			NEW.version := OLD.version + 1;
			NEW.updated_at := now();
		END IF;
		IF NEW.username IS DISTINCT FROM OLD.username AND NEW.username_key = OLD.username_key THEN
			NEW.username_key := NULL;
		END IF;
		IF NEW.email IS DISTINCT FROM OLD.email AND NEW.email_key = OLD.email_key THEN
			NEW.email_key := NULL;
			NEW.email_verified := FALSE;
		END IF;
	END IF;
	IF NEW.username_key IS NULL THEN
		IF NEW.username = '' OR NEW.username ~ '[\u0001-\u001f\u007f-\u009f]' THEN
			RAISE EXCEPTION 'this user name cannot be taken' USING ERRCODE = 'check_violation', COLUMN = 'username', TABLE = 'users';
		END IF;
		NEW.username_key := translate(NEW.username, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
	END IF;
	IF NEW.email_key IS NULL THEN
		IF NEW.email !~ '^(?=[^@]{1,64}@)[A-Za-z0-9_+''&=/!#$%*?^{|}~-]+(\.[A-Za-z0-9_+''&=/!#$%*?^{|}~-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,63}$'
			OR split_part(NEW.email, '@', 2) ~ '[A-Za-z0-9-]{64}' THEN
			RAISE EXCEPTION 'this e-mail address cannot be taken' USING ERRCODE = 'check_violation', COLUMN = 'email', TABLE = 'users';
		END IF;
		NEW.email_key := translate(NEW.email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
	END IF;
	RETURN NEW;
END
$body$;`,
	`CREATE TRIGGER ` + keysFunction + `_insert BEFORE INSERT ON users FOR EACH ROW
	WHEN (NEW.username_key IS NULL OR NEW.email_key IS NULL) EXECUTE FUNCTION ` + keysFunction + `();`,
	`CREATE TRIGGER ` + keysFunction + `_update BEFORE UPDATE ON users FOR EACH ROW
	WHEN (OLD.version = NEW.version AND (OLD.username, OLD.email, OLD.profile_picture, OLD.role)
	IS DISTINCT FROM (NEW.username, NEW.email, NEW.profile_picture, NEW.role)) EXECUTE FUNCTION ` + keysFunction + `();`,
}

func literal(s string) string    { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
