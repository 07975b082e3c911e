package auth_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/storage"
)

// counted counts what is evaluated.
type counted struct {
	authfactor.Factor
	verified atomic.Int64
}

func (c *counted) Verify(ctx context.Context, r authstore.FactorRecord, answer string, now time.Time) (authstore.FactorRecord, bool, error) {
	c.verified.Add(1)
	return c.Factor.Verify(ctx, r, answer, now)
}

// withTOTP is a change of the Config.
func withTOTP(t testing.TB) (func(*auth.Config), *counted) {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	f := &counted{Factor: totp.New(keys, totp.Options{Issuer: "Example"})}
	return func(c *auth.Config) { c.Factors = []authfactor.Factor{f} }, f
}

// app is somebody's authenticator.
type app struct {
	w    *world
	seed []byte
}

// code is the app's at this time and so many steps later.
func (a *app) code(later int) string {
	mac := hmac.New(sha1.New, a.seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(a.w.clock.now().Unix()/30+int64(later))))
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

func (a *app) wrong() string {
	for n := range 10 {
		c := strings.Repeat(string(rune('0'+n)), 6)
		if c != a.code(-1) && c != a.code(0) && c != a.code(1) {
			return c
		}
	}
	panic("no code is wrong")
}

func byTOTP(code string) auth.Answer { return auth.Answer{Method: totp.Kind, Code: code} }

// begin makes a pending factor for the session.
func (w *world) beginTOTP(t testing.TB, token string) *app {
	t.Helper()
	show, err := w.BeginFactor(t.Context(), home, w.alive(t, token), totp.Kind, "Phone")
	if err != nil {
		t.Fatal(err)
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(show.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return &app{w, seed}
}

// enrol gives the user of the session a TOTP and returns the session's new token.
// The time moves on, so that the next code is new.
func (w *world) enrol(t testing.TB, token string) (a *app, codes []string, next string) {
	t.Helper()
	a = w.beginTOTP(t, token)
	done, err := w.ConfirmFactor(t.Context(), home, w.alive(t, token), byTOTP(a.code(0)))
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(time.Minute)
	return a, done.RecoveryCodes, done.Token
}

// half begins a sign-in of ada up to the second factor.
func (w *world) half(t testing.TB) auth.HalfIdentity {
	t.Helper()
	in := w.mustSignIn(t, "ada", password)
	if in.Status != auth.SecondFactorRequired {
		t.Fatalf("status %q", in.Status)
	}
	h, err := w.AuthenticateHalf(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestS21_HalfSessions(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change)
	first := w.register(t, "ada")
	a, codes, token := w.enrol(t, first.Token)
	w.dead(t, first.Token) // rotated
	w.alive(t, token)
	if len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}

	in := w.mustSignIn(t, "ada", password)
	if in.Status != auth.SecondFactorRequired || !slices.Equal(in.Methods, []string{"totp", "recovery_code"}) {
		t.Fatalf("status %q, methods %v", in.Status, in.Methods)
	}
	w.dead(t, in.Token)
	if _, err := w.AuthenticateRead(t.Context(), in.Token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a half token reads: %v", err)
	}
	if _, err := w.AuthenticateHalf(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a full token is taken for a half one: %v", err)
	}
	h, err := w.AuthenticateHalf(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Sessions(t.Context(), auth.Identity{User: h.User, Session: h.Session}); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a half identity lists sessions: %v", err)
	}
	list, err := w.Sessions(t.Context(), w.alive(t, token))
	if err != nil || len(list) != 1 {
		t.Errorf("%d sessions are listed, %v; want the one", len(list), err)
	}

	done, err := w.FinishSignIn(t.Context(), home, h, byTOTP(a.code(0)), false)
	if err != nil {
		t.Fatal(err)
	}
	if done.Status != auth.Complete || done.Token == in.Token || done.Device != "" {
		t.Errorf("%+v", done)
	}
	id := w.alive(t, done.Token)
	if !w.Fresh(id) || id.Session.Level != authstore.LevelFull {
		t.Errorf("%+v is not fresh", id.Session)
	}
	if _, err := w.AuthenticateHalf(t.Context(), in.Token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("the half token after its use: %v", err)
	}
	w.clock.add(time.Minute)
	if _, err := w.FinishSignIn(t.Context(), home, h, byTOTP(a.code(0)), false); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a half session used twice: %v", err)
	}

	late := w.mustSignIn(t, "ada", password)
	w.clock.add(10 * time.Minute)
	if _, err := w.AuthenticateHalf(t.Context(), late.Token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a half session of 10 minutes: %v", err)
	}
}

// A code works once: again, with other words around it, at another endpoint.
func TestS14P33P34P40_CodesWorkOnce(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	a, _, token := w.enrol(t, w.register(t, "ada").Token)
	code := a.code(0)
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(code), false); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{code, " " + code, code[:3] + " " + code[3:], a.code(-1)} {
		if _, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(again), false); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("sign-in with %q again: %v", again, err)
		}
		if _, err := w.ReauthenticateWith(t.Context(), home, w.alive(t, token), byTOTP(again)); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("proof with %q again: %v", again, err)
		}
	}
	if _, err := w.ReauthenticateWith(t.Context(), home, w.alive(t, token), byTOTP(a.code(1))); err != nil {
		t.Errorf("the next code: %v", err)
	}
}

// S16: guesses count for the account, however often the sign-in is begun anew,
// and the right password does not clear them.
func TestS16P12P44_GuessesCountForTheAccount(t *testing.T) {
	change, f := withTOTP(t)
	w := open(t, change)
	a, codes, token := w.enrol(t, w.register(t, "ada").Token)
	f.verified.Store(0)
	tries := 0
	for {
		h := w.half(t)
		_, err := w.FinishSignIn(t.Context(), home, h, byTOTP(a.wrong()), false)
		if errors.Is(err, limit.ErrExceeded) {
			list, err := everySession(t.Context(), w.db.Auth().Sessions, h.User.ID)
			if err != nil || slices.ContainsFunc(list, func(s authstore.Session) bool { return s.ID == h.Session.ID }) {
				t.Errorf("the half session outlives the limit, %v", err)
			}
			break
		}
		if !errors.Is(err, auth.ErrInvalidCode) {
			t.Fatal(err)
		}
		if tries++; tries > 20 {
			t.Fatal("no limit")
		}
	}
	if tries != 10 || f.verified.Load() != 10 {
		t.Errorf("%d tries, %d evaluated; want 10", tries, f.verified.Load())
	}
	// Neither the right code nor a recovery code, nor by another way in.
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), false); !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("the right code: %v", err)
	}
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), auth.Answer{Method: "recovery_code", Code: codes[0]}, false); !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("a recovery code: %v", err)
	}
	if _, err := w.ReauthenticateWith(t.Context(), home, w.alive(t, token), byTOTP(a.code(0))); !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("a proof: %v", err)
	}
	w.clock.add(15 * time.Minute)
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), false); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

// S18: what is pending opens nothing, ends, and belongs to the session.
func TestS18_PendingFactors(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	token := w.register(t, "ada").Token
	elsewhere := w.mustSignIn(t, "ada", password).Token
	first := w.beginTOTP(t, token)
	if in := w.mustSignIn(t, "ada", password); in.Status != auth.Complete {
		t.Errorf("a pending factor is asked for: %q", in.Status)
	}
	if _, err := w.ConfirmFactor(t.Context(), home, w.alive(t, elsewhere), byTOTP(first.code(0))); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("confirmed in another session: %v", err)
	}
	second := w.beginTOTP(t, token)
	if _, err := w.ConfirmFactor(t.Context(), home, w.alive(t, token), byTOTP(first.code(0))); !errors.Is(err, auth.ErrInvalidCode) {
		t.Errorf("the replaced one: %v", err)
	}
	w.clock.add(10 * time.Minute)
	if _, err := w.ConfirmFactor(t.Context(), home, w.alive(t, token), byTOTP(second.code(0))); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("after 10 minutes: %v", err)
	}
	third := w.beginTOTP(t, token)
	if _, err := w.ConfirmFactor(t.Context(), home, w.alive(t, token), byTOTP(third.wrong())); !errors.Is(err, auth.ErrInvalidCode) {
		t.Errorf("a wrong code: %v", err)
	}
	done, err := w.ConfirmFactor(t.Context(), home, w.alive(t, token), byTOTP(third.code(0)))
	if err != nil {
		t.Fatal(err)
	}
	w.dead(t, elsewhere) // S22, S32
	if _, err := w.ConfirmFactor(t.Context(), home, w.alive(t, done.Token), byTOTP(third.code(1))); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("confirmed twice: %v", err)
	}
	list, err := w.Factors(t.Context(), w.alive(t, done.Token))
	if err != nil || len(list) != 1 || list[0].Name != "Phone" || list[0].Data != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := w.BeginFactor(t.Context(), home, w.alive(t, done.Token), "sms", ""); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("a kind that is not offered: %v", err)
	}
	if _, err := w.BeginFactor(t.Context(), home, w.alive(t, done.Token), totp.Kind, "two\nlines"); field(err, "name") == "" {
		t.Errorf("a name of two lines: %v", err)
	}
}

func TestS19_RecoveryCodes(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	token := w.register(t, "ada").Token
	if _, err := w.RenewRecoveryCodes(t.Context(), home, w.alive(t, token)); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("codes without a factor: %v", err)
	}
	_, codes, token := w.enrol(t, token)
	by := func(code string) auth.Answer { return auth.Answer{Method: "recovery_code", Code: code} }
	seen := map[string]bool{}
	for _, c := range codes {
		if seen[c] || len(strings.ReplaceAll(c, "-", "")) != 24 {
			t.Errorf("code %q", c)
		}
		seen[c] = true
	}
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), by(strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))), false); err != nil {
		t.Errorf("as a person types it: %v", err)
	}
	for _, bad := range []string{codes[0], codes[1][:23], codes[1] + "0", "", strings.Repeat("-", 24), codes[1][:len(codes[1])-1] + "u"} {
		if _, err := w.FinishSignIn(t.Context(), home, w.half(t), by(bad), false); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if n, err := w.RecoveryCodesLeft(t.Context(), w.alive(t, token)); n != 9 || err != nil {
		t.Errorf("%d left, %v", n, err)
	}
	// Another user's codes open nothing.
	w.register(t, "bob")
	bob := w.mustSignIn(t, "bob", password)
	w.enrol(t, bob.Token)
	h, err := w.AuthenticateHalf(t.Context(), w.mustSignIn(t, "bob", password).Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.FinishSignIn(t.Context(), home, h, by(codes[1]), false); !errors.Is(err, auth.ErrInvalidCode) {
		t.Errorf("a code of somebody else: %v", err)
	}
	fresh, err := w.RenewRecoveryCodes(t.Context(), home, w.alive(t, token))
	if err != nil || len(fresh) != 10 {
		t.Fatalf("%d, %v", len(fresh), err)
	}
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), by(codes[1]), false); !errors.Is(err, auth.ErrInvalidCode) {
		t.Errorf("a code of the old set: %v", err)
	}
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), by(fresh[1]), false); err != nil {
		t.Errorf("a code of the new set: %v", err)
	}
}

// S34, S05: with a second factor only that makes a session fresh.
func TestS34_ProofIsTheSecondFactor(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change)
	a, _, token := w.enrol(t, w.register(t, "ada").Token)
	w.clock.add(11 * time.Minute)
	id := w.alive(t, token)
	if w.Fresh(id) {
		t.Fatal("fresh after 11 minutes")
	}
	if _, err := w.Reauthenticate(t.Context(), home, id, password); field(err, "method") == "" {
		t.Errorf("by the password: %v", err)
	}
	proof, err := w.ChangePassword(t.Context(), home, id, password, newer)
	if err != nil {
		t.Fatal(err)
	}
	if id = w.alive(t, proof.Token); w.Fresh(id) {
		t.Error("a new password makes the session fresh")
	}
	if proof, err = w.ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0))); err != nil {
		t.Fatal(err)
	}
	w.dead(t, token)
	if !w.Fresh(w.alive(t, proof.Token)) {
		t.Error("not fresh after the second factor")
	}
	// S20: the new password does not skip it.
	if in := w.mustSignIn(t, "ada", newer); in.Status != auth.SecondFactorRequired {
		t.Errorf("sign-in with the new password: %q", in.Status)
	}
}

func TestS20_TrustedDevices(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	a, _, token := w.enrol(t, w.register(t, "ada").Token)
	in, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), true)
	if err != nil || in.Device == "" || in.Device == in.Token {
		t.Fatalf("%q, %v", in.Device, err)
	}
	w.dead(t, in.Device)
	with := func(login, device string) auth.SignInStatus {
		t.Helper()
		in, err := w.SignIn(t.Context(), home, auth.Credentials{Login: login, Password: password, Device: device})
		if err != nil {
			t.Fatal(err)
		}
		return in.Status
	}
	if got := with("ada", in.Device); got != auth.Complete {
		t.Errorf("on the trusted device: %q", got)
	}
	for _, bad := range []string{in.Token, token, "nonsense", in.Device + "x"} {
		if got := with("ada", bad); got != auth.SecondFactorRequired {
			t.Errorf("with %q: %q", bad, got)
		}
	}
	w.enrol(t, w.register(t, "bob").Token)
	if got := with("bob", in.Device); got != auth.SecondFactorRequired {
		t.Errorf("somebody else's device: %q", got)
	}
	devices, err := w.Devices(t.Context(), w.alive(t, token))
	if err != nil || len(devices) != 1 || devices[0].TokenHash != [32]byte{} {
		t.Fatalf("%+v, %v", devices, err)
	}
	if err := w.RemoveDevice(t.Context(), w.alive(t, token), w.alive(t, token).Session.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a session is taken for a device: %v", err)
	}
	if err := w.RemoveDevice(t.Context(), w.alive(t, token), devices[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := with("ada", in.Device); got != auth.SecondFactorRequired {
		t.Errorf("on a device that was removed: %q", got)
	}

	w.clock.add(time.Minute)
	in, err = w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(30 * 24 * time.Hour)
	if got := with("ada", in.Device); got != auth.SecondFactorRequired {
		t.Errorf("after 30 days: %q", got)
	}
}

// S32: a new password ends trusted devices too.
func TestS32P26_DevicesEndWithThePassword(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	a, _, token := w.enrol(t, w.register(t, "ada").Token)
	in, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangePassword(t.Context(), home, w.alive(t, token), password, newer); err != nil {
		t.Fatal(err)
	}
	got, err := w.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: newer, Device: in.Device})
	if err != nil || got.Status != auth.SecondFactorRequired {
		t.Errorf("%q, %v", got.Status, err)
	}
}

func TestS22_RemovingFactors(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change, limitsOff)
	a, codes, token := w.enrol(t, w.register(t, "ada").Token)
	elsewhere, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Factors(t.Context(), w.alive(t, token))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	bob := w.register(t, "bob")
	if err := w.RemoveFactor(t.Context(), home, w.alive(t, bob.Token), list[0].ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("somebody else's factor: %v", err)
	}
	if err := w.RenameFactor(t.Context(), w.alive(t, bob.Token), list[0].ID, "mine"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("somebody else's name: %v", err)
	}
	if err := w.RenameFactor(t.Context(), w.alive(t, token), list[0].ID, "Old phone"); err != nil {
		t.Error(err)
	}
	// P35: the last way in is not removed.
	hash := w.hash(t, list[0].UserID)
	w.setHash(t, list[0].UserID, "")
	if err := w.RemoveFactor(t.Context(), home, w.alive(t, token), list[0].ID); !errors.Is(err, auth.ErrLastFactor) {
		t.Errorf("the last way in: %v", err)
	}
	w.setHash(t, list[0].UserID, hash)
	if err := w.RemoveFactor(t.Context(), home, w.alive(t, token), list[0].ID); err != nil {
		t.Fatal(err)
	}
	w.dead(t, elsewhere.Token)
	w.alive(t, token)
	if in := w.mustSignIn(t, "ada", password); in.Status != auth.Complete {
		t.Errorf("after the removal: %q", in.Status)
	}
	a2, fresh, token := w.enrol(t, token)
	if _, err := w.FinishSignIn(t.Context(), home, w.half(t), auth.Answer{Method: "recovery_code", Code: codes[0]}, false); !errors.Is(err, auth.ErrInvalidCode) {
		t.Errorf("a code from before the removal: %v", err)
	}
	if len(fresh) != 10 {
		t.Errorf("%d codes at the new enrolment", len(fresh))
	}
	var kinds []string
	for _, e := range w.events(t, w.alive(t, token).User.ID) {
		kinds = append(kinds, string(e.Kind))
	}
	for _, want := range []string{"auth.factor_added", "auth.factor_removed", "auth.second_factor_failed", "auth.device_trusted"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("no %s among %v", want, kinds)
		}
	}
	for _, secret := range append(codes, a2.code(0), a.code(0)) {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestS13_FactorsAreNamedOnce(t *testing.T) {
	_, f := withTOTP(t)
	for name, factors := range map[string][]authfactor.Factor{"nil": {nil}, "twice": {f, f}} {
		w := open(t)
		_, err := auth.New(auth.Config{
			Users: w.db.Users(), Stores: w.db.Auth(), LimitStore: w.db.Limits(), Activity: w.db.Activity(), Tx: w.db, Policy: auth.Policy{Factors: factors},
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
