package sqlstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/personal/personaltest"
)

// TestContributors runs the suite over everybody of ours who keeps something of
// users, over the databases and their model.
func TestContributors(t *testing.T) {
	run := func(t *testing.T, db httpadapter.Database) {
		w := contributors{db}
		for name, open := range map[string]func(*testing.T) personaltest.Harness{
			"activity": w.activity, "settings": w.settings, "pictures": w.pictures,
			"auth":       func(t *testing.T) personaltest.Harness { return w.auth(t, db.Auth()) },
			"auth apart": func(t *testing.T) personaltest.Harness { return w.auth(t, db.AuthApart()) },
		} {
			t.Run(name, func(t *testing.T) { personaltest.Run(t, open) })
		}
	}
	t.Run("memory", func(t *testing.T) { run(t, memstore.New()) })
	onBoth(t, func(t *testing.T, p place) { run(t, p.open(t)) })
}

// contributors makes what is judged, with two new users each time.
type contributors struct{ db httpadapter.Database }

func (w contributors) user(t *testing.T) string {
	t.Helper()
	name := conform.Name("u")
	u, err := w.db.Users().Create(t.Context(), profile.User{Username: name, Email: name + "@example.org"})
	conform.Must(t, "Create", err)
	return u.ID
}

// harness makes two users; keep keeps something of one and returns marks of that.
func (w contributors) harness(t *testing.T, keep func(userID string) []string) (h personaltest.Harness) {
	t.Helper()
	for _, p := range []*personaltest.Person{&h.User, &h.Other} {
		p.ID = w.user(t)
		p.Marks = keep(p.ID)
	}
	return h
}

func (w contributors) activity(t *testing.T) personaltest.Harness {
	ring, err := keyring.New(dumpKey)
	conform.Must(t, "keyring", err)
	log, err := activity.New(activity.Config{Store: w.db.Activity(), Keys: ring})
	conform.Must(t, "activity", err)
	h := w.harness(t, func(userID string) []string {
		mark := conform.Name("order-")
		for range activity.MaxLimit + 1 { // more than a page
			e := activity.NewEvent(t.Context(), "shop.ordered", userID, time.Now(), map[string]string{"order": mark})
			conform.Must(t, "Append", w.db.Activity().Append(t.Context(), e))
		}
		return []string{mark}
	})
	h.Contributor = log
	h.Kept = func(t *testing.T, userID string) bool {
		page, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: userID, Limit: 1})
		conform.Must(t, "Page", err)
		return len(page) > 0
	}
	return h
}

func (w contributors) settings(t *testing.T) personaltest.Harness {
	service, err := settings.New(settings.Config{Store: w.db.Settings(), Sections: []settings.Declaration{settings.TimeZoneSection.Declare()}})
	conform.Must(t, "settings", err)
	zones := []string{"Europe/Prague", "Asia/Tokyo"}
	h := w.harness(t, func(userID string) []string {
		zone := zones[0]
		zones = zones[1:]
		_, err := service.Patch(t.Context(), userID, []byte(`{"timeZone":"`+zone+`"}`), 0)
		conform.Must(t, "Patch", err)
		return []string{zone}
	})
	h.Contributor = service
	h.Kept = func(t *testing.T, userID string) bool {
		r, err := w.db.Settings().Get(t.Context(), userID)
		conform.Must(t, "Get", err)
		return r.Version != 0
	}
	return h
}

func (w contributors) pictures(t *testing.T) personaltest.Harness {
	blobs := memblob.New(memblob.Options{})
	service, err := picture.New(picture.Config{Users: w.db.Users(), Ledger: w.db.Ledger(), Blobs: blobs, Tx: w.db, LimitStore: w.db.Limits()})
	conform.Must(t, "pictures", err)
	shade := byte(0)
	h := w.harness(t, func(userID string) []string {
		shade += 100
		card := imagetest.Card(64, 64)
		for i := range 64 * 64 {
			card.Pix[4*i] = shade
		}
		u, err := service.Put(t.Context(), userID, bytes.NewReader(imagetest.PNG(card)), picture.PutOptions{})
		conform.Must(t, "Put", err)
		r, _, err := blobs.Open(t.Context(), picture.Key(u.Picture, slices.Max(u.Picture.Sizes)))
		conform.Must(t, "Open", err)
		defer r.Close()
		data, err := io.ReadAll(r)
		conform.Must(t, "ReadAll", err)
		return []string{string(data)}
	})
	h.Contributor = service
	h.Finish = func(t *testing.T) {
		_, err := service.PurgeBlobs(t.Context(), picture.DefaultPendingAge)
		conform.Must(t, "PurgeBlobs", err)
	}
	h.Kept = func(t *testing.T, userID string) bool {
		keys, err := w.db.Ledger().Keys(t.Context(), userID)
		conform.Must(t, "Keys", err)
		return len(keys) > 0 || w.counted(t, "upload:user:"+userID)
	}
	return h
}

// counted reports whether something is counted under a key that nothing but the
// contributor forgets.
func (w contributors) counted(t *testing.T, key string) (was bool) {
	t.Helper()
	err := w.db.InTx(t.Context(), func(ctx context.Context) error {
		ok, _, err := w.db.Limits().Take(ctx, key, limit.Rule{Limit: 1, Window: 24 * time.Hour}, time.Now())
		conform.Must(t, "Take", err)
		was = !ok
		return errOnPurpose
	})
	if !errors.Is(err, errOnPurpose) {
		t.Fatal(err)
	}
	return was
}

func (w contributors) auth(t *testing.T, stores authstore.Stores) personaltest.Harness {
	const hash, purpose = "$argon2id$v=19$secret", authstore.Purpose("conform.contributors")
	secret := []byte("the seed of an app")
	rule := limit.Rule{Limit: 5, Window: 24 * time.Hour}
	h := w.harness(t, func(userID string) []string {
		ctx, now := t.Context(), time.Now()
		device, app, token := conform.Name("browser-"), conform.Name("app-"), sha256.Sum256([]byte(conform.Name("token-")))
		for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelDevice} {
			conform.Must(t, "CreateSession", stores.Sessions.CreateSession(ctx, authstore.Session{
				ID: conform.Name("s"), UserID: userID, TokenHash: sha256.Sum256([]byte(conform.Name("t"))), Level: level,
				Source:    activity.Source{IP: "203.0.113.0/24", Device: device + string(level)},
				CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
			}))
		}
		conform.Must(t, "AddFactor", stores.Factors.AddFactor(ctx, authstore.FactorRecord{
			ID: conform.Name("f"), UserID: userID, Kind: "totp", Name: app, Data: secret, CreatedAt: now,
		}))
		conform.Must(t, "AddTickets", stores.Tickets.AddTickets(ctx, userID, "", []authstore.Ticket{
			{Hash: token, Purpose: purpose, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		}))
		conform.Must(t, "SetPassword", stores.Passwords.SetPassword(ctx, userID, "", hash))
		for _, key := range accountCounters(userID) {
			_, _, err := w.db.Limits().Take(ctx, key, rule, now)
			conform.Must(t, "Take", err)
		}
		return []string{device + string(authstore.LevelFull), device + string(authstore.LevelDevice), app}
	})
	h.Contributor = auth.Personal{Stores: stores, LimitStore: w.db.Limits()}
	h.Secrets = []string{hash, string(secret), "argon2id"}
	h.Kept = func(t *testing.T, userID string) bool {
		ctx := t.Context()
		sessions, err := everySession(ctx, stores.Sessions, userID)
		conform.Must(t, "Sessions", err)
		factors, err := stores.Factors.Factors(ctx, userID)
		conform.Must(t, "Factors", err)
		tickets, err := stores.Tickets.Tickets(ctx, userID, purpose, time.Time{})
		conform.Must(t, "Tickets", err)
		password, err := stores.Passwords.PasswordHash(ctx, userID)
		conform.Must(t, "PasswordHash", err)
		kept := len(sessions) + len(factors) + len(tickets) + len(password)
		for _, key := range accountCounters(userID) {
			if w.counted(t, key) {
				kept++
			}
		}
		return kept > 0
	}
	return h
}

// accountCounters are the keys under which package auth counts tries of one account.
func accountCounters(userID string) []string {
	keys := []string{"password:user:" + userID, "factor:user:" + userID}
	for _, budget := range []string{"reset", "verify", "signup", "address", "change", "code", "sms"} {
		keys = append(keys, "mail:"+budget+":user:"+userID)
	}
	return keys
}
