package services

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// is checks an error.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// A proof that is too old opens none of what asks for a fresh one, and one of a node
// whose clock is a minute ahead does.
func TestS34_ExportAndDeletionAskForAFreshProof(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		w.advance(profile.FreshFor + time.Second)
		is(t, "export", ada.export(io.Discard), profile.ErrNotFresh)
		_, err := w.deletions.Request(t.Context(), ada.caller())
		is(t, "deletion", err, profile.ErrNotFresh)
		if n := ada.kinds(); n[profile.KindExported]+n[profile.KindDeletionRequested] != 0 || ada.user().DeletionPending() {
			t.Errorf("%v", n)
		}
		ada.prove()
		w.advance(-time.Minute)
		is(t, "export on a node whose clock is behind", ada.export(io.Discard), nil)
		w.advance(-profile.ClockSkew)
		is(t, "export on a node whose clock is wrong", ada.export(io.Discard), profile.ErrNotFresh)
	})
}

// Uploads, copies and deletions are counted by the services, whoever calls them.
func TestS57_TheServicesCount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada, bea := w.join("ada"), w.join("bea")
		for name, c := range map[string]struct {
			rule limit.Rule
			try  func(p *person) error
		}{
			"upload": {picture.DefaultUploadLimit, func(p *person) error { return p.put(1) }},
			"export": {profile.DefaultExportLimit, func(p *person) error { return p.export(io.Discard) }},
		} {
			for i := range c.rule.Limit {
				if err := c.try(ada); err != nil {
					t.Fatalf("%s %d: %v", name, i, err)
				}
			}
			is(t, name+", one too many", c.try(ada), limit.ErrExceeded)
			is(t, name+" of another", c.try(bea), nil)
		}
		if n := ada.kinds(); n[profile.KindExported] != profile.DefaultExportLimit.Limit || n[picture.KindChanged] != picture.DefaultUploadLimit.Limit {
			t.Errorf("the feed has %v", n)
		}
		if n := w.post.told(profile.KindExported); n != profile.DefaultExportLimit.Limit+1 {
			t.Errorf("the recorder heard of %d copies", n)
		}
	})
}

// The access matrix of what takes a Caller: it is done for the owner of an account
// that is there, and for nobody else.
func TestS44_CallersOfTheServices(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		good := ada.caller()
		disabled, leaving := good, good
		disabled.User.Disabled = true
		leaving.User.DeletesAt = w.clock().Add(time.Hour)
		half := ada.identity()
		half.Session.Level = authstore.LevelHalf
		for name, c := range map[string]struct {
			caller  profile.Caller
			restore error
		}{
			"nobody":         {profile.Caller{}, profile.ErrNoAccount},
			"nobody, proved": {profile.Caller{ProvedAt: w.clock()}, profile.ErrNoAccount},
			"half signed in": {half.Caller(), profile.ErrNoAccount},
			"disabled":       {disabled, profile.ErrNoAccount},
			"leaving":        {leaving, profile.ErrNotRestorable}, // by this reading, but not by the database
		} {
			is(t, "export by "+name, w.exporter.Export(t.Context(), c.caller, io.Discard), profile.ErrNoAccount)
			_, err := w.deletions.Request(t.Context(), c.caller)
			is(t, "deletion by "+name, err, profile.ErrNoAccount)
			_, err = w.deletions.Restore(t.Context(), c.caller, nil)
			is(t, "restoration by "+name, err, c.restore)
		}
		if n := ada.kinds(); n[profile.KindExported]+n[profile.KindDeletionRequested]+n[profile.KindRestored] != 0 {
			t.Errorf("the feed has %v", n)
		}
		// What was read before somebody else was faster does not count.
		_, err := w.deletions.Request(t.Context(), good)
		is(t, "deletion", err, nil)
		_, err = w.deletions.Request(t.Context(), good)
		is(t, "another deletion", err, profile.ErrNoAccount)
		now := ada.user()
		_, err = w.deletions.Restore(t.Context(), profile.Caller{User: now, ProvedAt: w.clock()}, nil)
		is(t, "restoration", err, nil)
		_, err = w.deletions.Restore(t.Context(), profile.Caller{User: now, ProvedAt: w.clock()}, nil)
		is(t, "another restoration", err, profile.ErrNotRestorable)
		_, err = w.auth.Authenticate(t.Context(), ada.token)
		is(t, "the session of before", err, auth.ErrUnauthenticated)
	})
}

// Going private hides profile and picture at once, from whoever asks the services.
func TestS45S64_PrivateAtOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada, bea := w.join("ada"), w.join("bea")
		w.must(ada.put(1))
		before := ada.user().Picture
		if w.pictures.PublicURL(before, 64) == "" {
			t.Fatal("the picture of a public user has no public address")
		}
		viewers := map[string]profile.Viewer{"nobody": {}, "a member": {UserID: bea.id}}
		for name, v := range viewers {
			_, visible, err := w.profiles.ByUsername(t.Context(), v, "ada")
			if err != nil || !visible.Has("picture") || visible.Has("email") {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.must(settings.Set(t.Context(), w.settings, profile.PrivacySection, ada.id, profile.Privacy{Visibility: profile.Private}))
		for name, v := range viewers {
			_, _, err := w.profiles.ByUsername(t.Context(), v, "ada")
			is(t, "the profile for "+name, err, storage.ErrNotFound)
			seen, public, err := w.profiles.PictureVisible(t.Context(), v, ada.id)
			if seen || public || err != nil {
				t.Errorf("the picture for %s: %v, %v, %v", name, seen, public, err)
			}
		}
		if _, _, err := w.blobs.Open(t.Context(), picture.Key(before, before.Sizes[0])); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the public address: %v", err)
		}
		if p := ada.user().Picture; w.pictures.PublicURL(p, 64) != "" || p.IsZero() {
			t.Errorf("hidden: %+v", p)
		}
	})
}

// A copy has everything of its owner and nothing of others, and no secret.
func TestS34_ACopyOfEverything(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada, bea := w.join("ada"), w.join("bea")
		bio, others := "the bio of ada", "the bio of bea"
		for p, text := range map[*person]*string{ada: &bio, bea: &others} {
			_, err := w.profiles.Edit(t.Context(), p.id, profile.Edit{Bio: text}, 0)
			w.must(err)
		}
		w.must(ada.put(1))
		w.must(settings.Set(t.Context(), w.settings, settings.AppearanceSection, ada.id, settings.Appearance{
			Theme: "dark", Accent: "#336699", Density: "compact", FontScale: 1,
		}))
		var out bytes.Buffer
		w.must(ada.export(&out))
		got := unzip(t, out.Bytes())
		for name, want := range map[string]string{
			"profile.json": bio, "settings.json": `"dark"`, "security.json": `"sessions"`, "activity.jsonl": string(profile.KindExported), "picture.jpg": "\xff\xd8\xff",
		} {
			if !strings.Contains(got[name], want) {
				t.Errorf("%s lacks %q: %.300q", name, want, got[name])
			}
		}
		hash, err := w.db.Auth().Passwords.PasswordHash(t.Context(), ada.id)
		w.must(err)
		for name, text := range got {
			for _, secret := range []string{hash, ada.token, others, "bea@example.org"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s has %q", name, secret)
				}
			}
		}
		if len(got) != 5 {
			t.Errorf("%d files", len(got))
		}
	})
}

func unzip(t *testing.T, body []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// From the request on the account is there for nobody; with every proof it comes
// back, and when the time is over nothing is left of it.
func TestS31_TheEndOfAnAccount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada, bea := w.join("ada"), w.join("bea")
		w.must(ada.put(1))
		at, err := w.deletions.Request(t.Context(), ada.caller())
		w.must(err)
		if want := w.clock().Add(profile.DefaultDeletionGrace); !at.Equal(want) {
			t.Errorf("it ends at %v, want %v", at, want)
		}
		_, err = w.auth.Authenticate(t.Context(), ada.token)
		is(t, "the session", err, auth.ErrUnauthenticated)
		_, _, err = w.profiles.ByUsername(t.Context(), profile.Viewer{UserID: bea.id}, "ada")
		is(t, "the profile", err, storage.ErrNotFound)
		if ada.user().Picture.Public {
			t.Error("the picture has a public address")
		}

		in, err := w.auth.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
		if err != nil || in.Status != auth.DeletionPending {
			t.Fatalf("%+v, %v", in, err)
		}
		half, err := w.auth.AuthenticateHalf(t.Context(), in.Token)
		w.must(err)
		back, err := w.auth.Restore(t.Context(), home, half)
		w.must(err)
		ada.token = back.Token
		if !ada.user().Picture.Public || ada.identity().User.DeletionPending() {
			t.Errorf("restored: %+v", ada.user())
		}

		_, err = w.deletions.Request(t.Context(), ada.caller())
		w.must(err)
		w.advance(profile.DefaultDeletionGrace + 2*profile.Margin)
		if n, err := w.eraser.Erase(t.Context()); n != 1 || err != nil {
			t.Fatalf("Erase: %d, %v", n, err)
		}
		_, err = w.pictures.PurgeBlobs(t.Context(), 0)
		w.must(err)
		for key := range w.blobs.List(t.Context(), "") {
			t.Errorf("a blob is left: %v", key)
		}
		if n := len(ada.kinds()); n != 0 {
			t.Errorf("%d kinds of events are left", n)
		}
		// The limits of before do not bind whoever comes next, and bea is untouched.
		if bea.user().Username != "bea" {
			t.Error("bea")
		}
	})
}

// No field that others decide is set by an edit, whatever it is called.
func TestS42_EditsSetNoPrivilege(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	var e profile.Edit
	for i := range reflect.TypeOf(e).NumField() {
		switch name := reflect.TypeOf(e).Field(i).Name; name {
		case "ID", "Role", "Disabled", "EmailVerified", "PendingEmail", "DeletesAt", "Version", "Picture", "Phone", "CreatedAt", "UpdatedAt":
			t.Errorf("an Edit has a field %s", name)
		}
	}
	email := "eve@example.org"
	_, err := w.profiles.Edit(t.Context(), ada.id, profile.Edit{Email: &email}, 0)
	is(t, "another address", err, profile.ErrEmailChangeUnavailable)
	if ada.user().Email != "ada@example.org" {
		t.Error("the address changed")
	}
}

// Addresses that people put into their profile are kept, and nobody calls them.
func TestS54_NoAddressOfAUserIsCalled(t *testing.T) {
	w := newWorld(t, newMemory())
	ada := w.join("ada")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	called := make(chan struct{})
	go func() {
		if c, err := ln.Accept(); err == nil {
			c.Close()
			close(called)
		}
	}()
	links := []string{"http://" + ln.Addr().String() + "/avatar.png"}
	_, err = w.profiles.Edit(t.Context(), ada.id, profile.Edit{Links: &links}, 0)
	w.must(err)
	w.must(ada.put(1))
	w.must(ada.export(io.Discard))
	_, _, err = w.profiles.ByUsername(t.Context(), profile.Viewer{}, "ada")
	w.must(err)
	ln.Close()
	select {
	case <-called:
		t.Error("somebody called the link")
	default:
	}
}

// Each thing that happens to an account is one event in its feed, for what no
// adapter writes, and one record in the log, without what is personal.
func TestS66S68_EventsAndRecords(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		w.must(ada.put(1))
		_, err := w.pictures.Remove(t.Context(), ada.id, 0)
		w.must(err)
		w.must(ada.export(io.Discard))
		bio := "secret bio"
		_, err = w.profiles.Edit(t.Context(), ada.id, profile.Edit{Bio: &bio}, 0)
		w.must(err)
		_, err = w.settings.Patch(t.Context(), ada.id, []byte(`{"privacy":{"visibility":"private"}}`), 0)
		w.must(err)
		_, err = w.auth.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: "wrong horse battery staple"})
		is(t, "a wrong password", err, auth.ErrInvalidCredentials)
		_, err = w.deletions.Request(t.Context(), ada.caller())
		w.must(err)
		got := ada.kinds()
		for _, kind := range []activity.Kind{
			authevent.Registered, picture.KindChanged, picture.KindRemoved, profile.KindExported, profile.KindUpdated, settings.KindChanged,
			authevent.SignInFailed, profile.KindDeletionRequested,
		} {
			if got[kind] != 1 {
				t.Errorf("%d events %s, want 1", got[kind], kind)
			}
		}
		records := map[string]int{}
		for line := range strings.SplitSeq(strings.TrimSpace(w.log.String()), "\n") {
			var r struct{ Kind, User string }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			records[r.Kind]++
		}
		for _, kind := range []activity.Kind{authevent.Registered, profile.KindExported, authevent.SignInFailed, profile.KindDeletionRequested} {
			if records[string(kind)] != 1 {
				t.Errorf("%d records of %s, want 1", records[string(kind)], kind)
			}
		}
		for _, secret := range []string{password, ada.token, "ada@example.org", bio, "203.0.113.7", "wrong horse"} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
}

// dead is a store of limits that is down.
type dead struct{ limit.Store }

var errDown = errors.New("the store is down")

func (dead) Take(context.Context, string, limit.Rule, time.Time) (bool, time.Duration, error) {
	return true, 0, errDown
}

// down is a memory whose limits are down.
type down struct{ database }

func (d down) Limits() limit.Store { return dead{d.database.Limits()} }

// A limiter that is down lets nobody through, in whichever service.
func TestS69_ADeadLimiterStopsEveryService(t *testing.T) {
	db := newMemory()
	ada := newWorld(t, db).join("ada")
	w := newWorld(t, down{db})
	id := ada.identity()
	is(t, "upload", (&person{w, ada.id, ada.token}).put(1), errDown)
	is(t, "export", w.exporter.Export(t.Context(), id.Caller(), io.Discard), errDown)
	_, err := w.deletions.Request(t.Context(), id.Caller())
	is(t, "deletion", err, errDown)
	_, err = w.auth.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
	is(t, "sign-in", err, errDown)
	if u := ada.user(); u.DeletionPending() || !u.Picture.IsZero() {
		t.Errorf("%+v", u)
	}
}
