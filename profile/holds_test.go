package profile_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// A name that is given up is kept for who had it.
func ExampleHoldStore() {
	db, ctx := memstore.New(), context.Background()
	prefs, err := settings.New(settings.Config{
		Store: db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()},
	})
	if err != nil {
		panic(err)
	}
	profiles, err := profile.New(profile.Config{
		Store: db.Users(), Settings: prefs, Holds: db.Holds(), Tx: db, Policy: profile.Policy{NameHold: 14 * 24 * time.Hour},
	})
	if err != nil {
		panic(err)
	}
	var ids []string
	for _, name := range []string{"ada", "eve"} {
		u, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
		if err != nil {
			panic(err)
		}
		ids = append(ids, u.ID)
	}
	for _, step := range []struct{ id, name string }{{ids[0], "ada.lovelace"}, {ids[1], "Ada"}, {ids[0], "ada"}} {
		_, err := profiles.Edit(ctx, step.id, profile.Edit{Username: &step.name}, 0)
		fmt.Println(step.id, step.name, errors.Is(err, storage.ErrTaken))
	}
	// Output:
	// 1 ada.lovelace false
	// 2 Ada true
	// 1 ada false
}

// holder is a world whose names are held, and a clock.
type holder struct {
	*profile.Service
	db  *memstore.Store
	now time.Time
}

func newHolder(t *testing.T, hold time.Duration) *holder {
	t.Helper()
	w := newWorld(t)
	h := &holder{db: w.db, now: now}
	var err error
	h.Service, err = profile.New(profile.Config{
		Store: w.db.Users(), Settings: w.settings, Holds: w.db.Holds(), Tx: w.db, Policy: profile.Policy{NameHold: hold}, Now: func() time.Time { return h.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *holder) user(t *testing.T, name string) profile.User {
	t.Helper()
	u, err := h.db.Users().Create(t.Context(), profile.User{Username: name, Email: name + "@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (h *holder) renames(t *testing.T, u profile.User, name string) {
	t.Helper()
	if got, err := h.Edit(t.Context(), u.ID, profile.Edit{Username: &name}, 0); err != nil || got.Username != name {
		t.Errorf("%s could not be named %s: %q, %v", u.Username, name, got.Username, err)
	}
}

// refuses checks that the name is taken to u, in words that a taken one has,
// and that nothing changed.
func (h *holder) refuses(t *testing.T, u profile.User, name string) {
	t.Helper()
	before, err := h.db.Users().User(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Edit(t.Context(), u.ID, profile.Edit{Username: &name, Bio: text("not to be seen")}, 0)
	taken, ok := errors.AsType[*storage.TakenError](err)
	if !ok || taken.Field != "username" {
		t.Errorf("%s was to be named %s: error %v, want that of a taken user name", u.Username, name, err)
	}
	if after, err := h.db.Users().User(t.Context(), u.ID); err != nil || after.Version != before.Version || after.Bio != before.Bio {
		t.Errorf("the refused edit changed the user (%v)", err)
	}
}

func TestS41_AReleasedNameIsHeldForItsOwner(t *testing.T) {
	h := newHolder(t, 0)
	ada, eve := h.user(t, "ada"), h.user(t, "eve")
	h.renames(t, ada, "ada.l")
	for _, spelling := range []string{"ada", "ADA", "Ada"} {
		h.refuses(t, eve, spelling)
	}
	h.renames(t, ada, "Ada") // its owner's still
	h.refuses(t, eve, "ada.l")
	h.refuses(t, eve, "ada") // in use
	h.renames(t, ada, "ada.m")
	h.now = now.Add(profile.DefaultNameHold - time.Microsecond)
	h.refuses(t, eve, "ada")
	h.now = now.Add(profile.DefaultNameHold)
	h.renames(t, eve, "ada")
	h.refuses(t, ada, "eve") // now it is eve's that is held
	h.refuses(t, ada, "ada")
	if err := h.PurgeExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Microsecond)
	if err := h.PurgeExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := h.db.Holds().HeldNames(t.Context(), ada.ID, now); n != 0 || err != nil {
		t.Errorf("%d holds are left (%v)", n, err)
	}
	h.refuses(t, ada, "eve")
}

func TestS41_NamesAreHeldForAsLongAsConfigured(t *testing.T) {
	for _, c := range []struct {
		hold, want time.Duration
	}{{time.Hour, time.Hour}, {-1, 0}} {
		h := newHolder(t, c.hold)
		ada, eve := h.user(t, "ada"), h.user(t, "eve")
		h.renames(t, ada, "ada.l")
		if c.want > 0 {
			h.now = now.Add(c.want - time.Microsecond)
			h.refuses(t, eve, "ada")
		}
		h.now = now.Add(c.want)
		h.renames(t, eve, "ada")
	}
}

// Another spelling is the same name, and an edit of anything else is not an edit
// of the name: neither begins a transaction.
func TestS41_OnlyANewNameBeginsATransaction(t *testing.T) {
	w := newWorld(t)
	tx := &countingTx{Transactor: w.db}
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, Holds: w.db.Holds(), Tx: tx})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []profile.Edit{{Bio: text("new")}, {Username: text("ANN")}, {Username: text("ANN"), GivenName: text("A")}, {Username: text("anna")}} {
		if _, err := s.Edit(t.Context(), w.ann.ID, e, 0); err != nil {
			t.Fatal(err)
		}
		if want := i / 3; tx.n != want {
			t.Errorf("after edit %d %d transactions were begun, want %d", i, tx.n, want)
		}
	}
}

type countingTx struct {
	storage.Transactor
	n int
}

func (c *countingTx) InTx(ctx context.Context, fn func(context.Context) error) error {
	c.n++
	return c.Transactor.InTx(ctx, fn)
}

// Nobody reserves a dictionary, and the name that others know is not freed by
// changing it often.
func TestS41_NoMoreThanSoManyNamesAreHeldForOne(t *testing.T) {
	h := newHolder(t, 0)
	ada, eve := h.user(t, "ada"), h.user(t, "eve")
	for i := range profile.MaxHeldNames + 2 {
		h.renames(t, ada, fmt.Sprintf("ada%d", i))
	}
	if n, err := h.db.Holds().HeldNames(t.Context(), ada.ID, now); n != profile.MaxHeldNames || err != nil {
		t.Errorf("%d names are held (%v), want %d", n, err, profile.MaxHeldNames)
	}
	h.refuses(t, eve, "ada")
	h.refuses(t, eve, fmt.Sprintf("ada%d", profile.MaxHeldNames-2))
	h.renames(t, eve, fmt.Sprintf("ada%d", profile.MaxHeldNames-1))
}

// What is changed meanwhile is changed from what is there: the name that is held
// is the one that was given up.
func TestS41_TheNameThatIsGivenUpIsHeld(t *testing.T) {
	h := newHolder(t, 0)
	ada, eve := h.user(t, "ada"), h.user(t, "eve")
	h.renames(t, ada, "second")
	if u, err := h.EditUser(t.Context(), ada, profile.Edit{Username: text("third")}, 0); err != nil || u.Username != "third" {
		t.Fatalf("%q, %v", u.Username, err)
	}
	h.refuses(t, eve, "ada")
	h.refuses(t, eve, "second")
	if _, err := h.Edit(t.Context(), ada.ID, profile.Edit{Username: text("fourth")}, ada.Version); !errors.Is(err, storage.ErrStale) {
		t.Errorf("an edit of another version: %v", err)
	}
}

func TestS41_HoldsDoNotTellTheName(t *testing.T) {
	name, err := profile.UsernameHold("Ada")
	if err != nil {
		t.Fatal(err)
	}
	again, err := profile.UsernameHold("aDA")
	if err != nil || again != name {
		t.Errorf("another spelling is another key (%v)", err)
	}
	mail, err := profile.EmailHold("Ada@Example.ORG")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := profile.EmailHold("ada@example.org"); err != nil || same != mail {
		t.Errorf("another spelling is another key (%v)", err)
	}
	for key, prefix := range map[string]string{name: profile.NameHoldPrefix, mail: "email:"} {
		if !strings.HasPrefix(key, prefix) || len(key) != len(prefix)+64 || strings.Contains(key, "ada") || strings.Contains(key, "example") {
			t.Errorf("the key is %s", key)
		}
	}
	for _, bad := range []string{"", "a\x00"} {
		_, nameErr := profile.UsernameHold(bad)
		_, mailErr := profile.EmailHold(bad)
		if nameErr == nil || mailErr == nil {
			t.Errorf("%q has a key", bad)
		}
	}
}

// downHolds fails every call.
type downHolds struct{ profile.HoldStore }

var errHolds = errors.New("the store of holds is down")

func (downHolds) Held(context.Context, string, []string, time.Time) ([]string, error) {
	return nil, errHolds
}

func TestS41_HoldsFailClosed(t *testing.T) {
	w := newWorld(t)
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, Holds: downHolds{w.db.Holds()}, Tx: w.db})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Username: text("anna")}, 0); !errors.Is(err, errHolds) {
		t.Errorf("Edit = %v", err)
	}
	if u, err := w.db.Users().User(t.Context(), w.ann.ID); err != nil || u.Username != "Ann" {
		t.Errorf("the name is %q (%v)", u.Username, err)
	}
	if _, err := profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, Holds: w.db.Holds()}); err == nil {
		t.Error("holds without a Transactor are taken")
	}
}

func TestS41_TheNameOfADeletedAccountIsHeldAgainstAll(t *testing.T) {
	for _, hold := range []time.Duration{0, time.Hour, -1} {
		h := newHolder(t, hold)
		ada, eve := h.user(t, "ada"), h.user(t, "eve")
		h.renames(t, ada, "ada.l")
		address, err := profile.EmailHold("old@example.org")
		if err == nil {
			err = h.db.Holds().Hold(t.Context(), ada.ID, []string{address}, now.Add(time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
		eraser, err := profile.NewEraser(profile.EraserConfig{
			Users: h.db.Users().(profile.DeletableStore), Tx: h.db, LimitStore: h.db.Limits(), Holds: h.db.Holds(), Policy: profile.Policy{NameHold: hold}, Now: func() time.Time { return h.now },
		})
		if err != nil {
			t.Fatal(err)
		}
		due := now.Add(-2 * profile.Margin)
		if _, err := h.db.Users().Update(t.Context(), ada.ID, profile.Patch{DeletesAt: &due}); err != nil {
			t.Fatal(err)
		}
		if n, err := eraser.Erase(t.Context()); n != 1 || err != nil {
			t.Fatalf("Erase = %d, %v", n, err)
		}
		if held, err := h.db.Holds().Held(t.Context(), eve.ID, []string{address}, now); len(held) != 0 || err != nil {
			t.Errorf("an address of who is gone is held (%v)", err)
		}
		if hold >= 0 {
			h.refuses(t, eve, "Ada")
			h.refuses(t, eve, "Ada.L")
			if err := profile.CheckHolds(t.Context(), h.db.Holds(), ada.ID, "ada.l", "", now); !errors.Is(err, storage.ErrTaken) {
				t.Errorf("the ID of who is gone gets the name: %v", err)
			}
			if err := profile.CheckHolds(t.Context(), h.db.Holds(), "", "", "ada@example.org", now); err != nil {
				t.Errorf("the address of who is gone: %v", err)
			}
		}
		h.now = now.Add(max(hold, 0))
		if hold == 0 {
			h.now = now.Add(profile.DefaultNameHold)
		}
		h.renames(t, eve, "ada")
		h.renames(t, eve, "ada.l")
	}
}
