package passkey_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/storage"
)

// handleIn is the handle that the options of a registration give to a new passkey.
func handleIn(t *testing.T, ch authfactor.Challenge) []byte {
	t.Helper()
	var o struct {
		User struct{ ID string }
	}
	if err := json.Unmarshal(ch.Options, &o); err != nil {
		t.Fatal(err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

// beginAdd begins to add a passkey.
func (p *person) beginAdd() authfactor.Challenge {
	p.w.t.Helper()
	ch, err := p.w.nodes[0].BeginAddPasskey(p.w.t.Context(), p.id())
	if err != nil {
		p.w.t.Fatal(err)
	}
	return ch
}

// addTo adds a passkey that the authenticator makes.
func (p *person) addTo(device *softkey.Authenticator) authstore.FactorRecord {
	p.w.t.Helper()
	ch := p.beginAdd()
	response, err := device.Create(ch.Options)
	if err != nil {
		p.w.t.Fatal(err)
	}
	out, err := p.w.nodes[1].AddPasskey(p.w.t.Context(), home, p.id(), auth.PasskeyAnswer{State: ch.State, Response: response}, "Phone")
	if err != nil {
		p.w.t.Fatalf("AddPasskey: %v", err)
	}
	p.token = out.Token
	return out.Factor
}

// remove takes a passkey away, of which the authenticator is not told.
func (p *person) remove(r authstore.FactorRecord) {
	p.w.t.Helper()
	if err := p.w.nodes[0].RemoveFactor(p.w.t.Context(), home, p.id(), r.ID, auth.KindPasskey); err != nil {
		p.w.t.Fatal(err)
	}
}

// kept is the handle that the store has of the person, nil for none.
func (p *person) kept() []byte {
	p.w.t.Helper()
	handle, err := p.w.db.Auth().Handles.Handle(p.w.t.Context(), p.id().User.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		p.w.t.Fatal(err)
	}
	return handle
}

// before does what a release did that kept no handles: it gives passkeys the ID of their
// user as handle, and leaves no row.
func (p *person) before(do func()) {
	p.w.t.Helper()
	id, handles := p.id().User.ID, p.w.db.Auth().Handles
	if _, err := handles.KeepHandle(p.w.t.Context(), id, []byte(id), p.w.clock()); err != nil {
		p.w.t.Fatal(err)
	}
	do()
	if err := handles.EraseHandle(p.w.t.Context(), id); err != nil {
		p.w.t.Fatal(err)
	}
}

// signsIn wants the key to open the account in every ceremony.
func (p *person) signsIn(what string, key *softkey.Key) {
	p.w.t.Helper()
	p.ceremonies(what, key, nil, nil)
}

// ceremonies uses the key alone, as the second factor and as a proof, and wants alone of
// the first and others of the rest.
func (p *person) ceremonies(what string, key *softkey.Key, alone, others error) {
	p.w.t.Helper()
	w, ctx := p.w, p.w.t.Context()
	ch := w.begin()
	in, err := w.signIn(ch, key.Get(ch.Options))
	if !errors.Is(err, alone) {
		w.t.Errorf("%s, alone: %v, want %v", what, err, alone)
	}
	if err == nil && in.User.Username != p.name {
		w.t.Errorf("%s opens the account of %s", what, in.User.Username)
	}
	half, err := w.nodes[0].SignIn(ctx, home, auth.Credentials{Login: p.name, Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	who, err := w.nodes[0].AuthenticateHalf(ctx, half.Token)
	if err != nil {
		w.t.Fatal(err)
	}
	if ch, err = w.nodes[0].BeginPasskeyProof(ctx, who); err != nil {
		w.t.Fatal(err)
	}
	answer := func() auth.Answer {
		return auth.Answer{Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: key.Get(ch.Options)}}
	}
	if _, err = w.nodes[1].FinishSignIn(ctx, home, who, answer(), false); !errors.Is(err, others) {
		w.t.Errorf("%s, the second factor: %v, want %v", what, err, others)
	}
	if ch, err = w.nodes[0].BeginPasskeyProof(ctx, p.id()); err != nil {
		w.t.Fatal(err)
	}
	proof, err := w.nodes[1].ReauthenticateWith(ctx, home, p.id(), answer())
	if !errors.Is(err, others) {
		w.t.Errorf("%s, a proof: %v, want %v", what, err, others)
	}
	if err == nil {
		p.token = proof.Token
	}
}

// Two programs with databases of their own, whose first users have the same ID, share
// the ID of the relying party: one authenticator keeps the passkeys of both.
func TestT14e_TwoProgramsUnderOneNameKeepTheirPasskeys(t *testing.T) {
	for name, another := range databases {
		t.Run(name, func(t *testing.T) {
			device := softkey.NewAuthenticator(origin)
			var people []*person
			for range 2 {
				p := open(t, another(t)).register("ada")
				p.addTo(device)
				people = append(people, p)
			}
			if a, b := people[0].id().User.ID, people[1].id().User.ID; a != b {
				t.Fatalf("the users have the IDs %s and %s: the programs are too different to prove anything", a, b)
			}
			if n := len(device.Held()); n != 2 {
				t.Fatalf("the authenticator holds %d passkeys, want one of each program", n)
			}
			for i, p := range people {
				p.signsIn("a passkey", device.Held()[i].Key)
			}
		})
	}
}

// A handle is 64 random bytes, which say nothing of the user, and the same at every
// beginning of one user on any node, also at once.
func TestT14e_OneRandomHandleAUser(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db)
		var all [][]byte
		for _, name := range []string{"ada", "eve"} {
			p := w.register(name)
			id := p.id()
			handles, errs := make([][]byte, 16), make([]error, 16)
			var wg sync.WaitGroup
			for i := range handles {
				wg.Go(func() {
					var ch authfactor.Challenge
					if ch, errs[i] = w.nodes[i%2].BeginAddPasskey(t.Context(), id); errs[i] == nil {
						handles[i] = handleIn(t, ch)
					}
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			handles = append(handles, handleIn(t, p.beginAdd()), p.kept())
			if len(handles[0]) != authstore.MaxHandle {
				t.Errorf("the handle %x has not %d bytes", handles[0], authstore.MaxHandle)
			}
			for _, h := range handles {
				if !bytes.Equal(h, handles[0]) {
					t.Errorf("%s has the handles %x and %x", name, handles[0], h)
				}
			}
			all = append(all, handles[0])
		}
		if bytes.Equal(all[0], all[1]) {
			t.Error("two users have one handle")
		}
	})
}

// Passkeys of before handles were kept go on working. Their user keeps the ID as handle,
// so that a new passkey takes the place of the old one on an authenticator that still
// holds it.
func TestT14e_UsersWithPasskeysOfBeforeKeepTheirHandle(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.register("ada")
		id := p.id().User.ID
		device, laptop := softkey.NewAuthenticator(origin), softkey.NewAuthenticator(origin)
		var old authstore.FactorRecord
		p.before(func() { old = p.addTo(device) })
		if handle := device.Held()[0].Handle; string(handle) != id || p.kept() != nil {
			t.Fatalf("the passkey of before has the handle %q, and %x is kept", handle, p.kept())
		}
		p.signsIn("a passkey of before", device.Held()[0].Key)
		if p.kept() != nil {
			t.Error("a sign-in has kept a handle")
		}

		p.addTo(laptop)
		if got := laptop.Held()[0].Handle; string(got) != id || string(p.kept()) != id {
			t.Errorf("beside a passkey of before another has the handle %q, kept is %q; want the ID %s", got, p.kept(), id)
		}
		p.signsIn("a passkey of before, beside another", device.Held()[0].Key)
		p.signsIn("the one beside it", laptop.Held()[0].Key)

		p.remove(old)
		p.addTo(device)
		if held := device.Held(); len(held) != 1 {
			t.Errorf("the authenticator holds %d passkeys of one account, want the new one alone", len(held))
		}
		p.signsIn("the new one", device.Held()[0].Key)
	})
}

// While nodes of two releases run beside each other, a user who has a random handle may
// get a passkey with the ID: both work.
func TestT14e_BothFormsWorkForOneUser(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.register("ada")
		old, device := softkey.NewAuthenticator(origin), softkey.NewAuthenticator(origin)
		p.before(func() { p.addTo(old) })
		handle := make([]byte, authstore.MaxHandle)
		rand.Read(handle)
		if _, err := db.Auth().Handles.KeepHandle(t.Context(), p.id().User.ID, handle, w.clock()); err != nil {
			t.Fatal(err)
		}
		p.addTo(device)
		if got := device.Held()[0].Handle; !bytes.Equal(got, handle) {
			t.Errorf("the new passkey has the handle %x, want %x", got, handle)
		}
		p.signsIn("the old form", old.Held()[0].Key)
		p.signsIn("the new form", device.Held()[0].Key)
	})
}

// With the last passkey its handle does not go: the authenticator may still hold it, and
// the next one takes its place there. It goes with the user, and nobody else's does.
func TestT14e_TheHandleStaysAsLongAsItsUser(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p, other := w.register("ada"), w.withPasskey("eve")
		device := softkey.NewAuthenticator(origin)
		first := p.addTo(device)
		handle := p.kept()
		p.remove(first)
		if got := p.kept(); len(handle) != authstore.MaxHandle || !bytes.Equal(got, handle) {
			t.Errorf("after the last passkey was removed the handle is %x, want %x", got, handle)
		}
		p.addTo(device)
		if held := device.Held(); len(held) != 1 || !bytes.Equal(held[0].Handle, handle) {
			t.Errorf("the authenticator holds %d passkeys, want the new one with the handle of before", len(held))
		}
		p.signsIn("the new one", device.Held()[0].Key)

		id, stays := p.id().User.ID, other.kept()
		if err := w.nodes[0].EraseUser(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Auth().Handles.Handle(t.Context(), id); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the handle of an erased user: %x, %v", got, err)
		}
		if got := other.kept(); stays == nil || !bytes.Equal(got, stays) {
			t.Errorf("the handle of another user was %x and is %x", stays, got)
		}
	})
}

// An answer that names another handle than its user's is refused, in each ceremony.
func TestT14e_AnotherHandleIsRefused(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		ada, eve, old := w.withPasskey("ada"), w.withPasskey("eve"), w.register("old")
		old.key = softkey.New(origin)
		old.before(func() { old.add(old.key, "Phone") })
		random := make([]byte, authstore.MaxHandle)
		rand.Read(random)
		for _, p := range []*person{ada, old} {
			own := slices.Clone(p.key.Handle)
			near := slices.Clone(own)
			near[0] ^= 1
			for name, handle := range map[string][]byte{
				"the handle of another": eve.key.Handle, "the ID of another": []byte(eve.id().User.ID), "a random one": random,
				"a byte of it wrong": near, "more": append(slices.Clone(own), 0), "another ID": []byte(p.id().User.ID + "0"),
			} {
				p.key.Handle = handle
				p.ceremonies(p.name+", "+name, p.key, auth.ErrInvalidCredentials, auth.ErrInvalidCode)
			}
			// None is enough where the user is known.
			p.key.Handle = nil
			p.ceremonies(p.name+", no handle", p.key, auth.ErrInvalidCredentials, nil)
			p.key.Handle = own
			p.signsIn(p.name+", the right handle", p.key)
		}
	})
}

// failingHandles is a store that is down.
type failingHandles struct{ authstore.HandleStore }

var errHandles = &storage.UnavailableError{Err: errors.New("the disk is gone")}

func (failingHandles) Handle(context.Context, string) ([]byte, error) { return nil, errHandles }

// lateHandles is a store that goes down between the look for a handle and the row.
type lateHandles struct{ authstore.HandleStore }

func (lateHandles) KeepHandle(context.Context, string, []byte, time.Time) ([]byte, error) {
	return nil, errHandles
}

// While handles cannot be read nobody gets in by a passkey, and the answer says that it
// is not the passkey that is wrong: it is no guess.
func TestT14e_AStoreOfHandlesThatIsDown(t *testing.T) {
	db := memstore.New()
	p := open(t, db).withPasskey("ada")
	id := p.id()
	down := open(t, db, func(c *auth.Config) { c.Stores.Handles = failingHandles{c.Stores.Handles} })
	for range 12 { // more than there are tries
		ch := down.begin()
		_, err := down.signIn(ch, p.key.Get(ch.Options))
		down.refused("alone", err, storage.ErrUnavailable)
		if ch, err = down.nodes[0].BeginPasskeyProof(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		_, err = down.nodes[0].ReauthenticateWith(t.Context(), home, id, auth.Answer{
			Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: p.key.Get(ch.Options)},
		})
		down.refused("a proof", err, storage.ErrUnavailable)
	}
	_, err := down.nodes[0].BeginAddPasskey(t.Context(), id)
	down.refused("a beginning", err, storage.ErrUnavailable)
	late := open(t, db, func(c *auth.Config) { c.Stores.Handles = lateHandles{c.Stores.Handles} })
	_, err = late.nodes[0].BeginAddPasskey(t.Context(), late.register("eve").id())
	late.refused("the first beginning", err, storage.ErrUnavailable)
}
