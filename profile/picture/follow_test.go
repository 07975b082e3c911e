package picture_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// services are the services of a host that has no HTTP, over a store with public
// addresses.
type services struct {
	*world
	prefs     *settings.Service
	deletions *profile.Deletions
	store     *public
}

// public is a store with public addresses that can be down.
type public struct {
	storage.BlobStore
	down bool
}

func (*public) PublicURL(key string) string { return "https://cdn.example.org/" + key }

func (p *public) Delete(ctx context.Context, key string) error {
	if p.down {
		return &storage.UnavailableError{Err: errors.New("the store is down")}
	}
	return p.BlobStore.Delete(ctx, key)
}

func (p *public) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if p.down {
		return &storage.UnavailableError{Err: errors.New("the store is down")}
	}
	return p.BlobStore.Put(ctx, key, body, meta)
}

func newServices(t *testing.T) *services {
	t.Helper()
	s := &services{world: newWorld(t)}
	s.store = &public{BlobStore: s.blobs}
	now := func() time.Time { return s.now }
	var err error
	s.prefs, err = settings.New(settings.Config{
		Store: s.db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare(), settings.LocaleSection.Declare()}, Tx: s.db, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := profile.New(profile.Config{Store: s.db.Users(), Settings: s.prefs, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s.deletions, err = profile.NewDeletions(profile.DeletionsConfig{
		Users: s.db.Users().(profile.DeletableStore), Tx: s.db, LimitStore: limit.Off{}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.svc = s.service(t, func(c *picture.Config) { c.Blobs, c.Profiles, c.Deletions = s.store, profiles, s.deletions })
	if _, err := s.svc.Put(t.Context(), s.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if !s.current(t).Picture.Public {
		t.Fatal("the picture of a public user has no public address")
	}
	return s
}

// opens reports whether the store still has the blob of a public address.
func (s *services) opens(t *testing.T, p profile.Picture) bool {
	t.Helper()
	r, _, err := s.blobs.Open(t.Context(), picture.Key(p, p.Sizes[0]))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return true
}

func (s *services) caller(t *testing.T) profile.Caller {
	t.Helper()
	return profile.Caller{User: s.current(t), ProvedAt: s.now}
}

// A host that uses settings and picture without HTTP keeps the promise too: when an
// owner goes private, by whatever way, the public addresses are dead before the
// call returns.
func TestS64_APictureFollowsItsOwnersPrivacy(t *testing.T) {
	for name, hide := range map[string]func(context.Context, *services) error{
		"a patch of the picture": func(ctx context.Context, s *services) error {
			_, err := s.prefs.Patch(ctx, s.user.ID, []byte(`{"privacy":{"fields":{"picture":"private"}}}`), 0)
			return err
		},
		"a patch of the profile": func(ctx context.Context, s *services) error {
			_, err := s.prefs.Patch(ctx, s.user.ID, []byte(`{"privacy":{"visibility":"members"}}`), 0)
			return err
		},
		"the section set whole": func(ctx context.Context, s *services) error {
			return settings.Set(ctx, s.prefs, profile.PrivacySection, s.user.ID, profile.Privacy{Visibility: profile.Private})
		},
		"a deletion": func(ctx context.Context, s *services) error {
			_, err := s.deletions.Request(ctx, s.caller(t))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServices(t)
			before := s.current(t).Picture
			// While the store is down nothing is hidden that can still be seen.
			s.store.down = true
			if err := hide(t.Context(), s); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("with a store that is down: %v", err)
			}
			if now := s.current(t); now.Picture.Base != before.Base || now.DeletionPending() || !s.opens(t, before) {
				t.Errorf("the refused change left %+v", now)
			}
			s.store.down = false
			if err := hide(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			after := s.current(t).Picture
			if after.Public || s.opens(t, before) || !s.opens(t, after) || s.svc.PublicURL(after, 64) != "" {
				t.Errorf("hidden: %+v; the old address opens: %v", after, s.opens(t, before))
			}
		})
	}
}

// What becomes public again has public addresses again.
func TestAPictureFollowsItsOwnerBack(t *testing.T) {
	s := newServices(t)
	for _, way := range []func() error{
		func() error {
			if err := settings.Set(t.Context(), s.prefs, profile.PrivacySection, s.user.ID, profile.Privacy{Visibility: profile.Private}); err != nil {
				return err
			}
			_, err := s.prefs.Patch(t.Context(), s.user.ID, []byte(`{"privacy":null}`), 0)
			return err
		},
		func() error {
			if _, err := s.deletions.Request(t.Context(), s.caller(t)); err != nil {
				return err
			}
			_, err := s.deletions.Restore(t.Context(), s.caller(t), nil)
			return err
		},
	} {
		if err := way(); err != nil {
			t.Fatal(err)
		}
		if p := s.current(t).Picture; !p.Public || !strings.HasPrefix(s.svc.PublicURL(p, 64), "https://cdn.example.org/") {
			t.Errorf("back again: %+v", p)
		}
	}
}

// A change that says nothing of the picture, or that is refused, leaves it where it
// is.
func TestAPictureStaysWhereItIs(t *testing.T) {
	s := newServices(t)
	before := s.current(t).Picture
	for _, p := range []string{
		`{"locale":"fr"}`, `{"privacy":{"fields":{"bio":"private"}}}`, `{"privacy":{"visibility":"public"}}`, `{"privacy":{"visibility":"nobody"}}`,
		`{"privacy":{"visibility":"private"},"unknown":1}`,
	} {
		_, _ = s.prefs.Patch(t.Context(), s.user.ID, []byte(p), 0)
		if now := s.current(t).Picture; now.Base != before.Base || !now.Public {
			t.Errorf("%s moved the picture to %+v", p, now)
		}
	}
}

func TestS09_UploadsPerUser(t *testing.T) {
	w := newWorld(t)
	svc := w.service(t, func(c *picture.Config) { c.LimitStore = w.db.Limits() })
	other, err := w.db.Users().Create(t.Context(), profile.User{Username: "bob", Email: "bob@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(id string) error {
		_, err := svc.Put(t.Context(), id, small(1), picture.PutOptions{})
		return err
	}
	for i := range picture.DefaultUploadLimit.Limit {
		if err := put(w.user.ID); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	src := &counting{Reader: small(1)}
	if _, err := svc.Put(t.Context(), w.user.ID, src, picture.PutOptions{}); !errors.Is(err, limit.ErrExceeded) || src.n != 0 {
		t.Errorf("one too many: %v, %d bytes were read", err, src.n)
	}
	if err := put(other.ID); err != nil {
		t.Errorf("another user: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	if err := put(w.user.ID); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	if _, err := picture.New(picture.Config{Users: w.db.Users(), Ledger: w.db.Ledger(), Blobs: w.blobs, Tx: w.db}); err == nil {
		t.Error("a service without limits was made without being asked for")
	}
}

// A limiter that is down lets nobody through.
func TestS69_ADeadLimiterStopsUploads(t *testing.T) {
	w := newWorld(t)
	errDown := errors.New("down")
	svc := w.service(t, func(c *picture.Config) { c.LimitStore = deadLimits{err: errDown} })
	if _, err := svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	if !w.current(t).Picture.IsZero() {
		t.Error("there is a picture")
	}
}

type deadLimits struct {
	limit.Off
	err error
}

func (d deadLimits) Take(context.Context, string, limit.Rule, time.Time) (bool, time.Duration, error) {
	return true, 0, d.err
}

// Who may see a blob is the service's to say, and what somebody may not see looks
// like what nobody has.
func TestS45_WhoSeesABlob(t *testing.T) {
	s := newServices(t)
	p := s.current(t).Picture
	key := picture.Key(p, 64)
	owner, member, nobody := profile.Viewer{UserID: s.user.ID}, profile.Viewer{UserID: "another"}, profile.Viewer{}
	check := func(what string, want map[profile.Viewer]bool, public bool) {
		t.Helper()
		key := picture.Key(s.current(t).Picture, 64)
		for viewer, sees := range want {
			got, err := s.svc.Visible(t.Context(), viewer, key)
			if sees && (err != nil || got != public) || !sees && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s, viewer %q: public %v, %v", what, viewer.UserID, got, err)
			}
		}
	}
	check("public", map[profile.Viewer]bool{owner: true, member: true, nobody: true}, true)
	for visibility, members := range map[profile.Visibility]bool{profile.Members: true, profile.Private: false} {
		if err := settings.Set(t.Context(), s.prefs, profile.PrivacySection, s.user.ID, profile.Privacy{Visibility: visibility}); err != nil {
			t.Fatal(err)
		}
		check(string(visibility), map[profile.Viewer]bool{owner: true, member: members, nobody: false}, false)
	}
	for _, gone := range []string{key, "", "../x", "in/" + key, "nothing.jpg"} {
		if _, err := s.svc.Visible(t.Context(), owner, gone); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("key %q: %v", gone, err)
		}
	}
	// Without profiles nobody but the owner is known to be allowed.
	alone := s.service(t, nil)
	key = picture.Key(s.current(t).Picture, 64)
	if public, err := alone.Visible(t.Context(), owner, key); public || err != nil {
		t.Errorf("the owner: %v, %v", public, err)
	}
	if _, err := alone.Visible(t.Context(), nobody, key); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}
