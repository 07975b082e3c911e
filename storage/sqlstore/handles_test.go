package sqlstore_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// handle is what the options of a new passkey call the user.
func (p *dumpProgram) handle(token string) string {
	p.t.Helper()
	ch, err := p.auth.BeginAddPasskey(p.t.Context(), p.id(token))
	p.must(err)
	var o struct {
		User struct{ ID string }
	}
	p.must(json.Unmarshal(ch.Options, &o))
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	p.must(err)
	return string(handle)
}

// Users of a database that was made before handles were kept keep their ID as handle when
// they have a passkey, also if they remove it before they add another one, and get 64
// random bytes when they have none. A host's own users do as well.
func TestT14e_UsersOfOlderVersionsKeepTheHandleOfTheirPasskeys(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(dumps, "7817c0d.*.sql"))
	if err != nil || len(names) != 5 {
		t.Fatalf("there are %d dumps of the first commit, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			parts := strings.Split(filepath.Base(name), ".")
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := empty(t, parts[1])
			p.load(t, string(text))
			clock := &dumpClock{at: dumpStart.Add(12 * time.Hour)}
			db := p.openAt(t, clock.now)
			var o sqlstore.MigrateOptions
			if parts[2] == adopted {
				o = inUTC
			}
			if err := db.Migrate(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			program := newDumpProgram(t, db, clock, parts[2])
			with, without := 0, 0
			for _, u := range program.everybody() {
				clock.pass(time.Minute) // for another code of the app
				in := program.signIn(u.Username, false)
				switch in.Session.Level {
				case authstore.LevelHalf:
					in, err = program.auth.FinishSignIn(t.Context(), dumpClient, program.half(in), program.app(), false)
				case authstore.LevelDeletionPending:
					in, err = program.auth.Restore(t.Context(), dumpClient, program.half(in))
				}
				if err != nil {
					t.Fatalf("the sign-in of %s: %v", u.Username, err)
				}
				factors, err := program.auth.Factors(t.Context(), program.id(in.Token))
				program.must(err)
				hasPasskey := false
				for _, r := range factors {
					if r.Kind == auth.KindPasskey {
						hasPasskey = true
						program.must(program.auth.RemoveFactor(t.Context(), dumpClient, program.id(in.Token), r.ID))
					}
				}
				handle := program.handle(program.reads(in.Token))
				if hasPasskey {
					with++
				} else {
					without++
				}
				if hasPasskey != (handle == u.ID) || !hasPasskey && len(handle) != authstore.MaxHandle {
					t.Errorf("%s, who has a passkey: %t, has the handle %q and the ID %s", u.Username, hasPasskey, handle, u.ID)
				}
				kept, err := db.Auth().Handles.Handle(t.Context(), u.ID)
				if err != nil || string(kept) != handle {
					t.Errorf("of %s the handle %q is kept, %v; want %q", u.Username, kept, err, handle)
				}
			}
			if with == 0 || without == 0 {
				t.Errorf("%d users have a passkey and %d have none: that proves nothing", with, without)
			}
		})
	}
}
